"""Periods for tests of pricing, written short, and their statements as lines of text.

The billing period is April 2026 in UTC, of 30 days: its half ends on the 16th.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from schemas.contract import Contract, CreditGrant, Discount, OneOffFee
from schemas.instant import to_text, to_us
from schemas.price_model import PerUnit, PriceModel
from schemas.rate_card import MeterPrice, RateCard
from schemas.statement import (
    CreditBalance,
    GroupUsage,
    Line,
    MeterUsage,
    PricedPeriod,
    Segment,
)
from udfs.pricing import price_period

D = Decimal
START, END = "2026-04-01", "2026-05-01"
CONTRACT = Contract("acme", 1, 0, "basic", "USD")
CARD = RateCard("basic", "USD", 1, 0)


def at(moment: str, timezone: str = "UTC") -> int:
    """Return the instant of a wall-clock time such as `2026-04-16` or `2026-04-16T12:00`."""
    return to_us(datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(timezone)))


def price(price_id: str, unit_price: str | PriceModel = "1", **others: Any) -> MeterPrice:
    """Return a price of the meter and the product of the same name."""
    model = PerUnit(D(unit_price)) if isinstance(unit_price, str) else unit_price
    return MeterPrice(price_id, price_id, price_id, model, **_numbers(others))


def card(*prices: MeterPrice, **others: Any) -> RateCard:
    """Return a rate card in dollars."""
    return replace(CARD, prices=prices, **_numbers(others))


def contract(**others: Any) -> Contract:
    """Return the account's contract."""
    return replace(CONTRACT, **_numbers(others))


def _numbers(given: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {"free_units", "minimum", "maximum", "commitment"}
    return {name: D(each) if name in numbers else each for name, each in given.items()}


def used(
    meter_id: str,
    *by_segment: str | Mapping[str, str],
    adds_up: bool = True,
    is_cut: bool = True,
    rows: str = "",
) -> MeterUsage:
    """Return a meter's usage in each segment: a number, or numbers by dimension `at`.

    What does not add up is not cut either: it is the period's in each segment.
    """
    groups = tuple(
        tuple(
            GroupUsage(f'{{"at":"{place}"}}' if place else "{}", D(amount), 1)
            for place, amount in sorted(
                ({"": each} if each else {}).items() if isinstance(each, str) else each.items()
            )
        )
        for each in by_segment
    )
    return MeterUsage(meter_id, "call", adds_up, adds_up and is_cut, groups, tuple(rows.split()))


def month(rates: RateCard, *usage: MeterUsage, **others: Any) -> PricedPeriod:
    """Return April 2026 under one card."""
    agreed = others.pop("contract", CONTRACT)
    segment = Segment(at(START), at(END), rates, agreed)
    return period_of((segment,), *usage, **others)


def cut(*parts: tuple[str, RateCard] | tuple[str, RateCard, Contract]) -> tuple[Segment, ...]:
    """Return segments of April that begin at given times; the contract says what is a trial."""
    starts = [at(start) for start, *_ in parts]
    ends = [*starts[1:], at(END)]
    segments = []
    for (_, rates, *agreed), start_us, end_us in zip(parts, starts, ends, strict=True):
        terms = agreed[0] if agreed else CONTRACT
        is_trial = terms.trial_until_us is not None and end_us <= terms.trial_until_us
        segments.append(Segment(start_us, end_us, rates, terms, is_trial))
    return tuple(segments)


def period_of(segments: tuple[Segment, ...], *usage: MeterUsage, **others: Any) -> PricedPeriod:
    """Return a period of segments; it is a whole one unless `whole` names its start and end."""
    start_us, end_us = segments[0].start_us, segments[-1].end_us
    whole_start_us, whole_end_us = others.pop("whole", (start_us, end_us))
    given = {
        "timezone": "UTC",
        "whole_start_us": whole_start_us,
        "whole_end_us": whole_end_us,
        **others,
    }
    return PricedPeriod("acme", start_us, end_us, segments=segments, usage=usage, **given)


def discount(discount_id: str, given: str, *products: str, periods: int | None = None) -> Discount:
    """Return a discount of a rate (`10%`) or an amount (`5`)."""
    is_rate = given.endswith("%")
    number = D(given.rstrip("%"))
    rate, amount = (number / 100, None) if is_rate else (None, number)
    return Discount(discount_id, rate, amount, products, 0, periods)


def credit(grant_id: str, available: int, drawn: int = 0, **others: Any) -> CreditBalance:
    """Return what is left of a grant, in minor units; it was paid and never expires."""
    grant = CreditGrant(grant_id, "acme", "USD", D(available) / 100, 0, None)
    return CreditBalance(replace(grant, **others), available, drawn)


def one_off(fee_id: str, amount: str, product: str = "setup") -> OneOffFee:
    """Return a fee that is due once, in April."""
    return OneOffFee(fee_id, "acme", product, "USD", D(amount), at("2026-04-10"))


def shown(lines: Iterable[Line]) -> list[str]:
    """Return lines as `kind id product [group] [from time] minor units`."""
    return [_shown(line) for line in lines]


def _shown(line: Line) -> str:
    start = to_text(line.key.segment_start_us)[5:].removesuffix(":00Z").removesuffix("T00:00")
    group = "" if line.key.group == "{}" else f"{line.key.group} "
    begins = "" if start == "04-01" else f"from {start} "
    product = line.key.product or "-"
    return f"{line.key.kind} {line.key.line_id} {product} {group}{begins}{line.amount_minor}"


def statement(period: PricedPeriod) -> list[str]:
    """Return what a period comes to, as text."""
    return shown(price_period(period))
