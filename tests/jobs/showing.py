"""What `show_usage` prints of the small world, for its tests."""

import json
from pathlib import Path
from typing import Any

import pytest

from jobs.show_usage import main
from tests.jobs.metered_tables import KINDS

Output = pytest.CaptureFixture[str]


def read_report(settings: Path, capsys: Output, *arguments: str, code: int = 0) -> dict[str, Any]:
    """Return the report as JSON."""
    assert main(["--settings", str(settings), "--json", *arguments], {}) == code
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def read_text(settings: Path, capsys: Output, *arguments: str, code: int = 0) -> str:
    """Return the report as text, which is at most 100 columns wide."""
    assert main(["--settings", str(settings), *arguments], {}) == code
    text = capsys.readouterr().out
    assert max(len(line) for line in text.splitlines() if "://" not in line) <= 100
    return text


def write_manifest(folder: Path, **changes: int) -> str:
    """Write a publisher's manifest; return its path."""
    path = folder / "manifest.json"
    path.write_text(json.dumps({"topic": "usage-events", "kinds": KINDS | changes}))
    return str(path)
