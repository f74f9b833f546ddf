"""The log of manual acts in its table: one chain, however many write and whatever merges it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table as IcebergTable

from iceberg import act_store
from iceberg.act_store import ActStore
from iceberg.compacting import MergeSize, merge_files
from iceberg.creating import TableConflictError, make_tables
from iceberg.decided_tables import MANUAL_ACTS
from iceberg.expiring import Kept, expire_snapshots
from iceberg.reading import BrokenRowsError
from iceberg.row_shapes import shape_values
from iceberg.tables import TABLES
from iceberg.writing import CommitConflictError
from schemas.instant import to_us
from schemas.journal import ChainHead
from schemas.manual_act import ActEntry, ActKind, AskedAct, Decision
from tests.iceberg.filling import append
from tests.iceberg.maintained import load, open_some
from udfs.chaining import START
from udfs.recording import begin_act, end_act, verify_acts

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """The log alone, empty."""
    return open_some(tmp_path, [MANUAL_ACTS])


def begun(
    by: str = "Ada L", at: datetime = NOON, reason: str = "why not"
) -> Callable[[ChainHead | None], ActEntry]:
    """Return what makes the first row of an act."""
    asked = AskedAct(ActKind.LOAD_RATE_CARDS, "jobs.x", Decision(by, reason), {"file": by})
    return lambda head: begin_act(asked, to_us(at), head or START, "1")


def test_what_is_appended_is_read(catalog: Catalog) -> None:
    """Field for field, over months, in the order of the chain."""
    store = ActStore(catalog, "billing")
    assert store.entries() == ()
    first = store.append(begun(reason="Zürich \U0001f600 \\ \"'"))
    end = to_us(NOON + timedelta(days=3)) + 7
    second = store.append(lambda head: end_act(first, {"new": 1}, "no", end, head or START))
    assert store.entries() == (first, second)
    assert verify_acts(store.entries()) == ChainHead(2, second.entry_hash)
    assert (second.message, second.at_us) == ("no", end)


def test_two_at_once_make_one_chain(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """All have read the same last row; each but one reads again, and none is lost."""
    names = ["a", "b", "c"]
    together = Barrier(len(names), timeout=60)
    head_of, firsts = act_store._head_of, iter(names)

    def read_together(existing: IcebergTable) -> ChainHead | None:
        found = head_of(existing)
        if next(firsts, None) is not None:
            together.wait()
        return found

    monkeypatch.setattr(act_store, "_head_of", read_together)

    def act(name: str) -> None:
        store = ActStore(catalog, "billing")
        store.append(begun(name))
        store.append(begun(name))

    threads = [Thread(target=act, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = ActStore(catalog, "billing").entries()
    assert isinstance(verify_acts(entries), ChainHead)
    assert sorted(each.decided_by for each in entries) == sorted(names * 2)


def test_others_that_are_always_faster_end_it(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not try for ever, and nothing is appended."""

    def conflict(*_: object) -> None:
        raise CommitConflictError("faster")

    store = ActStore(catalog, "billing")
    monkeypatch.setattr(act_store, "append_rows", conflict)
    with pytest.raises(CommitConflictError, match="manual_acts: expected no other"):
        store.append(begun())
    assert store.entries() == ()


def test_a_warehouse_of_before_gets_the_log(tmp_path: Path) -> None:
    """Its tables are left as they are; until then one line says what to run."""
    others = [table for table in TABLES if table is not MANUAL_ACTS]
    catalog = open_some(tmp_path, others)
    with pytest.raises(TableConflictError) as caught:
        ActStore(catalog, "billing")
    assert str(caught.value) == (
        "table manual_acts, namespace billing: expected one, found none;"
        " run python -m jobs.create_tables"
    )
    changes = {each.table: each.outcome.value for each in make_tables(catalog, "billing")}
    assert changes.pop("manual_acts") == "created"
    assert set(changes.values()) == {"unchanged"}
    assert ActStore(catalog, "billing").append(begun()).entry_no == 0


def test_a_row_that_came_twice_counts_once(catalog: Catalog) -> None:
    """A commit may be repeated; the same act in other words is a broken invariant."""
    store = ActStore(catalog, "billing")
    first = store.append(begun())
    append(catalog, MANUAL_ACTS, [shape_values(first)])
    assert store.entries() == (first,)
    assert store.append(begun()).entry_no == 1
    append(catalog, MANUAL_ACTS, [shape_values(first) | {"decided_by": "Eve"}])
    with pytest.raises(BrokenRowsError, match="manual_acts"):
        store.entries()


def test_a_word_of_no_list_is_named(catalog: Catalog) -> None:
    """What no program writes is not shown as if it were an act."""
    store = ActStore(catalog, "billing")
    append(
        catalog, MANUAL_ACTS, [shape_values(store.append(begun())) | {"act_id": "x", "kind": "y"}]
    )
    with pytest.raises(BrokenRowsError, match="manual_acts: expected words of closed lists"):
        store.entries()


def test_maintenance_takes_no_row(catalog: Catalog) -> None:
    """Files are merged and old snapshots go; the chain holds, and goes on behind its last row."""
    store = ActStore(catalog, "billing")
    entries = tuple(store.append(begun(f"{number}")) for number in range(6))
    merged = list(merge_files(load(catalog, MANUAL_ACTS), MANUAL_ACTS, MergeSize(), "1"))
    assert [each.files for each in merged] == [6]
    future = to_us(datetime(2100, 1, 1, tzinfo=UTC)) // 1000
    kept = Kept(future, future, None, {})
    assert expire_snapshots(load(catalog, MANUAL_ACTS), MANUAL_ACTS, kept).snapshots == 6
    assert store.entries() == entries
    assert store.append(begun()).previous_hash == entries[-1].entry_hash
