"""Past periods are worked out again from any kept snapshot, always to the same bytes."""

from __future__ import annotations

import json
from decimal import Decimal
from hashlib import sha256

import pytest

from iceberg.tables import CLOSED_USAGE, RAW_EVENTS
from jobs.recompute_usage import main
from tests.jobs.pricing_rows import day
from tests.jobs.pricing_world import World
from tests.jobs.proofs.proved_world import IN_TIME, RECORDS, flight, heartbeat, raw_rows
from tests.jobs.proofs.tampering import compact, rewrite

Output = pytest.CaptureFixture[str]
JANUARY = ("--period", "2013-01-01T00:00:00Z", "--account", "A")


def run(world: World, *arguments: str) -> int:
    """Recompute A's January."""
    return main(["--settings", str(world.settings), *JANUARY, *arguments], {})


def printed(world: World, capsys: Output, *arguments: str) -> str:
    """Return what is printed of A's January."""
    assert run(world, *arguments) == 0
    return capsys.readouterr().out


def test_rows_are_canonical_and_those_of_the_tables(proved: World, capsys: Output) -> None:
    """A line for each row, sorted; their hash is that of the bytes; tables print the same."""
    assert run(proved) == 0
    output = capsys.readouterr()
    lines = output.out.splitlines()
    assert lines == sorted(lines)
    rows = [json.loads(line) for line in lines]
    assert sorted((row["meter_id"], row["revision"], row["quantity"]) for row in rows) == [
        ("flights", 0, "4"),
        ("flights", 1, "5"),
        ("longest", 0, "700"),
        ("longest", 1, "900"),
    ]
    found = sha256(output.out.encode()).hexdigest()
    assert output.err == f"4 rows, SHA-256 {found}\n"
    assert printed(proved, capsys, "--from-tables") == output.out
    assert printed(proved, capsys, "--hash") == f"{found}\n"
    shown = json.loads(printed(proved, capsys, "--json", "--meter", "flights"))
    assert shown["rows"] == [row for row in rows if row["meter_id"] == "flights"]


def test_the_past_stays_as_it_was(proved: World, capsys: Output) -> None:
    """By a snapshot or a checkpoint, after more was received, and after a compaction."""
    before = printed(proved, capsys)
    archive = proved.catalog.load_table(("billing", "raw_events"))
    snapshots = [each.snapshot_id for each in archive.snapshots()]
    offset = len(RECORDS) + 1
    late = raw_rows([flight("a7", IN_TIME[0].flown, received=day(2, 28, 1))], offset)
    proved.commit(3, raw_events=[*late, heartbeat(day(3, 1), offset + 1)])
    proved.commit(4)
    assert '"revision":2' in printed(proved, capsys)
    compact(proved, RAW_EVENTS)
    now = printed(proved, capsys)
    assert '"revision":2' in now
    for as_of in ("2", str(snapshots[-1])):
        assert printed(proved, capsys, "--as-of", as_of) == before
        assert printed(proved, capsys, "--as-of", as_of, "--from-tables") == before
    assert printed(proved, capsys, "--as-of", "1") == ""
    assert printed(proved, capsys, "--as-of", "4") == now


def test_a_row_that_was_changed_shows(proved: World, capsys: Output) -> None:
    """The recompute stays; what the tables hold is something else."""
    before = printed(proved, capsys)
    rewrite(proved, CLOSED_USAGE, lambda row: {**row, "quantity": row["quantity"] + Decimal(1)})
    assert printed(proved, capsys) == before
    assert printed(proved, capsys, "--from-tables") != before


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("--as-of", "yesterday"), "found 'yesterday'"),
        (("--as-of", "4711"), "expected one that the table keeps, found 4711"),
        (("--period", "2013-01-01"), "found '2013-01-01'"),
        (("--period", "soon"), "found 'soon'"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: tuple[str, ...], found: str, proved: World, capsys: Output
) -> None:
    """With exit code 2."""
    assert run(proved, *arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.endswith(f"{found}\n")
    assert output.err.count("\n") == 1
