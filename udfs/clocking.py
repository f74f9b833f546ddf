"""The time that an event says: RFC 3339 in upper case, as an instant.

Source: https://www.rfc-editor.org/rfc/rfc3339.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

from schemas.instant import to_us

_SECOND = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\Z")
_REST = re.compile(r"(?:\.([0-9]{1,9}))?(?:Z|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))\Z")
_LONGEST = len("2013-06-01T10:00:00.123456789+05:30")
_FIRST_US = to_us(datetime.min.replace(tzinfo=UTC))
_LAST_US = to_us(datetime.max.replace(tzinfo=UTC))
_REMEMBERED = 20_000


def instant_us(time: str) -> int | None:
    """Return the instant of an RFC 3339 time in upper case; None if it is none.

    Digits after the sixth decimal are dropped. A leap second is refused, and so is an instant
    before the year 1 or after the year 9999 of UTC.
    """
    if len(time) > _LONGEST:  # what is remembered must be short
        return None
    second_us = _second_us(time[:19])
    rest_us = _rest_us(time[19:])
    if second_us is None or rest_us is None:
        return None
    sum_us = second_us + rest_us
    return sum_us if _FIRST_US <= sum_us <= _LAST_US else None


@lru_cache(maxsize=_REMEMBERED)
def _second_us(text: str) -> int | None:
    if not _SECOND.match(text):
        return None
    try:
        return to_us(datetime.fromisoformat(text).replace(tzinfo=UTC))
    except ValueError:  # a date that the calendar lacks
        return None


@lru_cache(maxsize=_REMEMBERED)
def _rest_us(text: str) -> int | None:
    """Return the fraction of a second less the offset from UTC, in microseconds."""
    match = _REST.match(text)
    if match is None:
        return None
    fraction, sign, hours, minutes = match.groups()
    us = int(f"{fraction or '':0<6}"[:6])
    if sign is None:
        return us
    offset_us = (int(hours) * 60 + int(minutes)) * 60_000_000
    return us + offset_us if sign == "-" else us - offset_us
