"""How charges are billed before and after invoicing: periods, invoices, corrections."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from schemas.charge import Charge
from schemas.focus import FocusRow, FocusSeller
from schemas.statement import LineKind
from tests.charges import APRIL, FEBRUARY, JANUARY, MARCH, USAGE, charge_of, revision_of, whole
from udfs.billing_focus import bill_charges
from udfs.checking_focus import check_focus
from udfs.exporting_focus import focus_rows

SELLER = FocusSeller("Air", "Air", "Air")


def _rows(*charges: Charge, invoices: dict[str, str] | None = None) -> list[FocusRow]:
    rows = focus_rows(charges, SELLER, {"A": "Ada's airline"}, invoices or {})
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
    ],
)
def test_the_billing_period_of_a_correction(others: tuple[Charge, ...], start_us: int) -> None:
    """It ends when the correction is due."""
    late = revision_of(USAGE, "a1", 30, due_us=APRIL)
    *_, billing = bill_charges([USAGE, *others, late], None, {})
    assert (billing.period_start_us, billing.period_end_us) == (start_us, APRIL)


def test_accounts_are_billed_apart() -> None:
    """Rows come by account; names, invoices and periods of one say nothing of another."""
    other = charge_of(charge_id="z0", account_id="Z", due_us=MARCH)
    first, second = focus_rows([other, USAGE], SELLER, {"A": "Ada"}, {"a0": "1"})
    assert (first["BillingAccountName"], second["BillingAccountName"]) == ("Ada", None)
    assert second["ChargeClass"] is None


def test_a_revision_whose_charge_before_is_missing_is_a_broken_invariant() -> None:
    """Its quantity would be told as if nothing had been consumed before."""
    with pytest.raises(AssertionError, match="charge a1: no one before"):
        bill_charges([revision_of(USAGE, "a1", 30)], None, {})
