"""Rows of usage of account A as shapes, for tests; each is a full one with values changed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from iceberg.row_shapes import read_shape
from iceberg.tables import CLOSED_USAGE, METERING_WINDOWS, USAGE_CORRECTIONS
from schemas.aggregation import Aggregation
from schemas.brought_back_usage import BroughtBackUsage
from schemas.instant import HOUR_US
from schemas.usage_row import ClosedUsage, UsageCorrection
from schemas.usage_window import UsageWindow
from tests.iceberg.rows import brought_back, correction, row_of

_CLOSED = read_shape(ClosedUsage, row_of(CLOSED_USAGE))
_CORRECTED = read_shape(UsageCorrection, row_of(USAGE_CORRECTIONS, **correction(1, 5, 2)))
_BACK = read_shape(BroughtBackUsage, brought_back("e1"))
_WINDOW = read_shape(UsageWindow, row_of(METERING_WINDOWS) | {"is_rolled_up": False})
JANUARY, FEBRUARY = _CLOSED.period_start_us, _CLOSED.period_end_us
CUT, BUCKET_END = _CLOSED.cut_us, _CORRECTED.correction_end_us


def closed(quantity: str = "3", **changes: Any) -> ClosedUsage:
    """Return a closed row of flights in January."""
    return replace(_CLOSED, quantity=Decimal(quantity), **changes)


def corrected(revision: int, quantity: str, delta: str, **changes: Any) -> UsageCorrection:
    """Return a correction of it, two days late."""
    own: dict[str, Any] = {
        "row_id": f"c{revision}",
        "revision": revision,
        "quantity": Decimal(quantity),
        "quantity_delta": Decimal(delta),
    }
    return replace(_CORRECTED, **own | changes)


def back(quantity: str, event_count: int = 1, **changes: Any) -> BroughtBackUsage:
    """Return usage of January that was brought back."""
    return replace(_BACK, quantity=Decimal(quantity), event_count=event_count, **changes)


def window(at_us: int, quantity: str = "1", **changes: Any) -> UsageWindow:
    """Return a window of an hour, received in its last log window."""
    own: dict[str, Any] = {
        "event_window_start_us": at_us,
        "event_window_s": 3600,
        "quantity": Decimal(quantity),
        "event_count": 1,
        "log_window_end_us": at_us + HOUR_US,
        "is_retraction": None,
    }
    return replace(_WINDOW, **own | changes)


def average(text: str, **changes: Any) -> dict[str, Any]:
    """Return what makes a row one of an average whose events add up to `text`."""
    breakdown = f'{{"sum":"{text}","count":3}}'
    return {"aggregation": Aggregation.AVERAGE, "breakdown": breakdown, **changes}
