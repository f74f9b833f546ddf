"""Price models: the ones that can be used, and what is wrong with each that cannot."""

from decimal import Decimal

import pytest

from schemas.aggregation import Aggregation, AggregationOptions
from schemas.meter import Meter
from schemas.plain_form_reader import steps_text
from schemas.price_model import (
    Cell,
    Dynamic,
    Flat,
    Graduated,
    Matrix,
    Package,
    Percentage,
    PerUnit,
    PriceModel,
    Stairstep,
    Step,
    Tier,
    Volume,
)
from schemas.rate_card import MeterPrice, RateCard
from udfs.checking import check_card

D = Decimal
COUNT = Meter("calls", "call", Aggregation.COUNT, None, "call", ("region", "tier"), 0, 0)
SUM = Meter("paid", "pay", Aggregation.SUM, "units", "USD", (), 0, 0)
MEDIAN = AggregationOptions(percentile=D(50))
KEPT = Meter("payments", "pay", Aggregation.PERCENTILE, "units", "USD", (), 0, 0, MEDIAN)
METERS = {meter.meter_id: meter for meter in (COUNT, SUM, KEPT)}


def problems(model: PriceModel, meter: Meter, free_units: int = 0) -> list[str]:
    """Return what is wrong with a card in USD of one price, as lines."""
    price = MeterPrice("p", meter.meter_id, "x", model, D(free_units))
    card = RateCard("gold", "USD", 1, 0, prices=(price,))
    return [
        f"{steps_text(each.steps).removeprefix('prices[0].')}: {each.expected}, {each.found}"
        for each in check_card(card, METERS)
    ]


def cell(price: int = 1, **values: str) -> Cell:
    """Return a cell of a matrix."""
    return Cell(tuple(sorted(values.items())), D(price))


TIERS = (Tier(D(5), D(2)), Tier(D("5.5"), D(1), D(3)), Tier(None, D(0)))
BOUNDED = Percentage(D("0.1"), D(1), least_fee=D(1), greatest_fee=D(1))


@pytest.mark.parametrize(
    ("model", "meter"),
    [
        (Flat(D(0)), COUNT),
        (PerUnit(D("0.000000001")), COUNT),
        (Graduated(TIERS), COUNT),
        (Graduated(TIERS[2:]), COUNT),
        (Volume(TIERS), SUM),
        (Package(D("0.5"), D(0)), COUNT),
        (Stairstep((Step(D(1), D(9)), Step(None, D(8)))), COUNT),
        (Percentage(D(0), D("0.3"), D(100)), SUM),
        (Percentage(D(1)), KEPT),
        (BOUNDED, KEPT),
        (Matrix((cell(region="a"), cell(region="b", tier="1"), cell(tier="1"))), COUNT),
        (Dynamic(), SUM),
        (Dynamic("JPY", D("0.15")), SUM),
    ],
)
def test_what_can_be_used(model: PriceModel, meter: Meter) -> None:
    """Nothing is wrong with it."""
    assert problems(model, meter) == []


@pytest.mark.parametrize(
    ("model", "meter", "line"),
    [
        (Flat(D(-1)), COUNT, "model.amount: at least 0, -1"),
        (PerUnit(D("-0.5")), COUNT, "model.unit_price: at least 0, -0.5"),
        (Graduated(()), COUNT, "model.tiers: a list of at least one, none"),
        (Volume(()), COUNT, "model.tiers: a list of at least one, none"),
        (Stairstep(()), COUNT, "model.steps: a list of at least one, none"),
        (
            Graduated(TIERS[:1]),
            COUNT,
            "model.tiers[0].up_to: none: the last one has no end, 5",
        ),
        (
            Volume((*TIERS, TIERS[2])),
            COUNT,
            "model.tiers[2].up_to: a number: only the last one has no end, nothing",
        ),
        (
            Graduated((TIERS[1], TIERS[0], TIERS[2])),
            COUNT,
            "model.tiers[1].up_to: more than 5.5, 5",
        ),
        (
            Volume((TIERS[0], TIERS[0], TIERS[2])),
            COUNT,
            "model.tiers[1].up_to: more than 5, 5",
        ),
        (
            Stairstep((Step(D(0), D(1)), Step(None, D(1)))),
            COUNT,
            "model.steps[0].up_to: more than 0, 0",
        ),
        (Stairstep((Step(None, D(-1)),)), COUNT, "model.steps[0].amount: at least 0, -1"),
        (Graduated((Tier(None, D(-1)),)), COUNT, "model.tiers[0].unit_price: at least 0, -1"),
        (Volume((Tier(None, D(1), D(-1)),)), COUNT, "model.tiers[0].flat_fee: at least 0, -1"),
        (Package(D(0), D(1)), COUNT, "model.size: a number above 0, 0"),
        (Package(D(1), D(-1)), COUNT, "model.price: at least 0, -1"),
        (Percentage(D("1.01")), SUM, "model.rate: a share above 0, at most 1, 1.01"),
        (Percentage(D("-0.1")), SUM, "model.rate: at least 0, -0.1"),
        (Percentage(D(1), free_amount=D(-1)), SUM, "model.free_amount: at least 0, -1"),
        (
            Percentage(D(1), least_fee=D(2), greatest_fee=D(1)),
            KEPT,
            "model.greatest_fee: at least the least fee 2, 1",
        ),
        (
            Percentage(D(1), least_fee=D(1)),
            SUM,
            "model.least_fee: none, or a meter that keeps values (percentile), one with paid (sum)",
        ),
        (
            Percentage(D(1), greatest_fee=D(1)),
            COUNT,
            "model.greatest_fee: none, or a meter that keeps values (percentile),"
            " one with calls (count)",
        ),
        (
            Percentage(D(1), free_amount=D(5), greatest_fee=D(1)),
            KEPT,
            "model.free_amount: none with greatest_fee, one",
        ),
        (Matrix(()), COUNT, "model.cells: a list of at least one, none"),
        (Matrix((cell(),)), COUNT, "model.cells[0].values: a dimension and its value, none"),
        (Matrix((cell(-1, tier="1"),)), COUNT, "model.cells[0].unit_price: at least 0, -1"),
        (Matrix((cell(tier="1"),), D(-1)), COUNT, "model.default: at least 0, -1"),
        (
            Matrix((cell(tier="1"), cell(zone="1"))),
            COUNT,
            "model.cells[1].values.zone: a dimension of calls (region, tier), 'zone'",
        ),
        (
            Matrix((cell(zone="1"),)),
            SUM,
            "model.cells[0].values.zone: a dimension of paid (none), 'zone'",
        ),
        (
            Matrix((cell(tier="1"), cell(2, tier="1"))),
            COUNT,
            "model.cells[1].values: values that no earlier cell takes, tier 1",
        ),
        (
            Matrix((cell(tier="1"), cell(2, region="a", tier="1"))),
            COUNT,
            "model.cells[1].values: values that no earlier cell takes, region a, tier 1",
        ),
        (
            Dynamic(),
            COUNT,
            "model.type: another one, or a meter of amounts (sum), calls (count)",
        ),
        (Dynamic("ABC"), SUM, "model.currency: a currency of ISO 4217, 'ABC'"),
        (Dynamic("USD"), SUM, "model.currency: none, or another one than the card's, 'USD'"),
        (Dynamic(None, D(-1)), SUM, "model.markup: at least 0, -1"),
    ],
)
def test_what_cannot(model: PriceModel, meter: Meter, line: str) -> None:
    """One problem, with its place in the price."""
    assert problems(model, meter) == [line]


def test_free_units_do_not_fit_fees_of_single_events() -> None:
    """No event is a part of what is free."""
    assert problems(BOUNDED, KEPT, 1) == ["free_units: none with least_fee, some"]
    assert problems(Percentage(D("0.1")), KEPT, 1) == []
