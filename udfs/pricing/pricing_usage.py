"""Prices the usage of each meter: one line for each price, part of the period and group."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from schemas.rate_card import MeterPrice
from schemas.statement import GroupUsage, Line, LineKey, LineKind, MeterUsage, PricedPeriod
from udfs.pricing.lining import Run, new_line, runs_of, time_share
from udfs.rating import MissingPriceError, SegmentUsage, merge_groups, rate
from udfs.rating.rated import exact_sum

NO_GROUP = "{}"


def price_usage(period: PricedPeriod, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Add the lines of usage, once the period has closed.

    A part of the period ends where another version of the card begins, and where a trial ends.
    Tiers and free units go on over versions; after a trial they begin anew. A group that is used in
    one part has its minimum in all of them.

    Raises:
        MissingPriceError: Usage has no price, or a price lacks what it needs.
    """
    if not period.is_closed:
        return lines
    usage = {each.meter_id: each for each in period.usage}
    runs = runs_of(period, lambda each: (each.card.card_id, each.card.version, each.is_trial))
    added: list[Line] = []
    for run in runs:
        _check_prices(run, period.usage)
        alike = [each for each in runs if each.last.is_trial == run.last.is_trial]
        for price in run.last.card.prices:
            added += _price_lines(period, alike, run, price, usage.get(price.meter_id))
    return (*lines, *added)


def _check_prices(run: Run, usage: Sequence[MeterUsage]) -> None:
    """Refuse usage that would cost nothing for want of a price."""
    card = run.last.card
    priced = {*(price.meter_id for price in card.prices), *card.free_meters}
    for used in usage:
        if used.meter_id not in priced and any(used.by_segment[place] for place in run.places):
            raise MissingPriceError(
                f"meter {used.meter_id}: expected a price, or free, in rate card {card.card_id}"
                f" ({card.currency}, version {card.version}), found none"
            )


def _price_lines(
    period: PricedPeriod,
    runs: Sequence[Run],
    run: Run,
    price: MeterPrice,
    used: MeterUsage | None,
) -> list[Line]:
    """Return the lines of one price in a run; `runs` are those whose tiers go on in one another."""
    place = runs.index(run)
    by_run = [_groups(used, each, price) for each in runs]
    groups = sorted({group for each in by_run for group in each})
    is_cut = used is None or used.is_cut
    sooner = runs[:place] if is_cut else []
    is_first = all(each.price_id != price.price_id for of in sooner for each in _prices(of))
    period_us = period.period_end_us - period.period_start_us
    usage_share = 1 if is_cut else Fraction(run.end_us - run.start_us, period_us)
    found: list[Line] = []
    for group in groups or ([NO_GROUP] if not price.group_by else []):
        here = by_run[place].get(group, [])
        asked = SegmentUsage(
            here,
            [each for of_run in by_run[: len(sooner)] for each in of_run.get(group, [])],
            is_first,
            time_share(period, run.start_us, run.end_us),
            Fraction(usage_share),
            {**dict(period.fx_rates), run.last.card.currency: Decimal(1)},
        )
        parts = rate(price, asked)
        quantity = exact_sum(each.quantity for each in here)
        if not parts and not quantity:
            continue
        key = LineKey(LineKind.USAGE, price.price_id, price.product, run.start_us, group)
        line = new_line(
            run,
            key,
            parts,
            meter_id=price.meter_id,
            unit="" if used is None else used.unit,
            quantity=quantity,
            row_ids=() if used is None else used.row_ids,
            shares=price.shares,
        )
        found.append(line)
    return found


def _prices(run: Run) -> tuple[MeterPrice, ...]:
    return run.last.card.prices


def _groups(used: MeterUsage | None, run: Run, price: MeterPrice) -> dict[str, list[GroupUsage]]:
    """Return a run's usage by what is priced apart."""
    if used is None:
        return {}
    places = run.places if used.is_cut else run.places[:1]
    merged = merge_groups([each for place in places for each in used.by_segment[place]])
    if not used.adds_up:
        return {each.dimensions: [each] for each in merged}
    found: dict[str, list[GroupUsage]] = {}
    for each in merged:
        found.setdefault(_group_text(each.dimensions, price.group_by), []).append(each)
    return found


def _group_text(dimensions: str, names: Sequence[str]) -> str:
    """Return the dimensions that are priced apart, as canonical JSON."""
    if not names:
        return NO_GROUP
    values = json.loads(dimensions)
    kept = {name: values[name] for name in values if name in names}
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False)
