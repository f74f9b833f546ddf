"""The windows that totals are made of: up to their reach, none told twice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from schemas.instant import DAY_US, HOUR_US
from schemas.priced_usage import UsageDetail
from schemas.usage_window import UsageWindow
from tests.udfs.account_usage import CUT, FEBRUARY, JANUARY, back, closed, window
from udfs.detailing import details_of, leave_out_rolled_up
from udfs.totalling import total_usage

DAY = JANUARY + 4 * DAY_US
WIDE: dict[str, Any] = {"is_rolled_up": True, "log_window_end_us": DAY + 2 * DAY_US}


def test_windows_up_to_the_last_revision_are_details() -> None:
    """What came later waits for a correction; other periods and meters stay out."""
    windows = [
        window(JANUARY + DAY_US, "2", log_window_end_us=CUT),
        window(JANUARY, part="7"),
        window(JANUARY, log_window_end_us=CUT + 1),
        window(JANUARY - HOUR_US),
        window(FEBRUARY, log_window_end_us=CUT),
        window(JANUARY, meter_id="miles"),
    ]
    (period,) = total_usage([closed()], [], [])
    assert details_of(period, windows, []) == (
        UsageDetail("flights", "{}", JANUARY, "7", Decimal(1), 1),
        UsageDetail("flights", "{}", JANUARY + DAY_US, "", Decimal(2), 1),
    )


def test_usage_brought_back_is_a_detail_of_its_first_event() -> None:
    """Also where nothing else is there, whose windows no total counts."""
    rows = [back("2", 2), back("5", period_start_us=FEBRUARY, period_end_us=FEBRUARY + 1)]
    january, _ = total_usage([], [], rows)
    at_us = rows[0].first_event_time_us
    assert details_of(january, [window(JANUARY)], rows) == (
        UsageDetail("flights", "{}", at_us, "", Decimal(2), 2),
    )


@pytest.mark.parametrize(
    ("wide", "rows", "left"),
    [
        (window(DAY, event_window_s=86_400, **WIDE), [window(DAY), window(DAY + 23 * HOUR_US)], 0),
        (window(DAY, event_window_s=86_400, **WIDE), [window(DAY - 1), window(DAY + DAY_US)], 2),
        (window(DAY, **WIDE), [window(DAY + 60_000_000, event_window_s=60)], 0),
        (window(DAY, **WIDE), [window(DAY + HOUR_US, event_window_s=60)], 1),
        # The job's own hours are not narrower than an hour.
        (window(DAY, **WIDE), [window(DAY)], 1),
        (window(DAY, **WIDE | {"is_rolled_up": False}), [window(DAY, event_window_s=60)], 1),
        (window(DAY, **WIDE), [window(DAY, event_window_s=60, log_window_end_us=CUT)], 1),
        (window(DAY, **WIDE), [window(DAY, event_window_s=60, part="7")], 1),
        (window(DAY, **WIDE), [window(DAY, event_window_s=60, is_retraction=True)], 1),
        (window(DAY, **WIDE), [window(DAY, event_window_s=60, is_retraction=False)], 0),
        (window(DAY, **WIDE), [window(DAY, event_window_s=60, meter_id="miles")], 1),
        (window(DAY, event_window_s=86_400, **WIDE), [window(DAY, is_rolled_up=True)], 0),
    ],
)
def test_what_a_rolled_up_row_holds_is_left_out(
    wide: UsageWindow, rows: list[UsageWindow], left: int
) -> None:
    """A row of its hour or day whose log window is not later was committed again."""
    found = leave_out_rolled_up([*rows, wide])
    assert wide in found
    assert len(found) == left + 1
