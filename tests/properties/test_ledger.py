"""Properties of the ledger: in balance whatever is booked, and no change goes unseen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from iceberg.journal_rows import journal_table, read_entries
from iceberg.reading import BrokenRowsError
from schemas.charge import Charge
from schemas.instant import DAY_US
from schemas.journal import ChainBreak, ChainedEntry, JournalEntry
from schemas.statement import LineKind
from tests.udfs.booking import FEBRUARY_US, JANUARY_US, MARCH_US, charge_of, sides
from tests.udfs.reading_hledger import check_hledger
from udfs.balancing import balances, rest_by_currency, trial_balance
from udfs.chaining import START, chain, verify
from udfs.exporting_hledger import export_hledger
from udfs.posting import check_balanced, post_charge, post_invoice, reverse

Rows = list[dict[str, Any]]

currencies = st.sampled_from(["USD", "JPY", "BHD"])
minors = st.integers(-3, 3) | st.integers(-(10**15), 10**15)
names = st.sampled_from(["landing", "miles", "a:b", "A B"])
parties = st.sampled_from(["airport", "seller 2"])
charges = st.builds(
    charge_of,
    st.sampled_from(LineKind),
    minors,
    st.dictionaries(parties, minors.filter(bool), max_size=2),
    charge_id=st.integers(0, 10**6).map(str),
    account_id=st.sampled_from(["B6", "AA", "W"]),
    product=names,
    currency=currencies,
    due_us=st.sampled_from([JANUARY_US, FEBRUARY_US, MARCH_US]),
)
taxes = st.dictionaries(st.sampled_from(["DE", "US-CA", "US-CA-SF"]), minors, max_size=3)


def entries_of(given_charges: Iterable[Charge]) -> tuple[JournalEntry, ...]:
    """Return the entries of charges of different ids."""
    of = {each.charge_id: each for each in given_charges}
    return tuple(entry for each in of.values() if (entry := post_charge(each)) is not None)


ledgers = st.lists(charges, min_size=1, max_size=6).map(entries_of).filter(bool)


@given(charges)
def test_every_charge_is_in_balance(charge: Charge) -> None:
    """Its unbilled amount is its own, each account is posted to once, in their order."""
    entry = post_charge(charge)
    moved = sides(entry)
    assert moved.get("assets:unbilled_usage", 0) == charge.amount_minor
    assert sum(moved.values()) == 0
    if entry is not None:
        check_balanced(entry)
        assert list(moved) == sorted(moved)
        assert len(moved) == len(entry.postings) >= 2
        assert all(moved.values())


@given(minors, taxes, st.dictionaries(names, minors, max_size=2))
def test_every_invoice_is_in_balance(
    charged: int, tax: dict[str, int], included: dict[str, int]
) -> None:
    """Whatever is owed is charged or tax."""
    moved = sides(post_invoice("i1", "B6", "USD", charged, tax, MARCH_US, included))
    assert sum(moved.values()) == 0
    assert moved.get("assets:unbilled_usage", 0) == -charged


@given(st.lists(charges, max_size=8), taxes)
def test_the_clearing_account_returns_to_zero(listed: list[Charge], tax: dict[str, int]) -> None:
    """When the charges of each customer and currency are on an invoice, nothing is unbilled."""
    entries = list(entries_of(listed))
    owed: dict[tuple[str, str], int] = defaultdict(int)
    for charge in {each.charge_id: each for each in listed}.values():
        owed[charge.account_id, charge.currency] += charge.amount_minor
    for (account_id, currency), charged in owed.items():
        invoice_id = f"{account_id}/{currency}"
        invoice = post_invoice(invoice_id, account_id, currency, charged, tax, MARCH_US)
        entries += [] if invoice is None else [invoice]
    moved = balances(entries)
    last = {(each.ledger_account, each.account_id, each.currency): each for each in moved}
    unbilled = [each for key, each in last.items() if key[0] == "assets:unbilled_usage"]
    assert all(each.balance_minor == 0 for each in unbilled)
    assert not any(rest for _, rest in rest_by_currency(trial_balance(moved)))


@given(ledgers, st.integers(0, 400))
def test_reversal_restores(entries: tuple[JournalEntry, ...], days: int) -> None:
    """Whatever stood on the accounts before stands there again."""
    others, taken_back = entries[1:], entries[0]
    back = reverse(taken_back, taken_back.booked_us + days * DAY_US)
    check_balanced(back)

    def standing(of: Iterable[JournalEntry]) -> dict[tuple[str, str], int]:
        lines = trial_balance(balances(of))
        found = {(each.ledger_account, each.currency): each.balance_minor for each in lines}
        return {key: minor for key, minor in found.items() if minor}

    assert standing((taken_back, *others, back)) == standing(others)


@given(ledgers, st.randoms(use_true_random=False))
def test_balances_know_no_order(entries: tuple[JournalEntry, ...], chance: Any) -> None:
    """The last day of each account has the sum of its changes; in any order of entries."""
    mixed = list(entries)
    chance.shuffle(mixed)
    moved = balances(entries)
    assert balances(mixed) == moved
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for each in moved:
        key = (each.ledger_account, each.account_id, each.currency)
        sums[key] += each.change_minor
        assert each.balance_minor == sums[key]


@given(ledgers)
def test_exports_balance(entries: tuple[JournalEntry, ...]) -> None:
    """The strict reader takes every ledger."""
    count, _ = check_hledger("\n".join(export_hledger(entries)))
    assert count == len(entries) + 1


@given(ledgers, st.integers(0, 6))
def test_a_chain_is_one_however_many_runs(entries: tuple[JournalEntry, ...], cut: int) -> None:
    """Cut into runs of the same name, it has the same hashes; and it holds."""
    whole = tuple(chain(entries, START, "r1"))
    first = tuple(chain(entries[:cut], START, "r1"))
    head = verify(first)
    assert not isinstance(head, ChainBreak)
    assert first + tuple(chain(entries[cut:], head, "r1")) == whole
    assert not isinstance(verify(whole, whole[0].entry_hash), ChainBreak)


def holds(rows: Rows, last: ChainedEntry) -> bool:
    """Tell whether rows are a chain that holds and still has its last entry."""
    ordered = sorted(rows, key=lambda row: (row["entry_no"], row["posting_no"]))
    try:
        return not isinstance(verify(read_entries(ordered), last.entry_hash), ChainBreak)
    except BrokenRowsError:
        return False


def other(value: Any) -> Any:
    """Return another value of the same type."""
    if isinstance(value, str):
        return "USD" if value == "JPY" else f"{value}x"
    return value + 1 if isinstance(value, int) else value + timedelta(microseconds=1)


@given(ledgers, st.data())
def test_any_changed_row_is_found(entries: tuple[JournalEntry, ...], draw: Any) -> None:
    """Each column of each row, alone or in all rows of the entry."""
    chained = tuple(chain(entries, START, "r1"))
    rows = journal_table(chained).to_pylist()
    assert holds(rows, chained[-1])
    row = draw.draw(st.sampled_from(rows))
    column = draw.draw(st.sampled_from(list(row)))
    of_entry = [each for each in rows if each["entry_no"] == row["entry_no"]]
    value = other(row[column])
    for each in of_entry if draw.draw(st.booleans()) else [row]:
        each[column] = value
    assert not holds(rows, chained[-1])


@given(ledgers, st.data())
def test_any_removed_row_is_found(entries: tuple[JournalEntry, ...], draw: Any) -> None:
    """One posting, or any number of them."""
    chained = tuple(chain(entries, START, "r1"))
    rows = journal_table(chained).to_pylist()
    kept = draw.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    left = [row for row, is_kept in zip(rows, kept, strict=True) if is_kept]
    assert holds(left, chained[-1]) == all(kept)


@given(ledgers, st.data())
def test_any_inserted_row_is_found(entries: tuple[JournalEntry, ...], draw: Any) -> None:
    """A posting more in an entry, or an entry more, in any place."""
    chained = tuple(chain(entries, START, "r1"))
    rows = journal_table(chained).to_pylist()
    row = dict(draw.draw(st.sampled_from(rows)))
    row["entry_no"] = draw.draw(st.integers(0, len(chained)))
    row["posting_no"] = draw.draw(st.integers(0, 5))
    assert not holds([*rows, row], chained[-1])


@given(ledgers, st.data())
def test_any_reordering_is_found(entries: tuple[JournalEntry, ...], draw: Any) -> None:
    """Entries that change places, or postings within one."""
    chained = tuple(chain(entries, START, "r1"))
    rows = journal_table(chained).to_pylist()
    one, two = (draw.draw(st.sampled_from(rows)) for _ in range(2))
    assume(one is not two)
    places = ("entry_no", "posting_no")
    here, there = ({name: row[name] for name in places} for row in (one, two))
    one |= there
    two |= here
    assert not holds(rows, chained[-1])


@given(ledgers.filter(lambda entries: len(entries) > 1), st.data())
def test_entries_that_change_places_are_found(entries: tuple[JournalEntry, ...], draw: Any) -> None:
    """Whole ones, all their rows."""
    chained = list(chain(entries, START, "r1"))
    order = draw.draw(st.permutations(range(len(chained))))
    moved = [replace(chained[place], entry_no=number) for number, place in enumerate(order)]
    rows = journal_table(moved).to_pylist()
    assert holds(rows, chained[-1]) == (order == sorted(order))
