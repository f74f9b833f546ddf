"""Runs that die on the way, and two at once: charges, journal and runs come out the same."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from iceberg import writing
from jobs.pricing.running import PricingReport
from schemas.charge import Charge
from schemas.journal import ChainedEntry
from schemas.pricing_run import RunStatus
from tests.jobs.january import JANUARY
from tests.jobs.pricing_rows import day
from tests.jobs.pricing_world import KeptWorld, World

COMMIT = writing._commit
# The commits of a run, in their order.
COMMITS = ("runs", "charges", "journal", "runs")


class DiedError(BaseException):
    """The program is killed: nothing catches it."""


def at_commit(number: int, before: Callable[[], object], after: Callable[[], object]) -> object:
    """Return a commit that calls something before and after the one of that number."""
    seen: list[str] = []

    def commit(existing: object, table: object, written: object) -> None:
        seen.append(table.name)  # type: ignore[attr-defined]
        place = len(seen) - 1
        if place == number:
            assert seen[-1] == COMMITS[number]
            before()
        COMMIT(existing, table, written)  # type: ignore[arg-type]
        if place == number:
            after()

    return commit


def die() -> None:
    """Be killed."""
    raise DiedError


def nothing() -> None:
    """Go on."""


_NO_HASH: dict[str, Any] = {"run_id": "", "previous_hash": "", "entry_hash": ""}


def without_runs(world: World) -> tuple[list[Charge], list[ChainedEntry]]:
    """Return charges and entries without the ids of runs, and the hashes that they are in."""
    charges = [replace(each, run_id="") for each in world.charges()]
    return charges, [replace(each, **_NO_HASH) for each in world.entries()]


@pytest.fixture(scope="module")
def undisturbed(
    kept_worlds: tuple[KeptWorld, KeptWorld],
) -> tuple[list[Charge], tuple[ChainedEntry, ...]]:
    """What a run leaves that did not die: charges without its id, and the chain."""
    world = kept_worlds[1].again()
    world.price()
    return without_runs(world)[0], world.entries()


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    """Puts another commit in the place of the one that appends."""
    return lambda commit: monkeypatch.setattr(writing, "_commit", commit)


@pytest.mark.parametrize("number", range(4), ids=["started", "charges", "journal", "finished"])
def test_a_run_that_died_is_finished_by_the_next(
    january: World,
    commits: Callable[[object], None],
    undisturbed: tuple[list[Charge], tuple[ChainedEntry, ...]],
    number: int,
) -> None:
    """Killed after any of its commits: in the end all is as if it had not been."""
    commits(at_commit(number, nothing, die))
    with pytest.raises(DiedError):
        january.price()
    took_place = number >= 1
    assert january.count() == (len(JANUARY) if took_place else 0)
    commits(COMMIT)
    report = january.price(at_us=2)
    finished = [run for run in january.runs() if run.status is RunStatus.FINISHED]
    assert (report.run_id is None) is took_place
    assert report.finished_run_ids == ((finished[0].run_id,) if number in (1, 2) else ())
    assert [each.run_id for each in january.charges()] == [finished[0].run_id] * len(JANUARY)
    assert len(finished) == 1
    charges, entries = undisturbed
    assert without_runs(january) == (charges, [replace(each, **_NO_HASH) for each in entries])
    if took_place:
        assert january.entries() == entries


@pytest.mark.parametrize("number", range(4), ids=["started", "charges", "journal", "finished"])
def test_of_two_at_once_one_looks_again(
    january: World, commits: Callable[[object], None], number: int
) -> None:
    """Another run comes in between, over the same input: each line is charged and booked once."""
    others: list[PricingReport] = []

    def other() -> None:
        others.append(january.price(at_us=2))

    commits(at_commit(number, other, nothing))
    report = january.price()
    assert january.sums() == JANUARY
    assert january.count() == len(JANUARY)
    # Whoever committed the charges says so, and who finds them there has nothing to say.
    assert [each.run_id is None for each in (report, *others)] == [number < 2, number >= 2]
    _, entries = without_runs(january)
    assert len(entries) == len(JANUARY) + 1
    statuses = [run.status for run in january.runs() if run.run_id in _charged(january)]
    assert statuses == [RunStatus.STARTED, RunStatus.FINISHED]


def _charged(world: World) -> set[str]:
    return {each.run_id for each in world.charges()}


def test_one_that_looks_again_is_another_run(
    january: World, commits: Callable[[object], None]
) -> None:
    """The other one charged only a part: what is left is charged by a run with rows of its own."""
    commits(at_commit(1, lambda: january.price(day(1, 15), at_us=2), nothing))
    report = january.price()
    assert january.sums() == JANUARY
    runs = january.runs()
    assert [run.status.value for run in runs if run.at_us == 2] == ["started", "finished"]
    own = [(run.status.value, run.run_id == report.run_id) for run in runs if run.at_us == 1]
    assert sorted(own) == [("finished", True), ("started", False), ("started", True)]
    assert report.charges == january.count() - 4
    january.entries()
