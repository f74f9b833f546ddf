"""Amounts: what units cost by one price, and how amounts become whole minor units."""

import json
from collections.abc import Mapping
from fractions import Fraction

from audit.prices.agreements import Item

_MINOR_DIGITS = {"USD": 2, "EUR": 2, "JPY": 0, "BHD": 3}


def minor_units(currency: str) -> int:
    """Return how many minor units one major unit has."""
    return int(10 ** _MINOR_DIGITS[currency])


def cost_of(price: Item, used: Mapping[str, Fraction]) -> Fraction:
    """Return what a period's usage costs by one price, exactly."""
    model, units = price["model"], sum(used.values(), Fraction(0))
    assert min([*used.values(), Fraction(0)]) >= 0, f"{price['price_id']}: used {used}"
    free = price.get("free_units", Fraction(0))
    if model["type"] == "matrix":
        cost: Fraction = Fraction(0)
        for dimensions, quantity in sorted(used.items()):
            values = json.loads(dimensions)
            fits = [c for c in model["cells"] if c["values"].items() <= values.items()]
            unit_price = fits[0]["unit_price"] if fits else model["default"]
            cost += unit_price * max(quantity - free, 0)
            free = max(free - quantity, Fraction(0))
        return cost
    units = max(units - free, Fraction(0))
    if model["type"] == "per_unit":
        return Fraction(units * model["unit_price"])
    # All units at the last tier's price; then those up to each bound cost more, or less, than that.
    unit_prices = [tier["unit_price"] for tier in model["tiers"]]
    cost = units * unit_prices[-1]
    for tier, unit_price, next_price in zip(
        model["tiers"], unit_prices, unit_prices[1:], strict=False
    ):
        cost += min(units, tier["up_to"]) * (unit_price - next_price)
    return cost


def to_minor(amount: Fraction, currency: str) -> int:
    """Return an amount in minor units, rounded half up, away from zero."""
    return half_up(amount * minor_units(currency))


def divide(minor: int, weights: Mapping[str, int | Fraction]) -> dict[str, int]:
    """Divide minor units by largest remainder; of equal ones the first by name is the larger."""
    weights = {name: weight for name, weight in sorted(weights.items()) if weight > 0}
    exact = {n: abs(minor) * Fraction(w) / sum(weights.values()) for n, w in weights.items()}
    parts = {name: int(part) for name, part in exact.items()}
    for name in sorted(parts, key=lambda each: parts[each] - exact[each]):
        if sum(parts.values()) < abs(minor):
            parts[name] += 1
    return {name: part if minor > 0 else -part for name, part in parts.items()}


def half_up(exact: Fraction) -> int:
    """Return a whole number; a half goes away from zero."""
    whole = int(abs(exact) + Fraction(1, 2))
    return whole if exact > 0 else -whole
