"""Price models whose price does not depend on how much is used."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction

from schemas.price_model import Cell, Dynamic, Flat, Matrix, Percentage, PerUnit
from schemas.statement import GroupUsage, RatedPart
from udfs.aggregating import EXACT, plain_text
from udfs.rating.rated import MissingPriceError, Rated, fee, part

Parts = tuple[RatedPart, ...]


def rate_flat(model: Flat, usage: Rated) -> Parts:
    """Price a period by one amount."""
    if usage.is_unused and not model.if_unused:
        return ()
    return (fee("flat", model.amount),)


def rate_per_unit(model: PerUnit, usage: Rated) -> Parts:
    """Price each unit alike."""
    quantity = usage.quantity
    return (part("units", quantity, model.unit_price),) if quantity else ()


def rate_percentage(model: Percentage, usage: Rated) -> Parts:
    """Price a share of the amount, and each event.

    With a least or greatest fee each event's own fee, share and fixed fee together, is held within
    them; the same value costs the same wherever it stands, so values and their counts are enough.
    """
    if model.least_fee is not None or model.greatest_fee is not None:
        return _rate_by_value(model, usage)
    amount = usage.quantity
    free = min(max(amount, Decimal(0)), model.free_amount)
    share = part("share", EXACT.subtract(amount, free), model.rate)
    fixed = fee("fixed fee", model.fixed_fee, usage.event_count)
    return tuple(each for each in (share, fixed) if each.amount)


def _rate_by_value(model: Percentage, usage: Rated) -> Parts:
    if model.free_amount or usage.free_units:
        raise MissingPriceError(
            f"price {usage.price_id}: expected no free amount and no free units beside the least"
            f" and greatest fee of an event, found some"
        )
    counts: dict[Decimal, int] = {}
    for group in usage.groups:
        if sum(count for _, count in group.values) != group.event_count:
            raise MissingPriceError(
                f"price {usage.price_id}: expected a meter that keeps values (percentile) for the"
                f" least and greatest fee of an event, found one that does not"
            )
        for value, count in group.values:
            counts[value] = counts.get(value, 0) + count
    return tuple(
        fee(f"events of {plain_text(value)}", _event_fee(model, value), counts[value])
        for value in sorted(counts)
        if counts[value]
    )


def _event_fee(model: Percentage, value: Decimal) -> Decimal:
    amount = EXACT.add(EXACT.multiply(value, model.rate), model.fixed_fee)
    if model.least_fee is not None:
        amount = max(amount, model.least_fee)
    return amount if model.greatest_fee is None else min(amount, model.greatest_fee)


def rate_matrix(model: Matrix, usage: Rated) -> Parts:
    """Price each unit by its dimensions; free units are the first ones, by order of dimensions."""
    parts: list[RatedPart] = []
    free_left = usage.free_units
    for group in usage.groups:
        free = min(max(group.quantity, Decimal(0)), free_left)
        free_left = EXACT.subtract(free_left, free)
        units = EXACT.subtract(group.quantity, free)
        if units:
            price = _cell_price(model, group, usage.price_id)
            parts.append(part(group.dimensions, units, price))
    return tuple(parts)


def _cell_price(model: Matrix, group: GroupUsage, price_id: str) -> Decimal:
    found = json.loads(group.dimensions)
    for cell in model.cells:
        if _fits(cell, found):
            return cell.unit_price
    if model.default is None:
        raise MissingPriceError(
            f"price {price_id}: expected a cell or a default for {group.dimensions}, found none"
        )
    return model.default


def _fits(cell: Cell, found: dict[str, object]) -> bool:
    return all(found.get(name) == value for name, value in cell.values)


def rate_dynamic(model: Dynamic, usage: Rated) -> Parts:
    """Pass on the amount that events carry, with a markup, by the given rate of exchange."""
    amount = usage.quantity
    if not amount:
        return ()
    rate = Fraction(1)
    if model.currency is not None:
        given = usage.fx_rates.get(model.currency)
        if given is None:
            raise MissingPriceError(
                f"price {usage.price_id}: expected a rate of exchange for {model.currency} on the"
                f" period's last day, found none"
            )
        rate = Fraction(given)
    cost = Fraction(amount) * rate
    label = "cost" if model.currency is None else f"cost in {model.currency}"
    parts = (RatedPart(label, amount, None, cost),)
    if not model.markup:
        return parts
    return (*parts, RatedPart("markup", amount, None, cost * Fraction(model.markup)))
