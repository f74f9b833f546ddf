"""Price models whose price depends on how much is used, case by case."""

from decimal import Decimal
from fractions import Fraction

import pytest

from schemas.price_model import Graduated, Package, PriceModel, Stairstep, Step, Tier, Volume
from tests.udfs.rating.using import cost, groups, price_of, steps, tiers
from udfs.rating import SegmentUsage, rate

D = Decimal

# https://docs.stripe.com/subscriptions/pricing-models/tiered-pricing: fonts at 7, 6.5 and 6 USD.
STRIPE = tiers(("5", "7"), ("10", "6.5"), (None, "6"))
# https://zuplo.com/docs/articles/monetization/pricing-models: calls.
ZUPLO = tiers(("1000", "0.10"), ("10000", "0.05"), (None, "0.01"))
# https://getlago.com/docs/guide/plans/charges/charge-models/volume: calls, a fee of 10 in each.
LAGO = tiers(
    ("10000", "0.0010", "10"),
    ("50000", "0.0008", "10"),
    ("100000", "0.0006", "10"),
    (None, "0.0004", "10"),
)
FEES = tiers(("10", "2", "5"), ("20", "1", "3"), (None, "0", "1"))
PARTS_OF_UNITS = tiers(("0.5", "4"), (None, "2"))

GRADUATED = [
    (STRIPE, "1", "7"),
    (STRIPE, "5", "35"),  # exactly at up_to
    (STRIPE, "6", "41.5"),
    (STRIPE, "20", "127.5"),  # 5 x 7 + 5 x 6.5 + 10 x 6
    (STRIPE, "0", "0"),
    (STRIPE, "-3", "0"),
    (ZUPLO, "15000", "600"),  # 100 + 450 + 50
    (FEES, "0", "0"),
    (FEES, "10", "25"),  # 10 x 2 + 5
    (FEES, "10.000000001", "28.000000001"),  # the second fee is due with the first part above
    (FEES, "20", "38"),  # 20 + 5 + 10 + 3
    (FEES, "21", "39"),  # and 1 x 0 + 1
    (PARTS_OF_UNITS, "0.25", "1"),
    (PARTS_OF_UNITS, "0.75", "2.5"),  # 0.5 x 4 + 0.25 x 2
]
VOLUME = [
    (STRIPE, "1", "7"),
    (STRIPE, "5", "35"),
    (STRIPE, "6", "39"),
    (STRIPE, "20", "120"),
    (STRIPE, "25", "150"),
    (STRIPE, "0", "0"),
    (STRIPE, "-1", "0"),
    (FEES, "0", "0"),
    (FEES, "-1", "0"),
    (ZUPLO, "15000", "150"),
    (LAGO, "65000", "49"),
    (LAGO, "100000", "70"),  # 100,000 x 0.0006 + 10
    (LAGO, "100000.5", "50.0002"),  # just above: 100,000.5 x 0.0004 + 10
    (FEES, "10", "25"),
    (FEES, "11", "14"),
    (FEES, "1000", "1"),
]


@pytest.mark.parametrize(("listed", "quantity", "amount"), GRADUATED)
def test_graduated(listed: tuple[Tier, ...], quantity: str, amount: str) -> None:
    """Each unit costs what its tier says; `up_to` is inclusive."""
    assert cost(Graduated(listed), quantity) == Fraction(amount)


@pytest.mark.parametrize(("listed", "quantity", "amount"), VOLUME)
def test_volume(listed: tuple[Tier, ...], quantity: str, amount: str) -> None:
    """All units cost what the tier of the whole says; more may cost less."""
    assert cost(Volume(listed), quantity) == Fraction(amount)


@pytest.mark.parametrize("model", [Graduated(FEES, True), Volume(FEES, True)])
@pytest.mark.parametrize(("quantity", "amount"), [("", 5), ("0", 5), ("-2", 5), ("1", 7)])
def test_a_fee_where_nothing_was_used(model: PriceModel, quantity: str, amount: int) -> None:
    """The first tier's flat fee is due without usage where the card says so, and never twice."""
    assert cost(model, quantity) == amount


@pytest.mark.parametrize(
    ("size", "price", "free", "quantity", "amount"),
    [
        # https://getlago.com/docs/guide/plans/charges/charge-models/package: 5 per 100, 100 free.
        ("100", "5", "100", "201", "10"),
        ("100", "5", "100", "200", "5"),
        ("100", "5", "100", "100", "0"),
        ("100", "5", "0", "0", "0"),
        ("100", "5", "0", "-1", "0"),
        ("100", "5", "0", "0.000000001", "5"),
        ("100", "5", "0", "100", "5"),
        ("100", "5", "0", "100.000000001", "10"),
        ("0.25", "1", "0", "1", "4"),
        ("0.3", "1", "0", "1", "4"),  # 3 1/3
    ],
)
def test_package(size: str, price: str, free: str, quantity: str, amount: str) -> None:
    """A package that is begun is due as a whole; free units are taken off before."""
    assert cost(Package(D(size), D(price)), quantity, free_units=free) == Fraction(amount)


STEPS = (Step(D(100), D(10)), Step(D(500), D(40)), Step(None, D(100)))


@pytest.mark.parametrize(
    ("if_unused", "quantity", "amount"),
    [
        (False, "", 0),
        (False, "0", 0),
        (True, "", 10),
        (True, "0", 10),
        (False, "-5", 0),
        (False, "0.1", 10),
        (False, "100", 10),
        (False, "100.000000001", 40),
        (False, "500", 40),
        (False, "501", 100),
        (True, "501", 100),
    ],
)
def test_stairstep(if_unused: bool, quantity: str, amount: int) -> None:
    """One amount for the whole quantity, by the step in which it lies."""
    assert cost(Stairstep(STEPS, if_unused), quantity) == amount


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (
            Graduated(FEES),
            [
                ("tier up to 10", "10", "20"),
                ("flat fee up to 10", "1", "5"),
                ("tier up to 20", "10", "10"),
                ("flat fee up to 20", "1", "3"),
                ("tier above 20", "1.5", "0"),
                ("flat fee above 20", "1", "1"),
            ],
        ),
        (Volume(STRIPE), [("tier above 10", "21.5", "129")]),
        (Package(D(10), D(3)), [("packages", "3", "9")]),
        (Stairstep(STEPS), [("step up to 100", "1", "10")]),
    ],
)
def test_steps_explain_the_amount(model: PriceModel, expected: list[tuple[str, str, str]]) -> None:
    """Each step names its tier, its units and what they come to."""
    assert steps(rate(price_of(model), SegmentUsage(groups("21.5")))) == expected


@pytest.mark.parametrize("model", [Graduated(STRIPE[:1]), Volume(STRIPE[:1])])
def test_tiers_that_end_are_a_broken_card(model: PriceModel) -> None:
    """Units above the last tier never cost nothing in silence."""
    with pytest.raises(AssertionError, match="last without end"):
        cost(model, "6")
