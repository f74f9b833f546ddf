"""The flights that the integration tests publish, and the terms and meters they are metered by."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from jobs.flights.departures import Departure, read_departure, read_flights
from jobs.flights.receiving import Injections, Receipt, heartbeats, receive
from jobs.publish_flights import partition_of
from schemas.instant import to_us
from tests.integration.retracting import seat_meters
from tests.integration.world import PARTITIONS

_CONFIG = Path(__file__).parents[2] / "config"
INJECTIONS = Injections(seed=2013, repeat_rate=0.05, late_rate=0.05, malformed=2)


def at_ms(text: str) -> int:
    """Return the log time of RFC 3339 text in UTC, without its `Z`."""
    return to_us(datetime.fromisoformat(text).replace(tzinfo=UTC)) // 1000


def read_flights_of(*months: int) -> list[Departure]:
    """Return all departures of some months of 2013, in the data set's order."""
    wanted = {str(month) for month in months}
    return [read_departure(row) for row in read_flights() if row["month"] in wanted]


def choose(departures: Sequence[Departure], first: str, last: str, every: int) -> list[Departure]:
    """Return each n-th of the departures that were received from one log time to another."""
    first_us, last_us = at_ms(first) * 1000, at_ms(last) * 1000
    return [each for each in departures if first_us <= each.received_us < last_us][::every]


def receipts_of(departures: Sequence[Departure], injections: Injections) -> list[Receipt]:
    """Return the records in order of log time, for a topic of as many partitions as all here."""
    return receive(departures, injections, lambda key: partition_of(key, PARTITIONS))


MORE = {"event_type": "flight.departed", "property": "miles", "unit": "mile", "grace_hours": 24}
MORE_METERS: tuple[dict[str, Any], ...] = (
    {"meter": "least-miles", "aggregation": "min"},
    {"meter": "mean-flight", "aggregation": "average", "dimensions": ["origin"]},
    {"meter": "last-flight", "aggregation": "latest", "dimensions": ["origin"]},
    {"meter": "distances", "aggregation": "unique_count", "unit": "distance"},
    {"meter": "long-flights", "aggregation": "percentile", "percentile": "90"},
    {"meter": "miles-to-few", "aggregation": "sum", "dimensions": ["dest"], "max_dimensions": 5},
    {
        "meter": "miles-over-time",
        "aggregation": "time_weighted_sum",
        "readings": "delta",
        "per": "day",
        "dimensions": ["origin"],
    },
    {
        "meter": "last-miles-over-time",
        "aggregation": "time_weighted_sum",
        "readings": "absolute",
        "per": "hour",
    },
    {"meter": "flights-by-length", "aggregation": "histogram", "bounds": [500, "999.5", 2000]},
)
"""What the demo has no meter of."""
BUDGETS: dict[str, list[dict[str, Any]]] = {
    "AA": [
        {"meter": "flights", "quantity": "200", "thresholds": [1, 10, 50, 80, 100, 150, 500]},
        {"meter": "miles", "quantity": 250_000},
    ],
    "B6": [
        {"meter": "flights", "quantity": "120", "thresholds": [25, 50, 100, 200, 1000]},
        {"meter": "miles-to-few", "quantity": "100000.5"},
    ],
    "UA": [{"meter": "air-minutes", "quantity": "50000"}],
    "WN": [{"meter": "flights", "quantity": "20", "thresholds": [50, 100, 500]}],
}
"""By account; each tenth of the flights reaches some thresholds, all of them reach all."""


def beats(text: str) -> list[Receipt]:
    """Return one heartbeat for each partition at a log time."""
    return heartbeats(PARTITIONS, at_ms(text))


def write_config(folder: Path, horizon_days: int = 20) -> Path:
    """Write meters and accounts into a folder; return the folder.

    They are the demo's and one meter for each other aggregation, with a short correction horizon so
    that usage expires, and without the account HA and the terms of F9 and YV before 20 February, so
    that usage is unassigned. Some have budgets.
    """
    folder.mkdir(parents=True, exist_ok=True)
    meters = yaml.safe_load((_CONFIG / "meters.yaml").read_text())["meters"]
    meters += [{**MORE, **meter} for meter in MORE_METERS]
    meters += seat_meters()
    for meter in meters:
        meter["correction_horizon_days"] = horizon_days
    write_meters(folder / "meters.yaml", meters)
    accounts = yaml.safe_load((_CONFIG / "accounts.yaml").read_text())["accounts"]
    accounts = [each for each in accounts if each["account_id"] != "HA"]
    for each in accounts:
        each["budgets"] = BUDGETS.get(each["account_id"], [])
        if each["account_id"] in ("F9", "YV"):
            terms = {**each["terms"][0], "effective_from": "2013-02-20T10:17:00Z"}
            each["terms"] = [terms]
    (folder / "accounts.yaml").write_text(yaml.safe_dump({"accounts": accounts}))
    return folder


def read_meters_file(path: Path) -> list[dict[str, Any]]:
    """Return the entries of a meters file."""
    listed: list[dict[str, Any]] = yaml.safe_load(path.read_text())["meters"]
    return listed


def write_meters(path: Path, meters: list[dict[str, Any]]) -> Path:
    """Write a meters file; return its path."""
    path.write_text(yaml.safe_dump({"meters": meters}))
    return path
