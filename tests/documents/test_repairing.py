"""docs/repairing.md: its commands, in their order, repair a billing outage."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest

from tests.documents.reading import commands
from tests.jobs.january import JANUARY
from tests.jobs.lossy_world import archive_of_outage, meter
from tests.jobs.pricing_rows import day
from tests.jobs.pricing_world import make_priced_world

DOCUMENT = "docs/repairing.md"


def test_the_runbook_repairs_an_outage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command as it stands there, on tables that lost usage; in the end all is charged."""
    world = make_priced_world(tmp_path)
    meter(world, *archive_of_outage())
    monkeypatch.chdir(tmp_path)
    told = []
    for words in commands(DOCUMENT):
        assert words[:2] == ["python", "-m"]
        if "FREEZE_ID" in words:
            # Of B, which has credit, February waits too.
            february = ("A", "02-01", "recurring_fee", "desk", "desks")
            assert world.sums() == {february: JANUARY[february]}
            words[words.index("FREEZE_ID")] = _freeze_id(world.settings, capsys)
        arguments = [str(world.settings) if "/" in each else each for each in words[3:]]
        capsys.readouterr()
        clock = [lambda: day(2, 3)] if words[2] == "jobs.reconcile_usage" else []
        assert import_module(words[2]).main(arguments, {}, *clock) == 0, words
        told.append(capsys.readouterr().out)
    assert world.sums() == JANUARY
    assert len(told) == len(commands(DOCUMENT)) == 11
    assert "frozen: 3 billing periods of 2 accounts wait: A (1), B (2)" in told[2]
    assert "6 adjustments" in told[3]
    assert told[5].startswith("Nothing to adjust")
    assert told[10].startswith("The ledger holds")
    world.entries()


def _freeze_id(settings: Path, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    listed = import_module("jobs.freeze_billing").main(
        ["--settings", str(settings), "list", "--json"], {}
    )
    assert listed == 0
    (freeze,) = json.loads(capsys.readouterr().out)["decisions"]
    return str(freeze["freeze_id"])
