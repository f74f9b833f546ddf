"""What usage costs: a line for each price, part of a period, and group of dimensions."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

from audit.prices.agreements import Item
from audit.prices.amounts import Units, bounded, cost_of, divide, to_minor
from audit.prices.charged_periods import ChargedPeriod, Part, join_parts
from audit.prices.lines import PricedLine, by_card, share_of_time
from audit.prices.used import CUT, SUMMED, Used

Grouped = dict[str, dict[str, Units]]
"""Units by what is priced apart, then by dimensions."""
Rates = Mapping[str, Fraction]
"""What one unit of other currencies is worth."""


class Usage(NamedTuple):
    """What was used in a period.

    Attributes:
        total: In all of it.
        in_parts: Of meters whose usage can be cut, by the start of each part.
    """

    total: list[Used]
    in_parts: Mapping[datetime, list[Used]]


def usage_lines(period: ChargedPeriod, usage: Usage, rates: Rates) -> list[PricedLine]:
    """Price what was used up to the end of each part, less what was used up to its start.

    Free units and tiers so go on over a change of price; after a trial they begin anew. Usage that
    cannot be cut costs its price for the whole period, by the part's share of its time.

    Raises:
        NotRecomputedError: A price lies outside of what is recomputed.
    """
    parts = list(join_parts(period.parts, by_card))
    lines: list[PricedLine] = []
    for place, (part, _) in enumerate(parts):
        for price in part.card["prices"]:
            lines += _price_lines(period, parts, place, price, usage, rates)
    return lines


def _price_lines(
    period: ChargedPeriod,
    parts: list[tuple[Part, list[Part]]],
    place: int,
    price: Item,
    usage: Usage,
    rates: Rates,
) -> list[PricedLine]:
    part = parts[place][0]
    total = [each for each in usage.total if each.meter_id == price["meter_id"]]
    is_cut = all(each.aggregation in CUT for each in total)
    alike = [n for n, (each, _) in enumerate(parts) if each.is_trial == part.is_trial]
    grouped = {n: _groups(price, _used_in(parts[n][1], total, usage, is_cut)) for n in alike}
    groups = sorted({group for of_part in grouped.values() for group in of_part})
    if not groups and not price.get("group_by"):
        groups = ["{}"]
    sooner = [n for n in alike if n < place] if is_cut else []
    is_first = not any(
        each["price_id"] == price["price_id"] for n in sooner for each in parts[n][0].card["prices"]
    )
    lasts = Fraction(1) if is_cut else _share_of_period(period, part)
    lines = []
    for group in groups:
        now = grouped[place].get(group, {})
        before = _together(grouped[n].get(group, {}) for n in sooner)
        if price["model"]["type"] == "flat":
            amount = cost_of(price, now, rates) * share_of_time(period, part)
        else:
            amount = cost_of(price, _together((before, now)), rates)
            amount -= cost_of(price, before, rates)
            amount += cost_of(price, {}, rates) if is_first else 0
            amount *= lasts
        amount = bounded(price, amount, share_of_time(period, part))
        minor = to_minor(amount, part.card)
        lines.append(
            PricedLine(
                "usage",
                price["price_id"],
                price["product"],
                part,
                minor,
                amount,
                sum((each.quantity for each in now.values()), Fraction(0)),
                price["meter_id"],
                _payouts(minor, price.get("shares", [])),
                group,
            )
        )
    return lines


def _used_in(members: list[Part], total: list[Used], usage: Usage, is_cut: bool) -> list[Used]:
    if not is_cut:
        return total
    meter_ids = {each.meter_id for each in total}
    return [
        each
        for member in members
        for each in usage.in_parts.get(member.start, [])
        if each.meter_id in meter_ids
    ]


def _groups(price: Item, used: list[Used]) -> Grouped:
    """Return usage by what is priced apart: dimensions that are named, or all of what is no sum."""
    names, found = price.get("group_by", []), Grouped()
    for each in used:
        kept = {n: v for n, v in json.loads(each.dimensions).items() if n in names}
        group = json.dumps(kept, separators=(",", ":"), ensure_ascii=False)
        if each.aggregation not in SUMMED:
            group = each.dimensions
        of_group = found.setdefault(group, {})
        units = Units(Fraction(each.quantity), each.events)
        of_group[each.dimensions] = of_group.get(each.dimensions, Units()) + units
    return found


def _together(found: Iterable[Mapping[str, Units]]) -> dict[str, Units]:
    units: dict[str, Units] = {}
    for each in found:
        for dimensions, more in each.items():
            units[dimensions] = units.get(dimensions, Units()) + more
    return units


def _share_of_period(period: ChargedPeriod, part: Part) -> Fraction:
    microsecond = timedelta(microseconds=1)
    return Fraction(
        (part.end - part.start) // microsecond, (period.end - period.start) // microsecond
    )


def _payouts(minor: int, shares: list[Item]) -> dict[str, int]:
    """Return what others get; the seller's own part is the last one by name."""
    last = "\U0010ffff"
    weights = {each["party"]: each["share"] for each in shares}
    parts = divide(minor, {**weights, last: 1 - sum(weights.values())})
    return {name: part for name, part in parts.items() if part and name != last}
