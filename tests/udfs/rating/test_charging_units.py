"""Price models whose price does not depend on how much is used, case by case."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from schemas.price_model import Cell, Dynamic, Flat, Matrix, Percentage, PerUnit, PriceModel
from schemas.statement import GroupUsage
from tests.udfs.rating.using import cost, groups, price_of, steps, valued
from udfs.rating import MissingPriceError, SegmentUsage, rate, sum_parts

D = Decimal


@pytest.mark.parametrize(
    ("if_unused", "quantity", "event_count", "amount"),
    [
        (True, "", 0, 30),
        (True, "1000", 5, 30),
        (False, "", 0, 0),
        (False, "0", 0, 0),
        (False, "0", 1, 30),  # an event of no units is usage
        (False, "2", 0, 30),  # so is a level that was carried in, without events
    ],
)
def test_flat(if_unused: bool, quantity: str, event_count: int, amount: int) -> None:
    """One amount, whatever is used; unused it is due where the card says so."""
    assert cost(Flat(D(30), if_unused), quantity, event_count) == amount


@pytest.mark.parametrize(
    ("unit_price", "free", "quantity", "amount"),
    [
        ("0.05", "0", "1000", "50"),  # Lago, Flexprice: 1,000 calls at 0.05
        ("0.001", "0", "100000", "100"),  # https://zuplo.com/docs/articles/monetization
        ("0.011", "0", "100", "1.1"),
        ("0.000000001", "0", "0.000000001", "0.000000000000000001"),
        ("2", "0", "0", "0"),
        ("2", "0", "", "0"),
        ("2", "0", "-3", "-6"),  # units that were given back, at the price that they had
        ("2", "10", "9.5", "0"),
        ("2", "10", "10", "0"),
        ("2", "10", "10.5", "1"),
        ("2", "10", "-3", "-6"),
        ("0", "0", "7", "0"),
    ],
)
def test_per_unit(unit_price: str, free: str, quantity: str, amount: str) -> None:
    """Each unit costs the same, the free ones nothing."""
    assert cost(PerUnit(D(unit_price)), quantity, free_units=free) == Fraction(amount)


@pytest.mark.parametrize(
    ("rate_text", "fixed", "free", "quantity", "event_count", "amount"),
    [
        # https://docs.getlago.com/guide/plans/charges/charge-models/percentage: 50 at 1.2 % + 0.10.
        ("0.012", "0.10", "0", "50", 1, "0.70"),
        ("0.012", "0.10", "500", "450", 4, "0.40"),  # the rate is free, the fixed fee is due
        ("0.012", "0.10", "500", "500", 4, "0.40"),
        ("0.012", "0.10", "500", "550", 5, "1.10"),  # 50 x 0.012 + 5 x 0.10
        ("0.029", "0.30", "0", "100", 1, "3.20"),
        ("0.029", "0.30", "0", "0", 2, "0.60"),
        ("0.029", "0.30", "0", "", 0, "0"),
        ("0.029", "0", "0", "-100", 1, "-2.90"),  # a payment that went back
        ("0.029", "0", "50", "-100", 1, "-2.90"),
    ],
)
def test_percentage(
    rate_text: str, fixed: str, free: str, quantity: str, event_count: int, amount: str
) -> None:
    """A share of the amount beyond the free one, and a fee for each event."""
    model = Percentage(D(rate_text), D(fixed), D(free))
    assert cost(model, quantity, event_count) == Fraction(amount)


@pytest.mark.parametrize(
    ("least", "greatest", "values", "amount"),
    [
        ("0.50", None, ("10", "100"), "1.60"),  # 0.20 is lifted to 0.50; 1.10 stays
        ("0.20", None, ("10",), "0.20"),  # exactly the least
        (None, "1", ("10", "100", "1000"), "2.20"),  # 0.20, then 1.10 and 10.10 held at 1
        ("0.50", "1", ("10", "50", "1000"), "2.10"),  # 0.50, 0.60, 1
        ("0.50", "1", ("10", "10", "10"), "1.50"),  # each event by itself
        ("0.50", "1", (), "0"),
    ],
)
def test_least_and_greatest_fee_of_an_event(
    least: str | None, greatest: str | None, values: tuple[str, ...], amount: str
) -> None:
    """1 % and 0.10 of each event, held within bounds."""
    bounds = [None if each is None else D(each) for each in (least, greatest)]
    model = Percentage(D("0.01"), D("0.10"), D(0), *bounds)
    parts = rate(price_of(model), SegmentUsage(valued(*values)))
    assert sum_parts(parts) == Fraction(amount)


AIRPORTS = Matrix(
    (
        Cell((("at", "JFK"),), D(10)),
        Cell((("at", "LGA"), ("size", "big")), D(7)),
        Cell((("at", "LGA"),), D(5)),
    ),
    D(1),
)


@pytest.mark.parametrize(
    ("used", "free", "amount"),
    [
        ({"JFK": "2"}, "0", 20),
        ({"LGA": "3"}, "0", 15),  # the cell before it asks for a size, too
        ({"EWR": "4"}, "0", 4),
        ({"JFK": "2", "LGA": "3", "EWR": "4"}, "0", 39),
        # Free are the first units by order of dimensions: 4 of EWR, then 1 of JFK.
        ({"JFK": "2", "LGA": "3", "EWR": "4"}, "5", 25),
        ({"JFK": "2", "EWR": "4"}, "6", 0),
        ({"JFK": "-2", "LGA": "3"}, "1", -10),  # -2 x 10 + 2 x 5
        ({}, "0", 0),
        ("6", "0", 6),  # without the dimension only the default fits
    ],
)
def test_matrix(used: dict[str, str] | str, free: str, amount: int) -> None:
    """Each unit costs what the first cell says that fits."""
    assert cost(AIRPORTS, used, free_units=free) == amount


def test_all_values_of_a_cell_must_fit() -> None:
    """A cell of two dimensions prices units that have both."""
    big = GroupUsage('{"at":"LGA","size":"big"}', D(2), 1)
    parts = rate(price_of(AIRPORTS), SegmentUsage((*groups({"LGA": "3"}), big)))
    assert steps(parts) == [('{"at":"LGA","size":"big"}', "2", "14"), ('{"at":"LGA"}', "3", "15")]


@pytest.mark.parametrize(
    ("currency", "markup", "quantity", "amount"),
    [
        (None, "0", "12.34", "12.34"),
        (None, "0.15", "100", "115"),  # cloud costs, passed on at 115 %
        ("EUR", "0", "100", "108.5"),
        ("EUR", "0.1", "100", "119.35"),  # 100 x 1.085 x 1.1
        ("EUR", "0.1", "-100", "-119.35"),
        ("EUR", "0.1", "0", "0"),
        ("GBP", "0.1", "0", "0"),  # nothing to convert needs no rate
    ],
)
def test_dynamic(currency: str | None, markup: str, quantity: str, amount: str) -> None:
    """The quantity is the amount, by the rate of exchange that is given, with a markup."""
    model = Dynamic(currency, D(markup))
    usage = SegmentUsage(groups(quantity), fx_rates={"EUR": D("1.085")})
    assert sum_parts(rate(price_of(model), usage)) == Fraction(amount)


def test_a_cost_without_markup_is_one_step() -> None:
    """No step of nothing is shown."""
    parts = rate(price_of(Dynamic()), SegmentUsage(groups("100")))
    assert steps(parts) == [("cost", "100", "100")]


def test_steps_of_a_cost_passed_on() -> None:
    """Cost and markup are shown apart."""
    usage = SegmentUsage(groups("100"), fx_rates={"EUR": D(2)})
    parts = rate(price_of(Dynamic("EUR", D("0.1"))), usage)
    assert steps(parts) == [("cost in EUR", "100", "200"), ("markup", "100", "20")]


@pytest.mark.parametrize(
    ("model", "others", "message"),
    [
        (Matrix(AIRPORTS.cells), {}, "a cell or a default for {}, found none"),
        (Dynamic("GBP"), {}, "a rate of exchange for GBP"),
        (Percentage(D(1), least_fee=D(1)), {}, r"a meter that keeps values \(percentile\)"),
        (Percentage(D(1), D(0), D(5), D(1)), {}, "no free amount and no free units"),
        (Percentage(D(1), greatest_fee=D(1)), {"free_units": "1"}, "no free amount and no free"),
    ],
)
def test_missing_prices(model: PriceModel, others: dict[str, Any], message: str) -> None:
    """One line says which price lacks what."""
    with pytest.raises(MissingPriceError, match=f"^price calls: expected {message}"):
        cost(model, "3", **others)
