"""Checks of one version of a rate card, and of a rate of exchange."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from schemas.contract import FxRate
from schemas.meter import Meter
from schemas.price_problem import PriceProblem
from schemas.rate_card import MeterPrice, RateCard
from udfs.aggregating import EXACT, plain_text
from udfs.checking.checking_models import check_dimension, check_model
from udfs.checking.limits import (
    Problems,
    Steps,
    check_above_zero,
    check_bounds,
    check_currency,
    check_id,
    check_least,
    check_once,
    check_product,
    check_share,
    check_version,
)

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def check_card(card: RateCard, meters: Mapping[str, Meter]) -> Problems:
    """Check one version of a rate card.

    Args:
        card: The version.
        meters: All that are configured, by id.
    """
    yield from check_id(card.card_id, ("card_id",))
    yield from check_currency(card.currency, ("currency",))
    yield from check_version(card.version, ("version",))
    for place, price in enumerate(card.prices):
        yield from _check_price(price, card.currency, meters, ("prices", place))
    for place, fee in enumerate(card.fees):
        yield from check_id(fee.fee_id, ("fees", place, "fee_id"))
        yield from check_product(fee.product, ("fees", place, "product"))
        yield from check_least(fee.amount, 0, ("fees", place, "amount"))
    names = [price.price_id for price in card.prices] + [fee.fee_id for fee in card.fees]
    steps: list[Steps] = [("prices", place, "price_id") for place in range(len(card.prices))]
    steps += [("fees", place, "fee_id") for place in range(len(card.fees))]
    yield from check_once(names, steps)
    yield from check_bounds(card.minimum, card.maximum, ())
    yield from check_product(card.minimum_product, ("minimum_product",))


def _check_price(
    price: MeterPrice, currency: str, meters: Mapping[str, Meter], steps: Steps
) -> Problems:
    yield from check_id(price.price_id, (*steps, "price_id"))
    yield from check_product(price.product, (*steps, "product"))
    yield from check_least(price.free_units, 0, (*steps, "free_units"))
    yield from check_bounds(price.minimum, price.maximum, steps)
    yield from check_once(price.group_by, [(*steps, "group_by")] * len(price.group_by))
    yield from _check_shares(price, steps)
    meter = meters.get(price.meter_id)
    if meter is None:
        expected = f"a meter ({', '.join(meters)})"
        yield PriceProblem((*steps, "meter_id"), expected, repr(price.meter_id))
        return
    for place, name in enumerate(price.group_by):
        yield from check_dimension(name, meter, (*steps, "group_by", place))
    yield from check_model(price, currency, meter, (*steps, "model"))


def _check_shares(price: MeterPrice, steps: Steps) -> Problems:
    total = Decimal(0)
    for place, each in enumerate(price.shares):
        yield from check_share(each.share, (*steps, "shares", place, "share"))
        total = EXACT.add(total, each.share)
    parties = [each.party for each in price.shares]
    yield from check_once(
        parties, [(*steps, "shares", place, "party") for place in range(len(parties))]
    )
    if total > 1:
        yield PriceProblem((*steps, "shares"), "shares of at most 1 in all", plain_text(total))


def check_fx_rate(rate: FxRate) -> Problems:
    """Check a given rate of exchange."""
    try:
        is_day = bool(_DAY.fullmatch(rate.day)) and bool(date.fromisoformat(rate.day))
    except ValueError:
        is_day = False
    if not is_day:
        yield PriceProblem(("day",), "a day as 2013-07-31", repr(rate.day))
    yield from check_currency(rate.base, ("base",))
    yield from check_currency(rate.quote, ("quote",))
    if rate.quote == rate.base:
        yield PriceProblem(("quote",), "another currency than the base", repr(rate.quote))
    yield from check_above_zero(rate.rate, ("rate",))
