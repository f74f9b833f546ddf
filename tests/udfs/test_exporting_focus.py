"""Charges as rows of FOCUS 1.2: what each kind of charge becomes, before and after invoicing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from schemas.charge import Charge
from schemas.focus import EXPORTED_COLUMNS, FocusBilling, FocusRow, FocusSeller
from schemas.instant import to_us
from schemas.money import UnknownCurrencyError
from schemas.statement import LineKind
from tests.charges import (
    EVERY_KIND,
    FEBRUARY,
    JANUARY,
    USAGE,
    breakdown,
    charge_of,
    revision_of,
    whole,
)
from tests.focus_invoices import invoices_on
from udfs.checking_focus import check_focus
from udfs.exporting_focus import focus_row, focus_rows

SELLER = FocusSeller("Meterclose Air", "Meterclose Air", "Meterclose Air", "Analytics")
JANUARYS = FocusBilling("Ada's airline", JANUARY, FEBRUARY)


def _row(charge: Charge) -> FocusRow:
    return focus_row(charge, SELLER, JANUARYS)


def _rows(*charges: Charge, invoices: dict[str, str] | None = None) -> list[FocusRow]:
    rows = focus_rows(charges, SELLER, {"A": "Ada's airline"}, invoices_on(charges, invoices or {}))
    assert check_focus(rows) == ()
    return list(rows)


def test_a_whole_row_of_usage() -> None:
    """Every column of 1000 miles, 100 of them free, at 0.003 USD."""
    found = focus_row(USAGE, SELLER, JANUARYS)
    assert list(found) == [column.name for column in EXPORTED_COLUMNS]
    assert {name: value for name, value in found.items() if value is not None} == {
        "BilledCost": Decimal("2.70"),
        "BillingAccountId": "A",
        "BillingAccountName": "Ada's airline",
        "BillingAccountType": "Account",
        "BillingCurrency": "USD",
        "BillingPeriodEnd": datetime(2013, 2, 1, tzinfo=UTC),
        "BillingPeriodStart": datetime(2013, 1, 1, tzinfo=UTC),
        "ChargeCategory": "Usage",
        "ChargeDescription": "Usage miles on flights",
        "ChargeFrequency": "Usage-Based",
        "ChargePeriodEnd": datetime(2013, 2, 1, tzinfo=UTC),
        "ChargePeriodStart": datetime(2013, 1, 1, tzinfo=UTC),
        "ConsumedQuantity": Decimal(1000),
        "ConsumedUnit": "mile",
        "ContractedCost": Decimal("2.7"),
        "ContractedUnitPrice": Decimal("0.003"),
        "EffectiveCost": Decimal("2.70"),
        "InvoiceIssuerName": "Meterclose Air",
        "ListCost": Decimal("2.7"),
        "ListUnitPrice": Decimal("0.003"),
        "PricingCategory": "Standard",
        "PricingCurrency": "USD",
        "PricingCurrencyContractedUnitPrice": Decimal("0.003"),
        "PricingCurrencyEffectiveCost": Decimal("2.70"),
        "PricingCurrencyListUnitPrice": Decimal("0.003"),
        "PricingQuantity": Decimal(900),
        "PricingUnit": "mile",
        "ProviderName": "Meterclose Air",
        "PublisherName": "Meterclose Air",
        "ServiceCategory": "Analytics",
        "ServiceName": "flights",
        "ServiceSubcategory": "Other (Analytics)",
        "SkuId": "standard/miles",
        "SkuMeter": "miles_flown",
        "SkuPriceId": "standard/miles",
        "Tags": '{"team":"east"}',
        "x_ChargeId": "a0",
        "x_LineKind": "usage",
        "x_LineId": "miles",
        "x_Group": "{}",
        "x_RateCardId": "standard",
        "x_RateCardVersion": "3",
        "x_ContractVersion": "2",
    }


def test_each_kind_has_its_category_and_frequency() -> None:
    """All kinds of lines keep the rules; what is granted is a credit, what is bound an adjustment.

    Source of the categories: FOCUS v1.2, ChargeCategory, its allowed values.
    """
    rows = {row["x_ChargeId"]: row for row in _rows(*EVERY_KIND)}
    assert {each.kind for each in EVERY_KIND} == set(LineKind)
    told = {name: (row["ChargeCategory"], row["ChargeFrequency"]) for name, row in rows.items()}
    assert told == {
        "a0": ("Usage", "Usage-Based"),
        "b0": ("Purchase", "Recurring"),
        "c0": ("Purchase", "One-Time"),
        "d0": ("Credit", "One-Time"),
        "e0": ("Adjustment", "Recurring"),
        "f0": ("Adjustment", "Recurring"),
        "g0": ("Credit", "Recurring"),
        "h0": ("Credit", "Recurring"),
        "i0": ("Adjustment", "Recurring"),
        "j0": ("Credit", "Recurring"),
    }
    assert rows["j0"]["ServiceName"] == "Prepaid credit"
    assert rows["h0"]["x_LineId"] == "the discount"
    assert rows["b0"]["SkuMeter"] == "the recurring_fee"
    assert all(row["CommitmentDiscountId"] is None for row in rows.values())


@pytest.mark.parametrize(
    ("charge", "price", "quantity", "unit"),
    [
        pytest.param(USAGE, "0.003", "900", "mile", id="units that cost alike"),
        pytest.param(
            charge_of(breakdown=breakdown("27/10", ("packages", "27", "0.1", "27/10"))),
            "0.1",
            "27",
            "Packages",
            id="packages",
        ),
        pytest.param(
            charge_of(
                breakdown=breakdown(
                    "27/10",
                    ("up to 900", "900", "0.001", "9/10"),
                    ("above 900", "100", "0.018", "9/5"),
                )
            ),
            "2.7",
            "1",
            "Units",
            id="tiers have no one price",
        ),
        pytest.param(
            charge_of(
                breakdown=breakdown(
                    "27/10", ("up to 100", "100", "0", "0"), ("above 100", "900", "0.003", "27/10")
                )
            ),
            "0.003",
            "900",
            "mile",
            id="tiers of which one costs",
        ),
        pytest.param(
            charge_of(
                breakdown=breakdown("-27/10", ("units", "900", "-0.003", "-27/10")),
                amount=Decimal("-2.7"),
                amount_minor=-270,
                total_minor=-270,
            ),
            "2.7",
            "-1",
            "Units",
            id="a price below 0",
        ),
        pytest.param(charge_of(unit=""), "0.003", "900", "Units", id="units without a name"),
        pytest.param(
            charge_of(breakdown=breakdown("27/10", ("flat", "1", None, "27/10"))),
            "2.7",
            "1",
            "Units",
            id="flat",
        ),
        pytest.param(
            charge_of(
                breakdown=breakdown("0", ("units", "1000", "0", "0")),
                amount=Decimal(0),
                amount_minor=0,
                total_minor=0,
            ),
            "0",
            "1000",
            "mile",
            id="units that cost nothing",
        ),
        pytest.param(
            charge_of(breakdown=breakdown("0"), amount=Decimal(0), amount_minor=0, total_minor=0),
            "0",
            "0",
            "Units",
            id="nothing",
        ),
        pytest.param(whole(LineKind.RECURRING_FEE, "b0", -4900), "49", "-1", "Units", id="below 0"),
        pytest.param(
            charge_of(
                breakdown=breakdown("31/10", ("seats", "2", "3.1", "31/10")),
                amount=Decimal("3.1"),
                amount_minor=310,
                total_minor=310,
            ),
            "3.1",
            "1",
            "Units",
            id="half of a period: 2 seats at 3.1 are not 3.1",
        ),
        pytest.param(
            charge_of(
                quantity=Decimal(10),
                breakdown=breakdown(
                    "1/100", ("units", "10000000000000", "0.000000000000001", "1/100")
                ),
                amount=Decimal("0.01"),
                amount_minor=1,
                total_minor=1,
            ),
            "0.01",
            "1",
            "Units",
            id="a price of 15 decimals fits no column of 12",
        ),
    ],
)
def test_prices(charge: Charge, price: str, quantity: str, unit: str) -> None:
    """A price of the card where it makes the amount; else one unit of the whole amount.

    The products of price and quantity are the charge's amount before rounding, by hand.
    """
    row = _row(charge)
    assert check_focus([row]) == ()
    assert (row["ContractedUnitPrice"], row["PricingQuantity"]) == (
        Decimal(price),
        Decimal(quantity),
    )
    assert row["PricingUnit"] == unit
    assert row["ContractedCost"] == row["ListCost"] == charge.amount


def test_a_segment_is_the_charge_period() -> None:
    """A price that began on 10 January is charged from then on; it is billed with January."""
    day = datetime(2013, 1, 10, tzinfo=UTC)
    first = _row(charge_of(segment_end_us=to_us(day)))
    second = _row(charge_of(segment_start_us=to_us(day)))
    assert (first["ChargePeriodStart"], first["ChargePeriodEnd"]) == (_january(1), day)
    assert (second["ChargePeriodStart"], second["ChargePeriodEnd"]) == (day, _january(32))
    assert first["BillingPeriodEnd"] == second["BillingPeriodEnd"] == _january(32)


def _january(day: int) -> datetime:
    return datetime(2013, 1, 1, tzinfo=UTC) + timedelta(days=day - 1)


def test_usage_without_a_unit() -> None:
    """FOCUS wants a unit with each quantity."""
    assert _row(charge_of(unit=""))["ConsumedUnit"] == "Units"


def test_costs_before_rounding_stay_exact() -> None:
    """100 units at 0.0111 USD are 1.11; 101 are 1.1211, billed as 1.12."""
    charge = charge_of(
        quantity=Decimal(101),
        breakdown=breakdown("11211/10000", ("units", "101", "0.0111", "11211/10000")),
        amount=Decimal("1.1211"),
        amount_minor=112,
        total_minor=112,
    )
    row = _row(charge)
    assert (row["BilledCost"], row["ContractedCost"]) == (Decimal("1.12"), Decimal("1.1211"))


@pytest.mark.parametrize(
    ("currency", "billed"), [("JPY", "270"), ("USD", "2.70"), ("BHD", "0.270"), ("CLF", "0.0270")]
)
def test_minor_units_of_each_currency(currency: str, billed: str) -> None:
    """270 minor units, by the decimals of ISO 4217."""
    row = _row(charge_of(currency=currency))
    assert row["BilledCost"] == row["EffectiveCost"] == Decimal(billed)
    assert row["BillingCurrency"] == row["PricingCurrency"] == currency


def test_an_unknown_currency_is_refused() -> None:
    """One line."""
    with pytest.raises(UnknownCurrencyError, match="expected a code of ISO 4217, found 'XBT'"):
        _row(charge_of(currency="XBT"))


def test_a_credit_that_is_taken_back_stays_a_credit() -> None:
    """A one-off fee's sign is that of what it came to before, when it comes to nothing now."""
    credit = whole(LineKind.ONE_OFF_FEE, "d0", -2500)
    fee = whole(LineKind.ONE_OFF_FEE, "c0", 2500, line_id="setup")
    rows = _rows(fee, credit, revision_of(credit, "d1", 2500), revision_of(fee, "c1", -2500))
    categories = {row["x_ChargeId"]: row["ChargeCategory"] for row in rows}
    assert categories == {"c0": "Purchase", "c1": "Purchase", "d0": "Credit", "d1": "Credit"}


def test_names_are_not_joined_to_one() -> None:
    """Two prices of two cards whose names would be the same text when joined."""
    one = _row(charge_of(card_id="a/b", line_id="c"))
    other = _row(charge_of(card_id="a", line_id="b/c"))
    assert (one["SkuId"], other["SkuId"]) == ("a%2Fb/c", "a/b%2Fc")
