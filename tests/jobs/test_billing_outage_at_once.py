"""The repair of a billing outage, killed at every step and done twice at once."""

from __future__ import annotations

from contextlib import suppress
from threading import Barrier, Thread
from typing import Any

import pytest

from iceberg import writing
from iceberg.adjustments import AdjustmentStore
from iceberg.writing import UnknownCommitError
from schemas.usage_adjustment import UsageAdjustment
from tests.jobs.backfilling import WHY, Output, adjusted, apply, file_of, propose, run
from tests.jobs.lossy_world import archive_of_outage, meter
from tests.jobs.pricing_world import World

COMMIT = writing._commit


@pytest.fixture
def outage(unmetered: World) -> World:
    """January has closed; the flights of one day are in the archive and in no total."""
    meter(unmetered, *archive_of_outage())
    return unmetered


class _Dying:
    """Commits, and dies at one commit, before it takes place or after it."""

    def __init__(self, at: int, error: type[BaseException], is_after: bool) -> None:
        self._at, self._error, self._is_after, self.commits = at, error, is_after, 0

    def __call__(self, existing: Any, table: Any, written: Any) -> None:
        self.commits += 1
        if self.commits == self._at and not self._is_after:
            raise self._error("killed")
        COMMIT(existing, table, written)
        if self.commits == self._at:
            raise self._error("killed")


@pytest.mark.slow
def test_killed_at_every_step(
    outage: World, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes next finishes it, by the same rows; nothing counts twice or half."""
    propose(outage, capsys)
    kept = outage.keep("proposed")
    apply(outage, capsys)
    undisturbed = adjusted(outage)
    for at, is_after in ((1, False), (1, True), (2, False), (2, True)):
        for error in (KeyboardInterrupt, UnknownCommitError):
            world = kept.again()
            _die(monkeypatch, _Dying(at, error, is_after), world)
            assert apply(world, capsys)["adjustments"]
            assert adjusted(world) == undisturbed, (at, is_after, error)


def _die(monkeypatch: pytest.MonkeyPatch, dying: _Dying, world: World) -> None:
    monkeypatch.setattr(writing, "_commit", dying)
    with suppress(KeyboardInterrupt):
        assert run(world, "--apply", str(file_of(world)), *WHY) == 2
    monkeypatch.setattr(writing, "_commit", COMMIT)


@pytest.mark.slow
def test_two_at_once_adjust_once(
    outage: World, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have read that nothing was approved; one approves, the other finds it done."""
    propose(outage, capsys)
    both_have_read = Barrier(2, timeout=60)
    read, firsts = AdjustmentStore.adjustments, iter(range(2))

    def read_together(store: AdjustmentStore) -> tuple[UsageAdjustment, ...]:
        found = read(store)
        if next(firsts, None) is not None:
            both_have_read.wait()
        return found

    monkeypatch.setattr(AdjustmentStore, "adjustments", read_together)
    codes: list[int] = []
    words = ("--apply", str(file_of(outage)), *WHY)
    threads = [Thread(target=lambda: codes.append(run(outage, *words))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [0, 0]
    capsys.readouterr()
    rows = adjusted(outage)
    assert len(rows) == len({row["row_id"] for row in rows}) == 6
