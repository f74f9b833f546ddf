"""A period priced by the rules of pricing, corrected and credited, as FOCUS tells it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from schemas.charge import Charge
from schemas.contract import Contract, CreditGrant, Discount, OneOffFee
from schemas.focus import FocusRow, FocusSeller
from schemas.price_model import Graduated, Package, PerUnit, Tier
from schemas.rate_card import Due, MeterPrice, Proration, RateCard, RecurringFee
from schemas.statement import (
    CreditBalance,
    GroupUsage,
    LineKind,
    MeterUsage,
    PricedPeriod,
    Segment,
)
from tests.charges import FEBRUARY, JANUARY, MARCH
from tests.focus_invoices import invoices_on
from udfs.charging import ChargeRun, charge_changes
from udfs.checking_focus import check_focus
from udfs.exporting_focus import focus_rows
from udfs.pricing import price_period
from udfs.rounding import from_minor

CARD = RateCard(
    "standard",
    "USD",
    version=1,
    effective_from_us=JANUARY,
    prices=(
        MeterPrice(
            "landings",
            "landings",
            "landing",
            Graduated((Tier(Decimal(100), Decimal("0.30")), Tier(None, Decimal("0.10")))),
        ),
        MeterPrice("miles", "miles", "flights", PerUnit(Decimal("0.0033")), Decimal(100)),
        MeterPrice("calls", "calls", "calls", Package(Decimal(1000), Decimal(5))),
    ),
    fees=(
        RecurringFee("platform", "platform", Decimal(49), Due.ADVANCE, Proration.NONE),
        RecurringFee("support", "support", Decimal("9.99")),
    ),
    maximum=Decimal(60),
)
CONTRACT = Contract(
    "A",
    1,
    JANUARY,
    card_id="standard",
    currency="USD",
    commitment=Decimal(1000),
    tags=(("team", "east"),),
)
DISCOUNT = Discount("spring", Decimal("0.1"), None, (), JANUARY, None)
GRANT = CreditGrant("welcome", "A", "USD", Decimal(5), JANUARY, None)
SELLER = FocusSeller("Air", "Air", "Air")


def _usage(meter_id: str, quantity: int) -> MeterUsage:
    group = GroupUsage("{}", Decimal(quantity), quantity)
    return MeterUsage(meter_id, meter_id, True, True, ((group,),), (f"{meter_id}-0",))


def _january(**quantities: int) -> PricedPeriod:
    usage = [_usage(name, quantity) for name, quantity in sorted(quantities.items())]
    return PricedPeriod(
        "A",
        JANUARY,
        FEBRUARY,
        "UTC",
        JANUARY,
        FEBRUARY,
        segments=(Segment(JANUARY, FEBRUARY, CARD, CONTRACT),),
        usage=tuple(usage),
        discount_periods=((DISCOUNT, 1),),
        one_off_fees=(OneOffFee("setup", "A", "setup", "USD", Decimal(100), JANUARY),),
        credits=(CreditBalance(GRANT, 500, 0),),
    )


def _charge(period: PricedPeriod, before: list[Charge], run: ChargeRun) -> list[Charge]:
    return [*before, *charge_changes(period, price_period(period), before, run)]


def _rows(charges: list[Charge], invoices: dict[str, str]) -> tuple[FocusRow, ...]:
    rows = focus_rows(charges, SELLER, {}, invoices_on(charges, invoices))
    assert check_focus(rows) == ()
    billed = [row["BilledCost"] for row in rows]
    assert all(isinstance(each, Decimal) for each in billed)
    total = from_minor(sum(each.amount_minor for each in charges), "USD")
    assert sum(Fraction(str(each)) for each in billed) == total
    return rows


def test_a_priced_period_is_told_by_the_rules() -> None:
    """Tiers, packages, fees, maximum, commitment, discount and credit; then a correction."""
    first = _charge(_january(landings=150, miles=10_000, calls=1500), [], ChargeRun("r1", FEBRUARY))
    assert {each.kind for each in first} == {*LineKind} - {LineKind.MINIMUM, LineKind.TRIAL}
    rows = {(row["x_LineKind"], row["x_LineId"]): row for row in _rows(first, {})}
    told = {
        name: (row["ContractedUnitPrice"], row["PricingQuantity"], row["PricingUnit"])
        for (_, name), row in rows.items()
        if row["PricingQuantity"] is not None
    }
    assert told == {
        "landings": (Decimal(35), 1, "Units"),
        "miles": (Decimal("0.0033"), 9900, "miles"),
        "calls": (Decimal(5), 2, "Packages"),
        "platform": (Decimal(49), 1, "Units"),
        "support": (Decimal("9.99"), 1, "Units"),
        "setup": (Decimal(100), 1, "Units"),
    }
    assert rows["usage", "miles"]["BilledCost"] == Decimal("32.67")
    assert rows["maximum", "standard"]["ChargeCategory"] == "Adjustment"

    more = _january(landings=150, miles=1000, calls=1500)
    drawn = replace(more, credits=(CreditBalance(GRANT, 500, 500),))
    second = _charge(drawn, first, ChargeRun("r2", MARCH))
    assert len(second) > len(first)
    invoices = {each.charge_id: "2013-0001" for each in first}
    corrected = [row for row in _rows(second, invoices) if row["ChargeClass"] == "Correction"]
    assert len(corrected) == len(second) - len(first)
    (miles,) = [row for row in corrected if row["x_LineId"] == "miles"]
    assert (miles["BilledCost"], miles["ConsumedQuantity"]) == (Decimal("-29.70"), -9000)
    assert all(row["ChargeClass"] is None for row in _rows(second, {}))
