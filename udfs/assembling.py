"""Assembles what was used in a billing period, by meter and by part of the period."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from schemas.aggregation import Aggregation
from schemas.instant import to_text
from schemas.price_model import Percentage
from schemas.priced_usage import UsageDetail, UsageTotal
from schemas.rate_card import MeterPrice
from schemas.statement import GroupUsage, MeterUsage, Segment
from udfs.rating import merge_groups

_ADDS_UP = frozenset(
    {Aggregation.COUNT, Aggregation.SUM, Aggregation.HISTOGRAM, Aggregation.TIME_WEIGHTED_SUM}
)
_IS_CUT = frozenset({Aggregation.COUNT, Aggregation.SUM, Aggregation.HISTOGRAM})


class MissingDetailError(Exception):
    """The detail of usage does not add up to its total; one line with expected and found."""


def needs_detail(total: UsageTotal, segments: Sequence[Segment]) -> bool:
    """Return whether a total has to be read window by window to be priced."""
    if _is_by_value(total.meter_id, segments):
        return True
    return total.aggregation in _IS_CUT and len(segments) > 1


def assemble_usage(
    totals: Sequence[UsageTotal], segments: Sequence[Segment], details: Sequence[UsageDetail]
) -> tuple[MeterUsage, ...]:
    """Return a period's usage by meter, ordered by meter.

    Args:
        totals: Of one account and period, at least one.
        segments: Of the period.
        details: Of the totals that need them (`needs_detail`), in any order.

    Raises:
        MissingDetailError: Windows are not kept, or were rolled up over the start of a segment.
    """
    meter_ids = sorted({total.meter_id for total in totals})
    return tuple(
        _meter_usage(
            [total for total in totals if total.meter_id == meter_id],
            segments,
            [detail for detail in details if detail.meter_id == meter_id],
        )
        for meter_id in meter_ids
    )


def _meter_usage(
    totals: Sequence[UsageTotal], segments: Sequence[Segment], details: Sequence[UsageDetail]
) -> MeterUsage:
    first = totals[0]
    if needs_detail(first, segments):
        by_segment = _cut(totals, segments, details)
    else:
        groups = merge_groups([_group(total) for total in totals])
        by_segment = tuple(groups for _ in segments)
    return MeterUsage(
        first.meter_id,
        first.unit,
        adds_up=first.aggregation in _ADDS_UP,
        is_cut=len(segments) == 1 or first.aggregation in _IS_CUT,
        by_segment=by_segment,
        row_ids=tuple(sorted(row_id for total in totals for row_id in total.row_ids)),
    )


def _group(total: UsageTotal) -> GroupUsage:
    return GroupUsage(total.dimensions, total.quantity, total.event_count)


def _cut(
    totals: Sequence[UsageTotal], segments: Sequence[Segment], details: Sequence[UsageDetail]
) -> tuple[tuple[GroupUsage, ...], ...]:
    """Return usage by segment, from its windows; they add up to the totals, or it is an error."""
    first = totals[0]
    known = {total.dimensions for total in totals}
    is_cut = first.aggregation in _IS_CUT
    pieces: list[list[GroupUsage]] = [[] for _ in segments]
    for detail in details:
        dimensions = detail.dimensions if detail.dimensions in known else _overflow(known)
        places = [_place(segments, detail.at_us)] if is_cut else range(len(segments))
        for place in places:
            pieces[place].append(_piece(first.aggregation, dimensions, detail))
    by_segment = tuple(map(merge_groups, pieces))
    merged = merge_groups([group for groups in by_segment for group in groups])
    found = {group.dimensions: group for group in merged}
    if not found.keys() <= known:
        raise MissingDetailError(
            f"metering_windows, account {first.account_id}, meter {first.meter_id}, from"
            f" {to_text(first.period_start_us)}: expected windows of the dimensions of its totals,"
            " found others"
        )
    for total in totals:
        group = found.get(total.dimensions)
        count = 0 if group is None else group.event_count // (1 if is_cut else len(segments))
        quantity = Decimal(0) if group is None else group.quantity
        if count != total.event_count or (is_cut and quantity != total.quantity):
            raise MissingDetailError(
                f"metering_windows, account {total.account_id}, meter {total.meter_id},"
                f" {total.dimensions}, from {to_text(total.period_start_us)}: expected windows of"
                f" {total.event_count} events and {total.quantity:f}, found {count} and"
                f" {quantity:f}"
            )
    if is_cut:
        return by_segment
    return tuple(_with_quantities(groups, totals) for groups in by_segment)


def _piece(aggregation: Aggregation, dimensions: str, detail: UsageDetail) -> GroupUsage:
    is_counted = aggregation is Aggregation.HISTOGRAM
    quantity = Decimal(detail.event_count) if is_counted else detail.quantity
    value = _value(detail.part)
    values = () if value is None else ((value, detail.event_count),)
    return GroupUsage(dimensions, quantity, detail.event_count, values)


def _value(part: str) -> Decimal | None:
    try:
        return Decimal(part)
    except InvalidOperation:
        return None


def _with_quantities(
    groups: Sequence[GroupUsage], totals: Sequence[UsageTotal]
) -> tuple[GroupUsage, ...]:
    """Return groups with the quantities that their totals say, and the values that they have."""
    quantities = {total.dimensions: total.quantity for total in totals}
    return tuple(
        GroupUsage(each.dimensions, quantities[each.dimensions], each.event_count, each.values)
        for each in groups
    )


def _place(segments: Sequence[Segment], at_us: int) -> int:
    """Return which segment an instant lies in; the first where it is before all."""
    return max((place for place, each in enumerate(segments) if each.start_us <= at_us), default=0)


def _overflow(known: set[str]) -> str:
    """Return the dimensions that further ones count under, or any that fits none."""
    return next((each for each in sorted(known) if "__overflow__" in each), "")


def is_by_value(price: MeterPrice) -> bool:
    """Return whether a price looks at each value, such as one with a least fee of each."""
    model = price.model
    if not isinstance(model, Percentage):
        return False
    return model.least_fee is not None or model.greatest_fee is not None


def _is_by_value(meter_id: str, segments: Sequence[Segment]) -> bool:
    return any(
        price.meter_id == meter_id and is_by_value(price)
        for segment in segments
        for price in segment.card.prices
    )
