"""Price models whose price depends on how much is used: graduated, volume, package, stairstep.

A quantity below 0, of a meter whose events carry such units, costs as much as none.
"""

from __future__ import annotations

from decimal import Decimal

from schemas.price_model import Graduated, Package, Stairstep, Tier, Volume
from schemas.statement import RatedPart
from udfs.aggregating import EXACT
from udfs.rating.rated import Rated, fee, part, tier_name

Parts = tuple[RatedPart, ...]
_ZERO = Decimal(0)


def rate_graduated(model: Graduated, usage: Rated) -> Parts:
    """Price each unit by the tier in which it lies; `up_to` is inclusive.

    A tier's flat fee is due once a part of the quantity lies in it; the first tier's for no
    quantity at all, too, where the card says so.
    """
    quantity = max(usage.quantity, _ZERO)
    if quantity == 0 and not model.fee_if_unused:
        return ()
    parts: list[RatedPart] = []
    after = _ZERO
    for tier in model.tiers:
        if tier.up_to is None or quantity <= tier.up_to:
            parts += _tier_parts(tier, after, EXACT.subtract(quantity, after))
            return tuple(parts)
        parts += _tier_parts(tier, after, EXACT.subtract(tier.up_to, after))
        after = tier.up_to
    raise AssertionError("tiers: expected the last without end")


def rate_volume(model: Volume, usage: Rated) -> Parts:
    """Price all units by the tier in which the whole quantity lies."""
    quantity = max(usage.quantity, _ZERO)
    if quantity == 0 and not model.fee_if_unused:
        return ()
    after = _ZERO
    for tier in model.tiers:
        if tier.up_to is None or quantity <= tier.up_to:
            return _tier_parts(tier, after, quantity)
        after = tier.up_to
    raise AssertionError("tiers: expected the last without end")


def rate_package(model: Package, usage: Rated) -> Parts:
    """Price packages; one that is begun is due as a whole."""
    quantity = max(usage.quantity, _ZERO)
    packages, rest = EXACT.divmod(quantity, model.size)
    if rest:
        packages = EXACT.add(packages, Decimal(1))
    return (part("packages", packages, model.price),) if packages else ()


def rate_stairstep(model: Stairstep, usage: Rated) -> Parts:
    """Price the whole quantity by one amount."""
    quantity = max(usage.quantity, _ZERO)
    if quantity == 0 and not model.if_unused:
        return ()
    after = _ZERO
    for step in model.steps:
        if step.up_to is None or quantity <= step.up_to:
            return (fee(f"step {tier_name(step.up_to, after)}", step.amount),)
        after = step.up_to
    raise AssertionError("steps: expected the last without end")


def _tier_parts(tier: Tier, after: Decimal, units: Decimal) -> Parts:
    name = tier_name(tier.up_to, after)
    fees = (fee(f"flat fee {name}", tier.flat_fee),) if tier.flat_fee else ()
    units_part = (part(f"tier {name}", units, tier.unit_price),) if units else ()
    return (*units_part, *fees)
