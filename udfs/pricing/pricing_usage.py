"""Prices the usage of each meter: one line for each price, part of the period and group."""

from __future__ import annotations

import json
from collections.abc import Sequence

from schemas.rate_card import MeterPrice
from schemas.statement import GroupUsage, Line, LineKey, LineKind, MeterUsage, PricedPeriod
from udfs.pricing.lining import Run, new_line, runs_of, time_share
from udfs.rating import SegmentUsage, merge_groups, rate
from udfs.rating.rated import exact_sum

NO_GROUP = "{}"


def price_usage(period: PricedPeriod, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Add the lines of usage, once the period has closed.

    A part of the period ends where another version of the card begins, and where a trial ends.
    Tiers and free units go on over versions; after a trial they begin anew.
    """
    if not period.is_closed:
        return lines
    usage = {each.meter_id: each for each in period.usage}
    runs = runs_of(period, lambda each: (each.card.card_id, each.card.version, each.is_trial))
    added: list[Line] = []
    for place, run in enumerate(runs):
        earlier = [each for each in runs[:place] if each.last.is_trial == run.last.is_trial]
        for price in run.last.card.prices:
            used = usage.get(price.meter_id)
            added += _price_lines(period, run, earlier, price, used)
    return (*lines, *added)


def _price_lines(
    period: PricedPeriod,
    run: Run,
    earlier: Sequence[Run],
    price: MeterPrice,
    used: MeterUsage | None,
) -> list[Line]:
    is_cut = used is None or used.is_cut
    here = _groups(used, run, price)
    before = [_groups(used, each, price) for each in earlier] if is_cut else []
    share = time_share(period, run.start_us, run.end_us)
    found: list[Line] = []
    for group in sorted(here) if here else ([NO_GROUP] if not price.group_by else []):
        groups = here.get(group, [])
        sooner = [each for of_run in before for each in of_run.get(group, [])]
        asked = SegmentUsage(groups, sooner, share, is_cut, dict(period.fx_rates))
        parts = rate(price, asked)
        quantity = exact_sum(each.quantity for each in groups)
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
