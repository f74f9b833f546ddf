"""What an account reads of how an amount was formed: the steps of each model, whole."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

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
    Volume,
)
from schemas.statement import GroupUsage
from tests.udfs.rating.using import groups, price_of, tiers, valued
from udfs.rating import SegmentUsage, rate

D = Decimal
TIERS = tiers(("10", "2", "5"), ("20", "1", "3"), (None, "0.5", "1"))
MATRIX = Matrix((Cell((("at", "JFK"),), D(7)),), D(3))
EACH_BOUND = Percentage(D("0.1"), D(1), least_fee=D(2), greatest_fee=D(5))


def _values(place: str, value: str, count: int = 1) -> GroupUsage:
    return GroupUsage(f'{{"at":"{place}"}}', D(value) * count, count, ((D(value), count),))


Steps = list[tuple[str, str, str | None, str]]
# Model, usage, and what else a price says; then label, quantity, unit price and amount.
CASES: list[tuple[PriceModel, tuple[GroupUsage, ...], dict[str, str], Steps]] = [
    (Flat(D(30)), groups("4"), {}, [("flat", "1", None, "30")]),
    (PerUnit(D(2)), groups("4"), {}, [("units", "4", "2", "8")]),
    (
        Percentage(D("0.01"), D("0.3")),
        groups("50", 2),
        {},
        [("share", "50", "0.01", "1/2"), ("fixed fee", "2", None, "3/5")],
    ),
    (Percentage(D("0.01")), groups("50", 2), {}, [("share", "50", "0.01", "1/2")]),
    (Percentage(D(0), D("0.3")), groups("50", 2), {}, [("fixed fee", "2", None, "3/5")]),
    (
        EACH_BOUND,
        (*valued("100", "5"), *valued("20", "5")),
        {},
        [
            ("events of 5", "2", None, "4"),
            ("events of 20", "1", None, "3"),
            ("events of 100", "1", None, "5"),
        ],
    ),
    (
        EACH_BOUND,
        (_values("A", "20"), _values("B", "5")),
        {},
        [("events of 5", "1", None, "2"), ("events of 20", "1", None, "3")],
    ),
    (EACH_BOUND, (_values("A", "5"), _values("B", "5", -1)), {}, []),
    (Package(D(5), D(4)), groups("0"), {}, []),
    (
        Graduated(TIERS, fee_if_unused=True),
        groups("0"),
        {},
        [("flat fee up to 10", "1", None, "5")],
    ),
    (Volume(TIERS, fee_if_unused=True), groups("0"), {}, [("flat fee up to 10", "1", None, "5")]),
    (
        MATRIX,
        groups({"JFK": "4", "LGA": "2"}),
        {"free_units": "1"},
        [('{"at":"JFK"}', "3", "7", "21"), ('{"at":"LGA"}', "2", "3", "6")],
    ),
    (
        Dynamic(None, D("0.1")),
        groups("50"),
        {},
        [("cost", "50", None, "50"), ("markup", "50", None, "5")],
    ),
    (Dynamic("EUR"), groups("50"), {}, [("cost in EUR", "50", None, "60")]),
    (
        Graduated(TIERS),
        groups("21"),
        {},
        [
            ("tier up to 10", "10", "2", "20"),
            ("flat fee up to 10", "1", None, "5"),
            ("tier up to 20", "10", "1", "10"),
            ("flat fee up to 20", "1", None, "3"),
            ("tier above 20", "1", "0.5", "1/2"),
            ("flat fee above 20", "1", None, "1"),
        ],
    ),
    (
        Volume(TIERS),
        groups("12"),
        {},
        [("tier up to 20", "12", "1", "12"), ("flat fee up to 20", "1", None, "3")],
    ),
    (Package(D(5), D(4)), groups("11"), {}, [("packages", "3", "4", "12")]),
    (
        Stairstep((Step(D(10), D(3)), Step(None, D(8)))),
        groups("11"),
        {},
        [("step above 10", "1", None, "8")],
    ),
    (
        PerUnit(D(2)),
        groups("4"),
        {"maximum": "5"},
        [("units", "4", "2", "8"), ("maximum", "1", None, "-3")],
    ),
    (
        PerUnit(D(2)),
        groups("4"),
        {"minimum": "10"},
        [("units", "4", "2", "8"), ("minimum", "1", None, "2")],
    ),
]


@pytest.mark.parametrize(("model", "used", "others", "expected"), CASES)
def test_steps_of_a_model(
    model: PriceModel, used: tuple[GroupUsage, ...], others: dict[str, Any], expected: Steps
) -> None:
    """Label, quantity, unit price and amount, in their order."""
    usage = SegmentUsage(used, fx_rates={"EUR": D("1.2")})
    found = [
        (
            each.label,
            f"{each.quantity:f}",
            None if each.unit_price is None else f"{each.unit_price:f}",
            str(each.amount),
        )
        for each in rate(price_of(model, **others), usage)
    ]
    assert found == expected


def test_steps_have_a_last_without_end() -> None:
    """A card that was not checked prices nothing as nothing."""
    usage = SegmentUsage(groups("11"))
    with pytest.raises(AssertionError, match="expected the last without end"):
        rate(price_of(Stairstep((Step(D(10), D(3)),))), usage)
