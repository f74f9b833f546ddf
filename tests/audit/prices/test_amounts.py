"""What units cost by each price model, against amounts worked out by hand."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from audit.prices.agreements import agree
from audit.prices.amounts import NotRecomputedError, Units, bounded, cost_of, rounded
from tests.oracle.priced_by_hand import CARD, LANDING

Item = dict[str, Any]
TIERS = [
    {"up_to": 10, "unit_price": 2, "flat_fee": 5},
    {"up_to": 20, "unit_price": 1},
    {"unit_price": 3, "flat_fee": 7},
]
STEPS = [{"up_to": 10, "amount": 100}, {"amount": 150}]


def price_of(model: Item, **members: object) -> Item:
    """Return a price as it is read."""
    card = {**CARD, "prices": [{**LANDING, "model": model, **members}]}
    ((read,),) = agree({}, {"rate_cards": [card]}, timedelta()).cards.values()
    assert read["unknown"] == []
    found: Item = read["prices"][0]
    return found


@pytest.mark.parametrize(
    ("model", "units", "amount"),
    [
        ({"type": "flat", "amount": 9}, 3, 9),
        ({"type": "flat", "amount": 9}, 0, 9),
        ({"type": "flat", "amount": 9, "if_unused": False}, 0, 0),
        ({"type": "per_unit", "unit_price": "0.5"}, 3, "1.5"),
        ({"type": "per_unit", "unit_price": 2}, -3, -6),
        ({"type": "graduated", "tiers": TIERS}, 10, 25),
        ({"type": "graduated", "tiers": TIERS}, 25, 57),
        ({"type": "graduated", "tiers": TIERS}, 0, 0),
        ({"type": "graduated", "tiers": TIERS, "fee_if_unused": True}, 0, 5),
        ({"type": "graduated", "tiers": TIERS}, -4, 0),
        ({"type": "volume", "tiers": TIERS}, 10, 25),
        ({"type": "volume", "tiers": TIERS}, 11, 11),
        ({"type": "volume", "tiers": TIERS}, 21, 70),
        ({"type": "volume", "tiers": TIERS, "fee_if_unused": True}, 0, 5),
        ({"type": "package", "size": 10, "price": 4}, 11, 8),
        ({"type": "package", "size": 10, "price": 4}, 0, 0),
        ({"type": "stairstep", "steps": STEPS}, 10, 100),
        ({"type": "stairstep", "steps": STEPS}, "10.1", 150),
        ({"type": "stairstep", "steps": STEPS}, 0, 0),
        ({"type": "stairstep", "steps": STEPS, "if_unused": True}, 0, 100),
        ({"type": "percentage", "rate": "0.1", "fixed_fee": 1, "free_amount": 20}, 50, 5),
        ({"type": "dynamic"}, 50, 50),
        ({"type": "dynamic", "currency": "EUR", "markup": "0.1"}, 50, 110),
    ],
)
def test_what_units_cost(model: Item, units: int | str, amount: int | str) -> None:
    """All units came with two events; a euro is two dollars."""
    used = {"{}": Units(Fraction(units), 2)} if units else {}
    found = cost_of(price_of(model), used, {"EUR": Fraction(2)})
    assert found == Fraction(amount)


def test_what_has_no_price_or_rate_is_told() -> None:
    """Nothing is priced at 0 for want of a cell, or of a rate of exchange."""
    used = {'{"origin":"JFK"}': Units(Fraction(1), 1)}
    cells = [{"values": {"origin": "LGA"}, "unit_price": 1}]
    with pytest.raises(NotRecomputedError, match="no cell for"):
        cost_of(price_of({"type": "matrix", "cells": cells}), used)
    with pytest.raises(NotRecomputedError, match="no rate of exchange for EUR"):
        cost_of(price_of({"type": "dynamic", "currency": "EUR"}), used)


@pytest.mark.parametrize(
    ("amount", "held"), [(Fraction(1), 5), (Fraction(7), 7), (Fraction(70), 10)]
)
def test_a_price_is_held_within_its_bounds(amount: Fraction, held: int) -> None:
    """Of 10 to 20 in a whole period, half of which this is."""
    price = price_of({"type": "per_unit", "unit_price": 1}, minimum=10, maximum=20)
    assert bounded(price, amount, Fraction(1, 2)) == held


@pytest.mark.parametrize(
    ("rounding", "amounts"),
    [("half_up", [-3, 3, 4]), ("half_even", [-2, 2, 4]), ("down", [-2, 2, 3])],
)
def test_what_becomes_of_a_half(rounding: str, amounts: list[int]) -> None:
    """Of -2.5, 2.5 and 3.5."""
    halves = (Fraction(-5, 2), Fraction(5, 2), Fraction(7, 2))
    assert [rounded(each, {"rounding": rounding}) for each in halves] == amounts
