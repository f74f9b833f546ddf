"""Flink's own parser takes names and texts for what they are, whatever stands in them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.local.flink_home import FlinkHome, flink_distribution
from jobs.local.places import ROOT
from tests.jobs.metered_tables import write_settings

pytestmark = pytest.mark.integration
TEXTS = [
    "it's",
    "a`b",
    "x'); DROP TABLE t; --",
    "x` WITH ('a' = 'b'); --",
    "/* */ x */ -- /*+ OPTIONS('a'='b') */",
    "\\' \\` \\n",
    "é 中 {{job_version}} ${x} %s",
]


def test_names_are_names(tmp_path: Path) -> None:
    """As a catalog, as a table, as the value of an option: each is itself and nothing more."""
    home = FlinkHome(tmp_path / "flink", flink_distribution())
    home.prepare({})
    settings = write_settings(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.quoted_names", str(settings)],
        input=json.dumps(TEXTS),
        env={**os.environ, **home.environment()},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        {
            "catalogs": [text],
            "tables": [text],
            "options": {"connector": "datagen", f"fields.{text}.x": text},
        }
        for text in TEXTS
    ]
