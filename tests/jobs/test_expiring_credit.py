"""Credit that was bought and not used becomes revenue when it expires, once, in the journal."""

from collections.abc import Callable

import pytest

from iceberg import writing
from iceberg.ledger_tables import JOURNAL
from jobs import price_usage
from schemas.journal import SourceKind
from tests.jobs.pricing_rows import closed, corrected, day
from tests.jobs.pricing_world import CARDS, CONTRACTS, World

EXPIRING = """\
  - grant_id: winter
    account_id: A
    currency: USD
    amount: 100
    granted: 2013-01-01T00:00:00Z
    expires: 2013-02-01T00:00:00Z
"""
# A owes 31.00 for January's desk, 10.00 for support and 14.50 for 8 flights.
USED_MINOR = 5550
COMMIT = writing._commit


@pytest.fixture
def winter(unmetered: World) -> World:
    """January with credit that expires when it ends."""
    unmetered.load(CARDS, CONTRACTS + EXPIRING)
    unmetered.meter(day(2, 4), closed_usage=[closed("A", 1, 8), closed("B", 1, 3)])
    return unmetered


def _expiries(world: World) -> list[tuple[str, int]]:
    """Return each posting of entries of expiry."""
    return [
        (posting.ledger_account, posting.amount_minor)
        for each in world.entries()
        if each.entry.source_kind is SourceKind.EXPIRY
        for posting in each.entry.postings
    ]


def _owed(world: World) -> int:
    """Return what account A still has of credit."""
    return -sum(
        posting.amount_minor
        for each in world.entries()
        if each.entry.account_id == "A"
        for posting in each.entry.postings
        if posting.ledger_account == "liabilities:credits"
    )


def _booked(unused_minor: int) -> list[tuple[str, int]]:
    return [("liabilities:credits", unused_minor), ("revenue:breakage", -unused_minor)]


def test_what_is_left_is_revenue(winter: World) -> None:
    """Once January is closed; the liability is gone, and a second run books nothing."""
    winter.price()
    assert _expiries(winter) == _booked(10_000 - USED_MINOR)
    assert _owed(winter) == 0
    before = winter.snapshots()
    winter.price(at_us=2)
    assert winter.snapshots() == before


def test_before_it_expires_it_is_owed(winter: World) -> None:
    """Priced up to an instant at which January may still be open: nothing expires."""
    winter.price(day(2, 1))
    assert _expiries(winter) == []
    winter.price(at_us=2)
    assert _owed(winter) == 0


def test_a_correction_changes_what_expired(winter: World) -> None:
    """January drew 3.00 more: they are taken back from the revenue, by an entry of their own."""
    winter.price()
    winter.meter(day(2, 6), usage_corrections=[corrected("A", 1, 1, 10, 2, day(2, 5))])
    winter.price(at_us=2)
    assert _expiries(winter) == [*_booked(10_000 - USED_MINOR), *_booked(-300)]
    assert _owed(winter) == 0


def test_a_run_that_died_before_is_made_up_for(
    winter: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Charges are booked, the expiry is not: the next run does, with nothing to charge."""
    with monkeypatch.context() as patched:
        patched.setattr(price_usage, "book_credit", _die)
        with pytest.raises(KeyboardInterrupt):
            winter.price()
    assert _expiries(winter) == []
    assert winter.price(at_us=2).run_id is None
    assert _expiries(winter) == _booked(10_000 - USED_MINOR)


def _die(*_: object) -> int:
    raise KeyboardInterrupt


@pytest.mark.parametrize("place", ["before", "after"])
def test_two_at_once_book_it_once(
    winter: World, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Another run comes in between: whoever is later looks again."""
    monkeypatch.setattr(writing, "_commit", _commit_around(winter, place))
    winter.price()
    assert _expiries(winter) == _booked(10_000 - USED_MINOR)
    assert _owed(winter) == 0


def _commit_around(world: World, place: str) -> Callable[..., None]:
    """Return a commit around which another run comes, once, at the second one of the journal."""
    seen: list[str] = []

    def commit(existing: object, table: object, written: object) -> None:
        seen.append("" if table is not JOURNAL else "journal")
        is_it = seen.count("journal") == 2 and seen[-1] == "journal"
        if is_it and place == "before":
            world.price(at_us=2)
        COMMIT(existing, table, written)  # type: ignore[arg-type]
        if is_it and place == "after":
            world.price(at_us=2)

    return commit
