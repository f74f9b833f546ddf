"""The audit's pricing, which shares no code with the rules, comes to the same for any agreement."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import assume, given, settings

from audit.prices.agreements import Agreements, agree
from audit.prices.charged_periods import ChargedPeriod, Part
from audit.prices.prices import Draws
from audit.prices.statements import price_period as price_again
from audit.prices.usage_lines import Usage
from audit.prices.used import Used
from schemas.instant import EPOCH, MICROSECOND
from schemas.plain_form import encode_shape
from schemas.statement import GroupUsage, PricedPeriod
from tests.properties.random_prices import (
    FX_RATES,
    START_US,
    Agreement,
    Event,
    agreements,
    is_by_event,
    period_of,
    usage_of_a_period,
)
from udfs.charging import ChargeRun, charge_changes
from udfs.pricing import price_period

Item = dict[str, Any]
TERMS = {
    "version": 1,
    "effective_from": "2026-01-01T00:00:00Z",
    "timezone": "UTC",
    "cadence": "month",
    "anchor": "2026-01-01",
}
LAST_DAY = "2026-04-30"


def _plain(shape: object) -> Item:
    found: Item = json.loads(encode_shape(shape))
    return found


def _agreed(agreed: Agreement) -> Agreements:
    cards = {card.version: card for _, card, _ in agreed.parts}
    contracts = [replace(contract, discounts=agreed.discounts) for _, _, contract in agreed.parts]
    return agree(
        {"acme": [TERMS]},
        {
            "rate_cards": [_plain(each) for each in cards.values()],
            "contracts": [_plain(each) for each in contracts],
            "credit_grants": [_plain(each) for each in agreed.grants],
            "fx_rates": [
                {"day": LAST_DAY, "base": base, "quote": "USD", "rate": str(rate)}
                for base, rate in FX_RATES
            ],
        },
        timedelta(hours=1),
    )


def _period(found: Agreements, period: PricedPeriod) -> ChargedPeriod:
    cards = {each["version"]: each for of_card in found.cards.values() for each in of_card}
    contracts = {each["version"]: each for each in found.contracts["acme"]}
    parts = [
        Part(
            _instant(each.start_us),
            _instant(each.end_us),
            cards[each.card.version],
            contracts[each.contract.version],
            each.is_trial,
        )
        for each in period.segments
    ]
    start, end = _instant(period.period_start_us), _instant(period.period_end_us)
    whole = (_instant(period.whole_start_us), _instant(period.whole_end_us))
    return ChargedPeriod("acme", start, end, "UTC", whole, parts, is_closed=True)


def _usage(period: PricedPeriod) -> Usage:
    """Return usage as the audit reads it: of what adds up by part, of the rest in all."""
    total: list[Used] = []
    in_parts: dict[datetime, list[Used]] = {_instant(each.start_us): [] for each in period.segments}
    for meter in period.usage:
        if not meter.adds_up:
            total += _used(meter.meter_id, "max", meter.by_segment[0])
            continue
        for segment, groups in zip(period.segments, meter.by_segment, strict=True):
            pieces = _used(meter.meter_id, "sum", groups)
            in_parts[_instant(segment.start_us)] += pieces
            total += pieces
    return Usage(total, in_parts)


def _used(meter_id: str, aggregation: str, groups: Sequence[GroupUsage]) -> list[Used]:
    return [
        Used(meter_id, each.dimensions, each.quantity, each.event_count, aggregation, False)
        for each in groups
    ]


def _instant(instant_us: int) -> datetime:
    return EPOCH + instant_us * MICROSECOND


def _charged(period: PricedPeriod) -> dict[tuple[object, ...], tuple[object, ...]]:
    """Return what the product charges for each line, those of nothing left out."""
    run = ChargeRun("run", period.period_end_us)
    found: dict[tuple[object, ...], tuple[object, ...]] = {}
    for each in charge_changes(period, price_period(period), (), run):
        amount = Fraction(json.loads(each.breakdown)["amount"])
        if amount or each.quantity:
            key = (each.kind.value, each.line_id, each.product, each.group)
            facts = (each.amount_minor, amount, Fraction(each.quantity), json.loads(each.payouts))
            found[*key, _instant(each.segment_start_us)] = facts
    return found


@settings(max_examples=30)
@given(agreements(), usage_of_a_period)
def test_the_same_charges(agreed: Agreement, events: list[Event]) -> None:
    """Line by line: amounts before and after rounding, quantities, and what others get."""
    models = [price.model for _, card, _ in agreed.parts for price in card.prices]
    assume(not any(is_by_event(each) for each in models))
    period = period_of(agreed, events)
    # A meter that was not used is not among those of a period (`udfs.assembling`).
    used = tuple(meter for meter in period.usage if any(meter.by_segment))
    period = replace(period, usage=used)
    found = _agreed(agreed)
    assert not any(each["unknown"] for of_card in found.cards.values() for each in of_card)
    lines = price_again(found, _period(found, period), _usage(period), [], Draws())
    expected = {
        (each.kind, each.line_id, each.product, each.group, each.part.start): (
            each.minor,
            each.amount,
            each.quantity,
            each.payouts,
        )
        for each in lines
        if each.amount or each.quantity
    }
    assert _charged(period) == expected
    assert period.period_start_us == START_US


@settings(max_examples=20)
@given(agreements())
def test_what_is_priced_by_event_is_told(agreed: Agreement) -> None:
    """A least or greatest fee of each event is not recomputed, and never passes for it."""
    models = [price.model for _, card, _ in agreed.parts for price in card.prices]
    found = _agreed(agreed)
    unknown = {
        why for of_card in found.cards.values() for each in of_card for why in each["unknown"]
    }
    assert bool(unknown) == any(is_by_event(each) for each in models)
    assert unknown <= {"percentage: least_fee", "percentage: greatest_fee"}
