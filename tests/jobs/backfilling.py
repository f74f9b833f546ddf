"""Calls the programs that repair usage, in tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from iceberg.decided_tables import BROUGHT_BACK_USAGE, USAGE_ADJUSTMENTS
from iceberg.reading import read_once
from jobs import backfill_usage
from tests.jobs.pricing_world import World

Output = pytest.CaptureFixture[str]
JANUARY_ONLY = (
    "--period-from",
    "2013-01-01T00:00:00Z",
    "--period-until",
    "2013-02-01T00:00:00Z",
)
BOTH = ("--account", "A", "--account", "B")
WHY = ("--by", "Ada L", "--reason", "the outage")


def run(world: World, *words: str) -> int:
    """Return the exit code of the program."""
    return backfill_usage.main(["--settings", str(world.settings), *words], {})


def propose(world: World, capsys: Output, *words: str, code: int = 0) -> dict[str, Any]:
    """Propose into the file `proposal.json`, and return what was printed."""
    path = world.folder / "proposal.json"
    scope = (*(BOTH if "--account" not in words else ()), *JANUARY_ONLY)
    assert run(world, *scope, *words, "--propose", str(path), "--json") == code
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert json.loads(path.read_text()) == printed
    return printed


def apply(world: World, capsys: Output, *words: str) -> dict[str, Any]:
    """Apply that file, and return what was printed."""
    path = world.folder / "proposal.json"
    assert run(world, "--apply", str(path), *WHY, *words, "--json") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def refused(world: World, capsys: Output, *words: str) -> str:
    """Return the one line with which the program refuses."""
    assert run(world, *words) == 2
    output = capsys.readouterr()
    assert (output.out, output.err.count("\n")) == ("", 1)
    return output.err.strip()


def adjusted(world: World) -> list[dict[str, Any]]:
    """Return the rows that count, without the time of the decision; each names its adjustment."""
    catalog = world.catalog
    approved = {
        row["row_id"]: row
        for row in read_once(
            catalog.load_table(("billing", USAGE_ADJUSTMENTS.name)), USAGE_ADJUSTMENTS
        ).to_pylist()
    }
    table = catalog.load_table(("billing", BROUGHT_BACK_USAGE.name))
    counted = read_once(table, BROUGHT_BACK_USAGE).to_pylist()
    assert {row["source_row_id"] for row in counted} == approved.keys()
    assert {row["source_table"] for row in counted} <= {"usage_adjustments"}
    return [{**row, "decided_at": None} for row in counted]


def events_of(proposal: dict[str, Any], meter_id: str) -> list[tuple[str, int]]:
    """Return the ids of the events that a proposal names for a meter, with their direction."""
    return sorted(
        (name[1], -1 if row["is_taken_out"] else 1)
        for row in proposal["adjustments"]
        if row["meter_id"] == meter_id
        for name in row["events"]
    )


def file_of(world: World) -> Path:
    """Return the path of the proposal."""
    return world.folder / "proposal.json"
