"""Rows of usage are sealed once, and only what the archive confirms."""

from __future__ import annotations

import json
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest

from iceberg.catalog import open_catalog
from iceberg.seal_store import SealStore
from iceberg.seal_tables import SEALS
from iceberg.table import Table
from iceberg.tables import CLOSED_USAGE, RAW_EVENTS, USAGE_CORRECTIONS
from jobs.seal_usage import main
from schemas.seal import Seal
from tests.iceberg.filling import LocalCatalog, append
from tests.jobs.pricing_rows import day
from tests.jobs.pricing_world import World
from tests.jobs.proofs.proved_world import (
    IN_TIME,
    RECORDS,
    closed_rows,
    flight,
    heartbeat,
    raw_rows,
)
from tests.jobs.proofs.tampering import rewrite

Output = pytest.CaptureFixture[str]


def run(world: World, *arguments: str) -> int:
    """Seal at instant 7."""
    return main(["--settings", str(world.settings), *arguments], {}, lambda: 7)


def seals_of(world: World) -> dict[str, Seal]:
    """Return the seals by row."""
    return SealStore(world.catalog, "billing").seals()


def test_each_row_gets_one_seal(proved: World, capsys: Output) -> None:
    """Closed rows and corrections, each with all events up to it; a second run finds them all."""
    assert run(proved) == 0
    assert capsys.readouterr().out == "seals: 6 rows sealed, 0 had a seal\n"
    seals = seals_of(proved)
    assert {row_id: each.event_count for row_id, each in seals.items()} == {
        "A1": 4,
        "A1-1": 5,
        "A1-longest": 4,
        "A1-longest-1": 5,
        "B1": 1,
        "B1-longest": 1,
    }
    assert len({each.root for each in seals.values()}) == 6
    assert seals["A1"].sealed_at_us == 7
    read = json.loads(seals["A1"].snapshot_ids)
    assert {"closed_usage", "raw_events", "usage_corrections"} <= read.keys()
    assert run(proved, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"sealed": 0, "standing": 6, "unproved": []}
    assert seals_of(proved) == seals
    assert run(proved, "--verify") == 0
    assert capsys.readouterr().out == "seals: all 6 are those of their rows and events\n"


def test_seals_are_the_same_again(proved: World, kept_proved: Any) -> None:
    """A root says nothing but what the row and its events are."""
    assert run(proved) == 0
    roots = {row_id: each.root for row_id, each in seals_of(proved).items()}
    kept_proved.again()
    assert not seals_of(proved)
    assert run(proved) == 0
    assert {row_id: each.root for row_id, each in seals_of(proved).items()} == roots


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"quantity": Decimal(5)}, "expected 4 of 4 events, found 5 of 4 events"),
        ({"event_count": 5}, "expected 4 of 4 events, found 4 of 5 events"),
        ({"dimensions": '{"a":"b"}'}, "expected no such row, found 4 of 4 events"),
    ],
)
def test_a_row_that_differs_gets_no_seal(
    changes: dict[str, object], line: str, proved: World, capsys: Output
) -> None:
    """It is named with what was expected and found; all others are sealed."""
    rewrite(proved, CLOSED_USAGE, lambda row: row | changes if row["row_id"] == "A1" else row)
    assert run(proved) == 1
    output = capsys.readouterr()
    assert output.out == "seals: 5 rows sealed, 0 had a seal\n"
    assert output.err.startswith("not sealed: row A1 (account A, meter flights, ")
    assert output.err.endswith(f"{line}\n")
    assert output.err.count("\n") == 1
    assert "A1" not in seals_of(proved)


def test_a_row_that_is_due_later_is_not_looked_at(proved: World) -> None:
    """Before the archive is complete up to its cut, nobody can prove a row."""
    later = {"row_id": "A2", "period_start": day(2, 1), "period_end": day(3, 1)}
    row = {**closed_rows()[0], **later, "cut": day(3, 1, 1)}
    append(proved.catalog, CLOSED_USAGE, [row])
    assert run(proved) == 0
    assert "A2" not in seals_of(proved)


@pytest.mark.parametrize(
    ("table", "change", "row_ids"),
    [
        pytest.param(
            RAW_EVENTS,
            lambda row: None if b'"id": "a3"' in row["payload"] else row,
            {"A1", "A1-1", "A1-longest", "A1-longest-1"},
            id="an event is gone",
        ),
        pytest.param(
            RAW_EVENTS,
            lambda row: {
                **row,
                "payload": row["payload"].replace(b'"miles": "700"', b'"miles": "701"'),
            },
            {"A1", "A1-1", "A1-longest", "A1-longest-1"},
            id="an event says something else",
        ),
        pytest.param(
            USAGE_CORRECTIONS,
            lambda row: {**row, "quantity": Decimal(6)} if row["row_id"] == "A1-1" else row,
            {"A1-1"},
            id="a row says something else",
        ),
        pytest.param(
            CLOSED_USAGE,
            lambda row: None if row["row_id"] == "B1" else row,
            {"B1"},
            id="a row is gone",
        ),
        pytest.param(
            SEALS,
            lambda row: {**row, "root": "0" * 64} if row["row_id"] == "B1" else row,
            {"B1"},
            id="a seal was changed",
        ),
        pytest.param(
            SEALS,
            lambda row: {**row, "quantity": Decimal(9)} if row["row_id"] == "B1" else row,
            {"B1"},
            id="what a seal says was changed",
        ),
    ],
)
def test_what_was_changed_after_the_seal_is_found(
    table: Table, change: Any, row_ids: set[str], sealed: World, capsys: Output
) -> None:
    """Each row is named; the exit code is 1."""
    rewrite(sealed, table, change)
    assert run(sealed, "--verify", "--json") == 1
    output = capsys.readouterr()
    assert {each["row_id"] for each in json.loads(output.out)["broken"]} == row_ids
    assert output.err.count("\n") == len(row_ids)
    assert output.err.startswith("seal of row ")


def test_two_programs_at_once_seal_each_row_once(
    proved: World, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have read that there are no seals; one commits, the other reads again."""
    both_have_read = Barrier(2, timeout=60)
    read, firsts = SealStore.seals, iter(range(2))

    def read_together(store: SealStore, row_ids: Any = None) -> dict[str, Seal]:
        found = read(store, row_ids)
        if next(firsts, None) is not None:
            both_have_read.wait()
        return found

    monkeypatch.setattr(SealStore, "seals", read_together)
    codes: list[int] = []
    threads = [Thread(target=lambda: codes.append(run(proved))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    monkeypatch.undo()
    assert codes == [0, 0]
    catalog = open_catalog(LocalCatalog(proved.folder))
    assert len(catalog.load_table(("billing", "seals")).scan().to_arrow()) == 6
    lines = sorted(capsys.readouterr().out.splitlines())
    assert lines == [
        "seals: 0 rows sealed, 6 had a seal",
        "seals: 6 rows sealed, 0 had a seal",
    ]


def test_what_comes_later_changes_no_seal(sealed: World) -> None:
    """Seals of before are those of their rows also when more was received."""
    before = seals_of(sealed)
    offset = len(RECORDS) + 1
    more = raw_rows([flight("a7", IN_TIME[0].flown, received=day(2, 28, 1))], offset)
    sealed.commit(3, raw_events=[*more, heartbeat(day(3, 1), offset + 1)])
    sealed.commit(4)
    assert run(sealed) == 0
    assert seals_of(sealed) == before
    assert run(sealed, "--verify") == 0


def test_no_tables_are_one_line(proved: World, capsys: Output) -> None:
    """With exit code 2."""
    catalog = open_catalog(LocalCatalog(proved.folder))
    catalog.drop_table(("billing", "seals"))
    assert run(proved) == 2
    assert capsys.readouterr().err.count("\n") == 1
