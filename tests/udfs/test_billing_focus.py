"""How charges are billed before and after invoicing: periods, invoices, corrections."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from schemas.charge import Charge
from schemas.focus import FocusRow, FocusSeller
from schemas.invoice import Invoice, InvoiceState
from schemas.statement import LineKind
from tests.charges import APRIL, FEBRUARY, JANUARY, MARCH, USAGE, charge_of, revision_of, whole
from tests.focus_invoices import invoices_on
from udfs.billing_focus import bill_charges, buyer_names
from udfs.checking_focus import check_focus
from udfs.exporting_focus import focus_rows

SELLER = FocusSeller("Air", "Air", "Air")


def _rows(*charges: Charge, invoices: dict[str, str] | None = None) -> list[FocusRow]:
    rows = focus_rows(charges, SELLER, {"A": "Ada's airline"}, invoices_on(charges, invoices or {}))
    assert check_focus(rows) == ()
    return list(rows)


def test_a_correction_before_invoicing_is_none() -> None:
    """January is corrected in February and neither is invoiced: a change like any other."""
    first, second = _rows(USAGE, revision_of(USAGE, "a1", 30, quantity=Decimal(1100)))
    assert (first["ChargeClass"], second["ChargeClass"]) == (None, None)
    assert (second["BilledCost"], second["PricingQuantity"]) == (Decimal("0.30"), 1)
    assert second["ContractedUnitPrice"] == Decimal("0.30")
    assert (second["ConsumedQuantity"], second["ConsumedUnit"]) == (Decimal(100), "mile")
    assert second["x_CorrectedChargeId"] == "a0"


def test_a_correction_of_an_invoiced_period_is_one() -> None:
    """It is billed in February, names January, and has no price of its own.

    Source: FOCUS v1.2, ChargeClass: not null when the row represents a correction to a previously
    invoiced billing period.
    """
    less = revision_of(USAGE, "a1", -30, quantity=Decimal(900))
    _, row = _rows(USAGE, less, invoices={"a0": "2013-0001"})
    assert (row["ChargeCategory"], row["ChargeClass"]) == ("Usage", "Correction")
    assert row["ChargePeriodStart"] == datetime(2013, 1, 1, tzinfo=UTC)
    assert row["ChargePeriodEnd"] == row["BillingPeriodStart"] == datetime(2013, 2, 1, tzinfo=UTC)
    assert row["BillingPeriodEnd"] == datetime(2013, 3, 1, tzinfo=UTC)
    assert row["BilledCost"] == row["ListCost"] == row["ContractedCost"] == Decimal("-0.30")
    assert row["ContractedUnitPrice"] is row["PricingQuantity"] is row["PricingUnit"] is None
    assert row["ConsumedQuantity"] == Decimal(-100)
    assert row["InvoiceId"] is None
    assert row["ChargeDescription"] == "Usage miles on flights, revision 1"


@pytest.mark.parametrize(
    ("invoices", "classes"),
    [
        pytest.param({}, [None, None, None], id="nothing invoiced"),
        pytest.param({"a0": "1"}, [None, "Correction", "Correction"], id="January invoiced"),
        pytest.param(
            {"a0": "1", "a1": "2", "a2": "3"}, [None, "Correction", "Correction"], id="all invoiced"
        ),
        pytest.param({"a0": "1", "a1": "1"}, [None, None, "Correction"], id="two on one invoice"),
        pytest.param({"a1": "2"}, [None, None, "Correction"], id="only February invoiced"),
    ],
)
def test_classes_of_three_revisions(invoices: dict[str, str], classes: list[str | None]) -> None:
    """A charge corrects what stands on another invoice, for the same period and due before."""
    first = revision_of(USAGE, "a1", 30)
    second = revision_of(first, "a2", -5, due_us=APRIL)
    rows = _rows(second, USAGE, first, invoices=invoices)
    assert [row["x_ChargeId"] for row in rows] == ["a0", "a1", "a2"]
    assert [row["ChargeClass"] for row in rows] == classes
    assert [row["InvoiceId"] for row in rows] == [invoices.get(each) for each in ("a0", "a1", "a2")]


def test_a_new_line_of_an_invoiced_period_is_a_correction() -> None:
    """Usage of another group came late: no revision before it, but January was invoiced."""
    late = charge_of(charge_id="n0", group='{"origin":"JFK"}', due_us=MARCH)
    _, row = _rows(USAGE, late, invoices={"a0": "1"})
    assert (row["ChargeClass"], row["ConsumedQuantity"]) == ("Correction", Decimal(1000))
    assert row["ChargeDescription"] == 'Usage miles on flights for {"origin":"JFK"}'
    assert row["SkuPriceId"] == "standard/miles/%7B%22origin%22%3A%22JFK%22%7D"


def test_what_is_due_at_once_corrects_nothing_of_each_other() -> None:
    """Two corrections due alike, on two invoices; what they correct was on none."""
    late = charge_of(charge_id="n0", group='{"origin":"JFK"}', due_us=MARCH)
    rows = _rows(USAGE, revision_of(USAGE, "a1", 30), late, invoices={"a1": "1", "n0": "2"})
    assert [row["ChargeClass"] for row in rows] == [None, None, None]


def test_a_fee_in_advance_is_corrected_within_its_period() -> None:
    """It was invoiced when January began; what changes in January is of the current period.

    Source: FOCUS v1.2, ChargeClass: null when it represents a correction within the current
    billing period.
    """
    fee = whole(LineKind.RECURRING_FEE, "b0", 4900, due_us=JANUARY)
    cut = revision_of(fee, "b1", -2000, due_us=FEBRUARY)
    first, second = _rows(fee, cut, invoices={"b0": "1"})
    assert (first["InvoiceId"], second["ChargeClass"]) == ("1", None)
    assert second["BillingPeriodEnd"] == datetime(2013, 2, 1, tzinfo=UTC)
    assert (second["ContractedUnitPrice"], second["PricingQuantity"]) == (Decimal(20), -1)


@pytest.mark.parametrize(
    ("others", "start_us"),
    [
        pytest.param((), FEBRUARY, id="nothing since: it begins where its own period ends"),
        pytest.param(
            (
                charge_of(
                    charge_id="f", period_start_us=FEBRUARY, period_end_us=MARCH, due_us=MARCH
                ),
            ),
            MARCH,
            id="February is charged: March is open",
        ),
        pytest.param(
            (charge_of(charge_id="m", period_start_us=MARCH, period_end_us=APRIL, due_us=APRIL),),
            MARCH,
            id="March itself is charged",
        ),
    ],
)
def test_the_billing_period_of_a_correction(others: tuple[Charge, ...], start_us: int) -> None:
    """It ends when the correction is due."""
    late = revision_of(USAGE, "a1", 30, due_us=APRIL)
    *_, billing = bill_charges([USAGE, *others, late], None, ())
    assert (billing.period_start_us, billing.period_end_us) == (start_us, APRIL)


ADVANCE = whole(
    LineKind.RECURRING_FEE,
    "f0",
    4900,
    period_start_us=FEBRUARY,
    period_end_us=MARCH,
    due_us=FEBRUARY,
)
"""February's fee, due when it begins."""
LATE = revision_of(USAGE, "a1", 30)
"""A correction of January, due at the end of February."""
NEXT = charge_of(
    charge_id="n0", line_id="next", period_start_us=FEBRUARY, period_end_us=MARCH, due_us=MARCH
)
"""February's usage."""


@pytest.mark.parametrize(
    ("charges", "period"),
    [
        pytest.param((USAGE,), (JANUARY, FEBRUARY), id="usage of January"),
        pytest.param((USAGE, ADVANCE), (JANUARY, FEBRUARY), id="and a fee for February"),
        pytest.param((ADVANCE,), (FEBRUARY, MARCH), id="the fee alone"),
        pytest.param((USAGE, NEXT), (FEBRUARY, MARCH), id="January carried over to February"),
        pytest.param((LATE, NEXT), (FEBRUARY, MARCH), id="February and a correction"),
        pytest.param((LATE,), (FEBRUARY, MARCH), id="the correction alone"),
        pytest.param(
            (charge_of(charge_id="n1", due_us=APRIL), NEXT), (FEBRUARY, MARCH), id="not the latest"
        ),
    ],
)
def test_an_invoice_is_of_one_billing_period(
    charges: tuple[Charge, ...], period: tuple[int, int]
) -> None:
    """All its charges are billed in the last period that had ended when it took them.

    Source: FOCUS v1.2, BillingPeriodStart: the sum of BilledCost in a billing period matches the
    sum of its invoices.
    """
    known = {each.charge_id: each for each in (USAGE, *charges)}.values()
    invoices = invoices_on(charges, {each.charge_id: "1" for each in charges})
    bills = dict(zip(known, bill_charges(list(known), None, invoices), strict=True))
    found = {(bills[each].period_start_us, bills[each].period_end_us) for each in charges}
    assert found == {period}


CUT = revision_of(ADVANCE, "f1", -2000, due_us=MARCH)
YEN = charge_of(charge_id="y0", currency="JPY", due_us=MARCH)
MORE = charge_of(charge_id="m0", line_id="more", due_us=MARCH)


@pytest.mark.parametrize(
    ("charges", "numbers", "expected"),
    [
        pytest.param(
            (USAGE, ADVANCE, CUT), {"a0": "1", "f0": "1"}, ["f1"], id="a fee on January's invoice"
        ),
        pytest.param((ADVANCE, CUT), {"f0": "1"}, [], id="a fee on its own month's"),
        pytest.param(
            (USAGE, LATE, NEXT), {"a0": "1", "a1": "2", "n0": "2"}, ["a1"], id="on February's"
        ),
        pytest.param((USAGE, LATE, NEXT), {"a0": "1", "a1": "1", "n0": "1"}, [], id="on the same"),
        pytest.param((USAGE, MORE), {"a0": "1"}, ["m0"], id="a line that came too late"),
        pytest.param(
            (USAGE, MORE, revision_of(MORE, "m1", 5, due_us=MARCH)),
            {"a0": "1"},
            ["m0", "m1"],
            id="and its revision",
        ),
        pytest.param((USAGE, YEN), {"a0": "1"}, [], id="another currency"),
        pytest.param(
            (USAGE, LATE, whole(LineKind.RECURRING_FEE, "g0", 100, due_us=JANUARY)),
            {"g0": "1"},
            [],
            id="of a line that is on no invoice",
        ),
    ],
)
def test_what_is_a_correction(
    charges: tuple[Charge, ...], numbers: dict[str, str], expected: list[str]
) -> None:
    """It changes what an invoice of an earlier billing period said."""
    bills = bill_charges(charges, None, invoices_on(charges, numbers))
    found = [
        each.charge_id for each, of in zip(charges, bills, strict=True) if of.corrects_invoiced
    ]
    assert found == expected


@pytest.mark.parametrize(
    ("issued_us", "is_correction"), [(FEBRUARY, True), (MARCH, True), (MARCH + 1, False)]
)
def test_an_invoice_that_is_issued_later_is_not_corrected(
    issued_us: int, is_correction: bool
) -> None:
    """January's lay as a draft; at one instant the order of the account's invoices decides."""
    charges = (USAGE, MORE)
    first, second = invoices_on(charges, {"a0": "1", "m0": "2"})
    assert second.issued_us == MARCH
    bills = bill_charges(charges, None, [replace(first, issued_us=issued_us), second])
    assert [each.corrects_invoiced for each in bills] == [False, is_correction]


def test_the_name_on_the_invoice_that_was_issued_last() -> None:
    """Whatever its currency, and neither a draft's nor that of an invoice that is void."""
    (first,) = invoices_on([USAGE], {"a0": "1"})

    def named(name: str, **changes: Any) -> Invoice:
        terms = replace(first.terms, buyer=replace(first.terms.buyer, name=name))
        return replace(first, terms=terms, **changes)

    rand = named("of January", issued_us=FEBRUARY)
    invoices = [
        named("void", state=InvoiceState.VOID, issued_us=APRIL),
        named("draft", state=InvoiceState.DRAFT, issued_us=None),
        named("of February", issued_us=MARCH, sequence=2),
        named("of February before", issued_us=MARCH, sequence=1),
        replace(rand, terms=replace(rand.terms, currency="ZAR")),
    ]
    assert buyer_names(invoices) == buyer_names(invoices[::-1]) == {"A": "of February"}


def test_accounts_are_billed_apart() -> None:
    """Rows come by account; names, invoices and periods of one say nothing of another."""
    other = charge_of(charge_id="z0", account_id="Z", due_us=MARCH)
    first, second = focus_rows(
        [other, USAGE], SELLER, {"A": "Ada"}, invoices_on([USAGE], {"a0": "1"})
    )
    assert (first["BillingAccountName"], second["BillingAccountName"]) == ("Ada", None)
    assert second["ChargeClass"] is None


def test_a_revision_whose_charge_before_is_missing_is_a_broken_invariant() -> None:
    """Its quantity would be told as if nothing had been consumed before."""
    with pytest.raises(AssertionError, match="charge a1: no one before"):
        bill_charges([revision_of(USAGE, "a1", 30)], None, ())
