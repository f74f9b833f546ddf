"""The windows that one account's totals are made of, from its rows."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.brought_back_usage import BroughtBackUsage
from schemas.instant import SECOND_US
from schemas.priced_usage import UsageDetail
from schemas.usage_window import UsageWindow
from udfs.totalling import PeriodTotals

_HOUR_S, _DAY_S = 3600, 86_400


def details_of(
    period: PeriodTotals, windows: Sequence[UsageWindow], brought_back: Sequence[BroughtBackUsage]
) -> tuple[UsageDetail, ...]:
    """Return the windows of a period that its totals count, and what was brought back.

    Args:
        period: Of one account.
        windows: Of the same account, at least all of the period; none told twice
            (`leave_out_rolled_up`).
        brought_back: Of the same account.
    """
    start_us, end_us = period.span
    found = [
        UsageDetail(
            each.meter_id,
            each.dimensions,
            each.event_window_start_us,
            each.part or "",
            each.quantity,
            each.event_count,
        )
        for each in windows
        if start_us <= each.event_window_start_us < end_us
        and (reach_us := period.reach_us.get(each.meter_id)) is not None
        and each.log_window_end_us <= reach_us
    ]
    found += [
        UsageDetail(
            each.meter_id,
            each.dimensions,
            each.first_event_time_us,
            "",
            each.quantity,
            each.event_count,
        )
        for each in brought_back
        if (each.period_start_us, each.period_end_us) == period.span
    ]
    return tuple(sorted(found, key=_detail_order))


def leave_out_rolled_up(windows: Sequence[UsageWindow]) -> list[UsageWindow]:
    """Return windows without those that a rolled-up row of their hour or day already holds.

    The rule is that of `iceberg.covering`: a row whose log window is not later than that of the
    rolled-up row was rolled up and then committed again.
    """
    reach: dict[tuple[object, ...], int] = {}
    for each in windows:
        if each.is_rolled_up:
            key = _place(each, each.event_window_start_us, each.event_window_s)
            reach[key] = max(reach.get(key, each.log_window_end_us), each.log_window_end_us)

    def is_held(row: UsageWindow, width_s: int) -> bool:
        start_us = row.event_window_start_us
        wide = _place(row, start_us - start_us % (width_s * SECOND_US), width_s)
        return (
            row.event_window_s < width_s and wide in reach and reach[wide] >= row.log_window_end_us
        )

    return [each for each in windows if not (is_held(each, _HOUR_S) or is_held(each, _DAY_S))]


def _place(row: UsageWindow, start_us: int, width_s: int) -> tuple[object, ...]:
    is_back = bool(row.is_retraction)
    return (row.meter_id, row.dimensions, row.part, is_back, start_us, width_s)


def _detail_order(detail: UsageDetail) -> tuple[object, ...]:
    return (
        detail.meter_id,
        detail.dimensions,
        detail.at_us,
        detail.part,
        detail.quantity,
        detail.event_count,
    )
