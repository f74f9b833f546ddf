"""A branch of charges becomes the table by one commit, or is dropped with its files."""

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException
from pyiceberg.table import Table as IcebergTable

from iceberg.catalog import open_catalog
from iceberg.charge_branch import ChargeBranch, drop_stale_branches
from iceberg.charge_rows import charges_table, read_charges
from iceberg.charge_tables import CHARGES
from iceberg.creating import make_tables
from iceberg.reading import BrokenRowsError
from iceberg.writing import CommitConflictError, UnknownCommitError, append_tables
from schemas.charge import Charge
from tests.charges import charge_of
from tests.iceberg.filling import LocalCatalog

FIRST = charge_of(charge_id="first", run_id="before")
OWN = (charge_of(charge_id="a", run_id="r1"), charge_of(charge_id="b", run_id="r1"))
THEIRS = charge_of(charge_id="c", run_id="r2")


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog with one charge of an earlier run."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    make_tables(catalog, "billing")
    append_tables(load(catalog), CHARGES, [charges_table([FIRST])])
    return catalog


def load(catalog: Catalog) -> IcebergTable:
    """Load the table as it is now."""
    return catalog.load_table(("billing", CHARGES.name))


def branch_of(catalog: Catalog, run_id: str) -> ChargeBranch:
    """Return the branch of a run that reads the table as it is now."""
    snapshot = load(catalog).current_snapshot()
    return ChargeBranch(catalog, "billing", run_id, snapshot.snapshot_id if snapshot else None)


def write(catalog: Catalog, branch: ChargeBranch, *charges: Charge) -> None:
    """Commit charges to a branch, as Flink's sink does: on top of the table if it is new."""
    table = load(catalog)
    current = table.current_snapshot()
    assert current is not None
    with table.manage_snapshots() as change:
        change.create_branch(current.snapshot_id, branch.name)
    path = Path(table.location().removeprefix("file://")) / f"{branch.name}.parquet"
    pq.write_table(charges_table(charges), path)
    load(catalog).add_files([str(path)], branch=branch.name)


def read(branch: ChargeBranch, expected: int = 2) -> list[str]:
    """Return the ids of the charges that a branch has added."""
    return sorted(charge.charge_id for batch in branch.charges(expected) for charge in batch)


def ids(catalog: Catalog) -> list[str]:
    """Return the ids of the charges that readers of the table see."""
    return [charge.charge_id for charge in read_charges(catalog, "billing", ["A"])]


def files(catalog: Catalog) -> int:
    """Return how many data files lie in the table's folder."""
    return len(list(Path(load(catalog).location().removeprefix("file://")).rglob("*.parquet")))


def test_a_branch_becomes_the_table(catalog: Catalog) -> None:
    """Nobody reads it before; then it is the table, and no branch is left."""
    branch = branch_of(catalog, "r1")
    write(catalog, branch, *OWN)
    assert read(branch) == ["a", "b"]
    assert ids(catalog) == ["first"]
    branch.publish()
    assert ids(catalog) == ["a", "b", "first"]
    assert list(load(catalog).metadata.refs) == ["main"]
    assert len(load(catalog).snapshots()) == 2


def test_a_branch_that_is_not_there_has_nothing(catalog: Catalog) -> None:
    """A run that charges nothing makes none; dropping it changes nothing."""
    branch = branch_of(catalog, "r1")
    before = load(catalog).metadata_location
    assert read(branch, expected=0) == []
    branch.drop()
    assert load(catalog).metadata_location == before


@pytest.mark.parametrize("is_before", [True, False], ids=["before the sink", "after it"])
def test_another_commit_is_a_conflict(catalog: Catalog, is_before: bool) -> None:
    """Whether the branch begins at the other's charges or beside them; it can be dropped."""
    branch = branch_of(catalog, "r1")
    if not is_before:
        write(catalog, branch, *OWN)
    append_tables(load(catalog), CHARGES, [charges_table([THEIRS])])
    if is_before:
        write(catalog, branch, *OWN)
    for step in (branch.publish, lambda: read(branch)):
        with pytest.raises(CommitConflictError, match=r"^charges: expected no other commit"):
            step()
    branch.drop()
    assert ids(catalog) == ["c", "first"]
    assert list(load(catalog).metadata.refs) == ["main"]
    assert (len(load(catalog).snapshots()), files(catalog)) == (2, 2)


def test_a_branch_beside_is_no_conflict(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """It changes the same metadata, so the commit is refused once, and then taken."""
    branch = branch_of(catalog, "r1")
    write(catalog, branch, *OWN)
    commit: Callable[..., object] = type(catalog).commit_table
    refused: list[object] = []

    def refuse_once(*arguments: object) -> object:
        if not refused:
            refused.append(arguments)
            raise CommitFailedException("another program was faster")
        return commit(*arguments)

    monkeypatch.setattr(type(catalog), "commit_table", refuse_once)
    branch.publish()
    assert (len(refused), ids(catalog)) == (1, ["a", "b", "first"])


def test_no_answer_is_one_line(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """The charges may be there, and are; asked again, that is no conflict."""
    branch = branch_of(catalog, "r1")
    write(catalog, branch, *OWN)
    commit: Callable[..., object] = type(catalog).commit_table

    def lose_the_answer(*arguments: object) -> object:
        commit(*arguments)
        raise CommitStateUnknownException("503")

    with monkeypatch.context() as patched:
        patched.setattr(type(catalog), "commit_table", lose_the_answer)
        with pytest.raises(UnknownCommitError, match=r"^commit, table charges: .* found 503;"):
            branch.publish()
    assert ids(catalog) == ["a", "b", "first"]


def test_a_refusal_that_was_none_is_found_out(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A catalog that took the commit, and refused when it was sent once more."""
    branch = branch_of(catalog, "r1")
    write(catalog, branch, *OWN)
    commit: Callable[..., object] = type(catalog).commit_table

    def refuse_what_is_taken(*arguments: object) -> object:
        commit(*arguments)
        raise CommitFailedException("main has changed")

    monkeypatch.setattr(type(catalog), "commit_table", refuse_what_is_taken)
    branch.publish()
    assert ids(catalog) == ["a", "b", "first"]


@pytest.mark.parametrize(
    ("written", "expected", "found"),
    [((*OWN, THEIRS), 3, "3 rows of its run, found 2 among 3"), (OWN, 3, "3 .* found 2 among 2")],
    ids=["another run", "too few"],
)
def test_what_the_run_has_not_written_is_found(
    catalog: Catalog, written: tuple[Charge, ...], expected: int, found: str
) -> None:
    """What is about to be published is what the run says, and nothing else."""
    branch = branch_of(catalog, "r1")
    write(catalog, branch, *written)
    with pytest.raises(
        BrokenRowsError, match=rf"^charges, branch pricing-run-r1: expected {found}$"
    ):
        read(branch, expected)


def test_a_branch_that_another_program_has_dropped_is_a_conflict(catalog: Catalog) -> None:
    """It was stale then: a run that finds it gone has not charged nothing."""
    branch = branch_of(catalog, "r1")
    write(catalog, branch, *OWN)
    append_tables(load(catalog), CHARGES, [charges_table([THEIRS])])
    assert drop_stale_branches(catalog, "billing") == (branch.name,)
    for step in (branch.publish, lambda: read(branch)):
        with pytest.raises(CommitConflictError):
            step()


def test_stale_branches_are_those_that_can_become_the_table_no_more(catalog: Catalog) -> None:
    """One that died stays until another run has charged: it is not known to be dead."""
    died, faster = branch_of(catalog, "r1"), branch_of(catalog, "r2")
    write(catalog, died, *OWN)
    write(catalog, faster, THEIRS)
    with load(catalog).manage_snapshots() as change:
        current = load(catalog).current_snapshot()
        assert current is not None
        change.create_tag(current.snapshot_id, "audit")
    assert drop_stale_branches(catalog, "billing") == ()
    faster.publish()
    assert drop_stale_branches(catalog, "billing") == (died.name,)
    assert sorted(load(catalog).metadata.refs) == ["audit", "main"]
    assert ids(catalog) == ["c", "first"]
    assert (len(load(catalog).snapshots()), files(catalog)) == (2, 2)


def test_a_drop_is_tried_again(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another program changed the metadata, between its two commits or before them."""
    branch = branch_of(catalog, "r1")
    write(catalog, branch, *OWN)
    commit: Callable[..., object] = type(catalog).commit_table
    seen: list[object] = []

    def refuse_each_second(*arguments: object) -> object:
        seen.append(arguments)
        if len(seen) % 2:
            raise CommitFailedException("another program was faster")
        return commit(*arguments)

    monkeypatch.setattr(type(catalog), "commit_table", refuse_each_second)
    branch.drop()
    assert list(load(catalog).metadata.refs) == ["main"]
    assert (len(load(catalog).snapshots()), files(catalog)) == (1, 1)
