"""Amounts: what units cost by one price, and how amounts become whole minor units."""

import json
from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import NamedTuple

from audit.prices.agreements import Item

_NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND"
MINOR_DIGITS = {
    **dict.fromkeys(_NO_DIGITS.split(), 0),
    **dict.fromkeys(_THREE_DIGITS.split(), 3),
    "CLF": 4,
    "UYW": 4,
}
"""Decimals of the currencies whose minor unit is no hundredth (ISO 4217, list one)."""


class NotRecomputedError(Exception):
    """What is agreed, or was used, lies outside of what is recomputed; one line that says what."""


class Units(NamedTuple):
    """What was used of one value of dimensions: units, and the events that carried them."""

    quantity: Fraction = Fraction(0)
    events: int = 0

    def __add__(self, other: object) -> "Units":
        """Return both together."""
        assert isinstance(other, Units)
        return Units(self.quantity + other.quantity, self.events + other.events)


def minor_units(currency: str) -> int:
    """Return how many minor units one major unit has."""
    return int(10 ** MINOR_DIGITS.get(currency, 2))


def cost_of(
    price: Item, used: Mapping[str, Units], rates: Mapping[str, Fraction] | None = None
) -> Fraction:
    """Return what a period's usage costs by one price, exactly.

    Args:
        price: The price.
        used: Usage by dimensions.
        rates: What one unit of other currencies is worth in that of the card.

    Raises:
        NotRecomputedError: No price or rate of exchange fits.
    """
    model = price["model"]
    kind, free = model["type"], price.get("free_units", Fraction(0))
    if kind == "matrix":
        return _cost_by_cells(model, used, free, price["price_id"])
    whole = sum(used.values(), Units())
    units = _beyond(whole.quantity, free)
    if kind == "per_unit":
        return Fraction(units * model["unit_price"])
    if kind == "percentage":
        share = _beyond(units, model.get("free_amount", Fraction(0))) * model["rate"]
        return Fraction(share + model.get("fixed_fee", 0) * whole.events)
    if kind == "dynamic":
        return Fraction(units * _rate(model, rates or {}) * (1 + model.get("markup", 0)))
    if kind == "flat":
        is_unused = not whole.events and not any(each.quantity for each in used.values())
        return Fraction(0) if is_unused and not model.get("if_unused", True) else model["amount"]
    if kind in _BY_QUANTITY:
        return _BY_QUANTITY[kind](model, max(units, Fraction(0)))
    raise NotRecomputedError(f"price model {kind}")


def _beyond(units: Fraction, free: Fraction) -> Fraction:
    """Return what of an amount costs; what is below zero is as it is."""
    return units if units <= 0 else max(units - free, Fraction(0))


def _cost_by_cells(
    model: Item, used: Mapping[str, Units], free: Fraction, price_id: str
) -> Fraction:
    """Return what units cost by the first cell that fits; the first ones by dimensions are free."""
    cost = Fraction(0)
    for dimensions, (quantity, _) in sorted(used.items()):
        costly = _beyond(quantity, free)
        free -= quantity - costly
        if costly:
            values = json.loads(dimensions)
            fits = [cell for cell in model["cells"] if cell["values"].items() <= values.items()]
            if not fits and "default" not in model:
                raise NotRecomputedError(f"price {price_id} has no cell for {dimensions}")
            cost += costly * (fits[0]["unit_price"] if fits else model["default"])
    return cost


def _rate(model: Item, rates: Mapping[str, Fraction]) -> Fraction:
    currency = model.get("currency")
    if currency is None:
        return Fraction(1)
    if currency not in rates:
        raise NotRecomputedError(f"no rate of exchange for {currency}")
    return rates[currency]


def _graduated(model: Item, units: Fraction) -> Fraction:
    """All units at the last tier's price; then those up to each bound cost more, or less."""
    tiers = model["tiers"]
    cost = units * tiers[-1]["unit_price"]
    for tier, following in pairwise(tiers):
        cost += min(units, tier["up_to"]) * (tier["unit_price"] - following["unit_price"])
    begun = [Fraction(0), *(tier["up_to"] for tier in tiers[:-1])]
    for tier, after in zip(tiers, begun, strict=True):
        is_first_of_none = tier is tiers[0] and model.get("fee_if_unused", False)
        cost += tier.get("flat_fee", 0) if units > after or is_first_of_none else 0
    return Fraction(cost)


def _volume(model: Item, units: Fraction) -> Fraction:
    tier = _tier_of(model["tiers"], units)
    is_due = units > 0 or model.get("fee_if_unused", False)
    return Fraction(units * tier["unit_price"] + (tier.get("flat_fee", 0) if is_due else 0))


def _package(model: Item, units: Fraction) -> Fraction:
    return Fraction(ceil(units / model["size"]) * model["price"])


def _stairstep(model: Item, units: Fraction) -> Fraction:
    is_due = units > 0 or model.get("if_unused", False)
    return Fraction(_tier_of(model["steps"], units)["amount"] if is_due else 0)


_BY_QUANTITY = {
    "graduated": _graduated,
    "volume": _volume,
    "package": _package,
    "stairstep": _stairstep,
}


def _tier_of(tiers: list[Item], units: Fraction) -> Item:
    """Return the tier that the whole quantity lies in; a bound belongs to the tier below it."""
    return next(tier for tier in tiers if "up_to" not in tier or units <= tier["up_to"])


def bounded(price: Item, amount: Fraction, share: Fraction) -> Fraction:
    """Return an amount held between a price's maximum and its minimum, by the share of time."""
    if "maximum" in price and amount > price["maximum"] * share:
        return Fraction(price["maximum"] * share)
    return max(amount, price["minimum"] * share) if "minimum" in price else amount


def to_minor(amount: Fraction, card: Item) -> int:
    """Return an amount in minor units of a card's currency, rounded as the card says."""
    return rounded(amount * minor_units(card["currency"]), card)


def rounded(exact: Fraction, card: Item) -> int:
    """Return a whole number: half up, away from zero, unless the card says otherwise."""
    rounding = card.get("rounding", "half_up")
    if rounding == "down":
        return int(exact)
    return round(exact) if rounding == "half_even" else half_up(exact)


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
