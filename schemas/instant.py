"""Instants: integer microseconds since 1970-01-01T00:00:00Z, the only time inside the rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US


def to_us(moment: datetime) -> int:
    """Return the instant of an aware datetime, exactly.

    Args:
        moment: Any aware datetime. A wall-clock time that its zone skips counts with the offset
            before the gap, one that occurs twice with its `fold` (PEP 495).

    Returns:
        Microseconds since the epoch, negative before 1970.

    Raises:
        ValueError: The datetime is naive.
    """
    if moment.tzinfo is None:
        raise ValueError(f"instant: expected a datetime with a time zone, found {moment!r}")
    return (moment - EPOCH) // MICROSECOND


def to_text(instant_us: int) -> str:
    """Return an instant as RFC 3339 in UTC.

    Returns:
        For example `2013-01-15T05:00:00Z`; microseconds appear only when they are not zero.
    """
    return (EPOCH + instant_us * MICROSECOND).isoformat().replace("+00:00", "Z")
