"""Checks of price models; `MODEL_CHECKS` names those that need more than numbers from 0 on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from schemas.aggregation import Aggregation
from schemas.meter import Meter
from schemas.price_model import (
    Dynamic,
    Graduated,
    Matrix,
    Package,
    Percentage,
    PriceModel,
    Stairstep,
    Step,
    Tier,
    Volume,
)
from schemas.price_problem import PriceProblem
from schemas.rate_card import MeterPrice
from udfs.aggregating import plain_text
from udfs.checking.limits import (
    Problems,
    Steps,
    check_above_zero,
    check_currency,
    check_none_negative,
    check_share,
)


def check_model(price: MeterPrice, currency: str, meter: Meter, steps: Steps) -> Problems:
    """Check the model of a price.

    Args:
        price: Whose model it is.
        currency: That of the rate card.
        meter: What it prices.
        steps: The way to the model.
    """
    model = price.model
    yield from check_none_negative(model, steps)
    if type(model) in MODEL_CHECKS:
        yield from MODEL_CHECKS[type(model)](model, price, currency, meter, steps)


def _check_tiers(
    model: Graduated | Volume, price: MeterPrice, currency: str, meter: Meter, steps: Steps
) -> Problems:
    yield from _check_rising(model.tiers, (*steps, "tiers"))


def _check_stairstep(
    model: Stairstep, price: MeterPrice, currency: str, meter: Meter, steps: Steps
) -> Problems:
    yield from _check_rising(model.steps, (*steps, "steps"))


def _check_rising(tiers: Sequence[Tier | Step], steps: Steps) -> Problems:
    if not tiers:
        yield PriceProblem(steps, "a list of at least one", "none")
    before = Decimal(0)
    for place, tier in enumerate(tiers):
        yield from check_none_negative(tier, (*steps, place))
        at = (*steps, place, "up_to")
        is_last = place == len(tiers) - 1
        if is_last and tier.up_to is not None:
            yield PriceProblem(at, "none: the last one has no end", plain_text(tier.up_to))
        elif not is_last and tier.up_to is None:
            yield PriceProblem(at, "a number: only the last one has no end", "nothing")
        elif tier.up_to is not None and tier.up_to <= before:
            yield PriceProblem(at, f"more than {plain_text(before)}", plain_text(tier.up_to))
        before = before if tier.up_to is None else tier.up_to


def _check_package(
    model: Package, price: MeterPrice, currency: str, meter: Meter, steps: Steps
) -> Problems:
    yield from check_above_zero(model.size, (*steps, "size"))


def _check_percentage(
    model: Percentage, price: MeterPrice, currency: str, meter: Meter, steps: Steps
) -> Problems:
    if model.rate > 1:
        yield from check_share(model.rate, (*steps, "rate"))
    bounds = {"least_fee": model.least_fee, "greatest_fee": model.greatest_fee}
    given = [name for name, bound in bounds.items() if bound is not None]
    if not given:
        return
    at = (*steps, given[0])
    if meter.aggregation is not Aggregation.PERCENTILE:
        expected = "none, or a meter that keeps values (percentile)"
        yield PriceProblem(at, expected, f"one with {meter.meter_id} ({meter.aggregation})")
    if model.free_amount:
        yield PriceProblem((*steps, "free_amount"), f"none with {given[0]}", "one")
    if price.free_units:
        yield PriceProblem((*steps[:-1], "free_units"), f"none with {given[0]}", "some")
    if len(given) == 2 and model.greatest_fee < model.least_fee:  # type: ignore[operator]
        expected = f"at least the least fee {model.least_fee}"
        yield PriceProblem((*steps, "greatest_fee"), expected, f"{model.greatest_fee}")


def _check_matrix(
    model: Matrix, price: MeterPrice, currency: str, meter: Meter, steps: Steps
) -> Problems:
    if not model.cells:
        yield PriceProblem((*steps, "cells"), "a list of at least one", "none")
    for place, cell in enumerate(model.cells):
        at = (*steps, "cells", place)
        yield from check_none_negative(cell, at)
        if not cell.values:
            yield PriceProblem((*at, "values"), "a dimension and its value", "none")
        for name, _ in cell.values:
            yield from check_dimension(name, meter, (*at, "values", name))
        for earlier in model.cells[:place]:
            if cell.values and set(earlier.values) <= set(cell.values):
                expected = "values that no earlier cell takes"
                texts = (f"{name} {value}" for name, value in cell.values)
                yield PriceProblem((*at, "values"), expected, ", ".join(texts))


def check_dimension(name: str, meter: Meter, steps: Steps) -> Problems:
    """Check that a meter has a dimension."""
    if name not in meter.dimensions:
        expected = f"a dimension of {meter.meter_id} ({', '.join(meter.dimensions) or 'none'})"
        yield PriceProblem(steps, expected, repr(name))


def _check_dynamic(
    model: Dynamic, price: MeterPrice, currency: str, meter: Meter, steps: Steps
) -> Problems:
    if meter.aggregation is not Aggregation.SUM:
        found = f"{meter.meter_id} ({meter.aggregation})"
        yield PriceProblem((*steps, "type"), "another one, or a meter of amounts (sum)", found)
    if model.currency is not None:
        yield from check_currency(model.currency, (*steps, "currency"))
    if model.currency == currency:
        expected = "none, or another one than the card's"
        yield PriceProblem((*steps, "currency"), expected, repr(currency))


MODEL_CHECKS: Mapping[
    type[PriceModel], Callable[[Any, MeterPrice, str, Meter, Steps], Problems]
] = MappingProxyType(
    {
        Graduated: _check_tiers,
        Volume: _check_tiers,
        Package: _check_package,
        Stairstep: _check_stairstep,
        Percentage: _check_percentage,
        Matrix: _check_matrix,
        Dynamic: _check_dynamic,
    }
)
"""What is asked of a model beyond numbers from 0 on."""
