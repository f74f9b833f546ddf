"""How long a billing period is: a calendar duration, by name or as ISO 8601."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from schemas.instant import DAY_US, HOUR_US, MINUTE_US, SECOND_US

_ISO = re.compile(
    r"P(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})W)?(?:(\d{1,9})D)?"
    r"(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?",
    re.ASCII,
)
_MAX_DAYS = 100 * 12 * 31


@dataclass(frozen=True, slots=True)
class Cadence:
    """From one boundary to the next: months, then days, on the wall clock; then exact time.

    Attributes:
        months: Calendar months; a day that a month lacks becomes its last.
        days: Calendar days, of 23 to 25 hours around a change of clocks.
        time_us: Elapsed time, whatever the wall clock does.
    """

    months: int = 0
    days: int = 0
    time_us: int = 0

    DAY: ClassVar[Cadence]
    WEEK: ClassVar[Cadence]
    MONTH: ClassVar[Cadence]
    QUARTER: ClassVar[Cadence]
    HALF_YEAR: ClassVar[Cadence]
    YEAR: ClassVar[Cadence]


Cadence.DAY = Cadence(days=1)
Cadence.WEEK = Cadence(days=7)
Cadence.MONTH = Cadence(months=1)
Cadence.QUARTER = Cadence(months=3)
Cadence.HALF_YEAR = Cadence(months=6)
Cadence.YEAR = Cadence(months=12)

NAMED_CADENCES = {
    "day": Cadence.DAY,
    "week": Cadence.WEEK,
    "month": Cadence.MONTH,
    "quarter": Cadence.QUARTER,
    "half_year": Cadence.HALF_YEAR,
    "year": Cadence.YEAR,
}
_NAMES = {cadence: name for name, cadence in NAMED_CADENCES.items()}


def encode_cadence(cadence: Cadence) -> str:
    """Return its name, or else the ISO 8601 duration: `week`, `P10D`, `P1MT12H`."""
    if cadence in _NAMES:
        return _NAMES[cadence]
    seconds = cadence.time_us // SECOND_US
    hours, seconds = divmod(seconds, HOUR_US // SECOND_US)
    minutes, seconds = divmod(seconds, MINUTE_US // SECOND_US)
    date_part = _parts((cadence.months, "M"), (cadence.days, "D"))
    time_part = _parts((hours, "H"), (minutes, "M"), (seconds, "S"))
    return f"P{date_part}{'T' if time_part else ''}{time_part}"


def decode_cadence(text: str) -> Cadence | None:
    """Read a name or an ISO 8601 duration of whole numbers, from one second to a century.

    Returns:
        None if the text is neither.

    Source: ISO 8601-1:2019, 5.5.2.2, with weeks allowed beside other units as in ISO 8601-2.
    """
    if text in NAMED_CADENCES:
        return NAMED_CADENCES[text]
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    years, months, weeks, days, hours, minutes, seconds = (
        int(number or 0) for number in match.groups()
    )
    time_us = hours * HOUR_US + minutes * MINUTE_US + seconds * SECOND_US
    cadence = Cadence(years * 12 + months, weeks * 7 + days, time_us)
    most_days = cadence.months * 31 + cadence.days + cadence.time_us // DAY_US
    return cadence if cadence != Cadence() and most_days <= _MAX_DAYS else None


def _parts(*numbers: tuple[int, str]) -> str:
    return "".join(f"{number}{unit}" for number, unit in numbers if number)
