"""FOCUS rows of any charges: sums are those of the charges, exactly, and no rule is broken."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from schemas.charge import Charge
from schemas.focus import FocusRow, FocusSeller
from schemas.instant import DAY_US
from schemas.statement import LineKind
from tests.charges import JANUARY, breakdown, charge_of
from tests.focus_invoices import invoices_on
from udfs.checking_focus import check_focus
from udfs.exporting_focus import focus_rows
from udfs.rounding import from_minor

SELLER = FocusSeller("Air", "Air", "Air")
PERIOD_US = 30 * DAY_US
CURRENCIES = ("BHD", "CLF", "EUR", "JPY", "USD")

MINORS = st.integers(-(10**15), 10**15)
PRICES = st.decimals(0, 10**6, places=6)
UNITS = st.decimals(0, 10**9, places=3)


@dataclass(frozen=True)
class Book:
    """Charges of some accounts, and the invoices that some of them stand on."""

    charges: list[Charge]
    invoices: dict[str, str]


@st.composite
def books(draw: st.DrawFn) -> Book:
    """Lines of any kind with up to three revisions each, some of them invoiced."""
    charges: list[Charge] = []
    for number in range(draw(st.integers(0, 6))):
        charges += draw(_lines(number))
    invoiced = [each for each in charges if draw(st.booleans())]
    invoices = {
        each.charge_id: f"{each.account_id}-{each.currency}-{each.due_us}" for each in invoiced
    }
    return Book(draw(st.permutations(charges)), invoices)


@st.composite
def _lines(draw: st.DrawFn, number: int) -> list[Charge]:
    """One line: its first charge priced by the unit, its revisions by whatever was wrong."""
    kind = draw(st.sampled_from(LineKind))
    account_id = draw(st.sampled_from("AB"))
    start_us = JANUARY + PERIOD_US * draw(st.integers(0, 2))
    price, units = draw(PRICES), draw(UNITS)
    exact = Fraction(price) * Fraction(units)
    line: list[Charge] = []
    for revision in range(draw(st.integers(1, 3))):
        amount_minor = draw(MINORS)
        periods_later = draw(st.integers(0, 2)) if revision == 0 else draw(st.integers(0, 1))
        due_us = (line[-1].due_us if line else start_us) + PERIOD_US * periods_later
        part = ("units", str(units), str(price), str(exact))
        line.append(
            charge_of(
                charge_id=f"{number}-{revision}",
                corrected_charge_id=line[-1].charge_id if line else None,
                account_id=account_id,
                kind=kind,
                line_id=f"line {number}",
                period_start_us=start_us,
                period_end_us=start_us + PERIOD_US,
                segment_start_us=start_us,
                segment_end_us=start_us + PERIOD_US,
                revision=revision,
                unit=draw(st.sampled_from(["", "mile"])),
                quantity=draw(UNITS),
                breakdown=breakdown(str(exact), part) if draw(st.booleans()) else breakdown("0"),
                amount=price * units if draw(st.booleans()) else Decimal(amount_minor),
                amount_minor=amount_minor,
                total_minor=amount_minor + (line[-1].total_minor if line else 0),
                currency="USD" if account_id == "A" else CURRENCIES[number % len(CURRENCIES)],
                product=draw(st.sampled_from(["", "flights"])),
                due_us=due_us,
            )
        )
    return line


def _rows(book: Book) -> tuple[FocusRow, ...]:
    return focus_rows(book.charges, SELLER, {"A": "Ada"}, invoices_on(book.charges, book.invoices))


def _decimal(row: FocusRow, name: str) -> Decimal:
    value = row[name]
    assert isinstance(value, Decimal)
    return value


@given(books())
def test_sums_are_equal(book: Book) -> None:
    """By account, currency and invoice: BilledCost is what the charges add, exactly."""
    expected: dict[object, Fraction] = defaultdict(Fraction)
    for charge in book.charges:
        key = (charge.account_id, charge.currency, book.invoices.get(charge.charge_id))
        expected[key] += from_minor(charge.amount_minor, charge.currency)
    found: dict[object, Fraction] = defaultdict(Fraction)
    for row in _rows(book):
        key_found = (row["BillingAccountId"], row["BillingCurrency"], row["InvoiceId"])
        found[key_found] += Fraction(_decimal(row, "BilledCost"))
    assert found == expected


@given(books())
def test_no_rule_is_broken(book: Book) -> None:
    """Whatever the kinds, signs, revisions and invoices."""
    assert check_focus(_rows(book)) == ()


@given(books())
def test_consumption_adds_up(book: Book) -> None:
    """Revisions add what they change: the sum is the quantity of the last one."""
    consumed: dict[object, Decimal] = defaultdict(Decimal)
    for row in _rows(book):
        if row["ChargeCategory"] == "Usage":
            consumed[row["x_LineId"]] += _decimal(row, "ConsumedQuantity")
    last = {
        each.line_id: each.quantity
        for each in sorted(book.charges, key=lambda each: each.revision)
        if each.kind is LineKind.USAGE
    }
    assert consumed == last


@given(books())
def test_the_order_says_nothing(book: Book) -> None:
    """Rows come in one order, however the charges come."""
    assert _rows(book) == _rows(Book(book.charges[::-1], book.invoices))
