"""Days of a zone."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from schemas.instant import EPOCH, MICROSECOND


def local_day(instant_us: int, timezone: str) -> date:
    """Return the day that an instant falls on in a zone."""
    return (EPOCH + instant_us * MICROSECOND).astimezone(ZoneInfo(timezone)).date()
