"""Terms for tests of what is due when."""

from __future__ import annotations

from datetime import datetime

from schemas.cadence import Cadence
from schemas.terms import Recurring, Terms


def monthly(effective_from_us: int, timezone: str = "UTC") -> Terms:
    """Return terms of calendar months, with the plan `standard`."""
    anchor = datetime(2026, 1, 1)
    calendar = Recurring(Cadence.MONTH, anchor)
    return Terms(1, effective_from_us, timezone, calendar, "standard")
