"""The load of a fault run: accounts whose periods are short, and events told by a seed.

Log time is the producer's own (a CreateTime topic): each tick of a quarter of a second stamps all
its records with one log time, a minute after the last tick's. So an hour passes in 15 seconds,
periods close and are corrected while faults strike, and log time never goes back however often a
record is sent again.
"""

import random
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from jobs.flights.spoiling import REFUSED_RECORDS, Spoiled
from schemas.instant import HOUR_US, MICROSECOND, to_text
from schemas.retraction import retraction_of
from schemas.usage_event import UsageEvent, encode_usage_event

START = datetime(2026, 1, 5, tzinfo=UTC)
START_MS = round(START.timestamp() * 1000)
TICK_LOG_MS = 60_000
TICK_S = 0.25
PARTITIONS, LATER_PARTITIONS = 4, 6
HOT = "a00"
UNKNOWN = "u00"
CALL, SOLD = "api.call", "seat.sold"
_HOURLY = tuple(f"a{number:02d}" for number in range(16))
_TEN_MINUTES = ("t00", "t01", "t02", "t03")
_NEW = ("n00", "n01", "n02", "n03")
# Their days end some hours after the start. Only two, as the oracle's calendar is slow.
_DAILY = {"d00": ("Asia/Kolkata", 10), "d01": ("America/New_York", 2)}
_EFFECTIVE_FROM = START - timedelta(days=10)
_CALLS = {"event_type": CALL, "unit": "unit", "grace_hours": 0, "correction_horizon_days": 1}
_SEATS = {
    **{"event_type": SOLD, "unit": "usd", "grace_hours": 1, "correction_horizon_days": 1},
    "retractable": True,
}
METERS: tuple[dict[str, Any], ...] = (
    {**_CALLS, "meter": "calls", "aggregation": "count"},
    {**_CALLS, "meter": "units", "aggregation": "sum", "dimensions": ["region"]},
    {**_CALLS, "meter": "peak", "aggregation": "max"},
    {**_CALLS, "meter": "mean", "aggregation": "average"},
    {**_SEATS, "meter": "seats", "aggregation": "count"},
    {**_SEATS, "meter": "sales", "aggregation": "sum", "property": "price"},
)
_BUDGETS = [{"meter": "calls", "quantity": "200", "thresholds": [1, 10, 50, 80, 100, 200]}]


def _boundaries(step: timedelta) -> list[datetime]:
    """Return the boundaries of a listed calendar; the days before the start are in six hours."""
    long = [START - timedelta(hours=6 * n) for n in range(16, 0, -1)]
    return long + [START + n * step for n in range(timedelta(days=5) // step)]


_LISTED = {
    **dict.fromkeys(_HOURLY + _NEW, _boundaries(timedelta(hours=1))),
    **dict.fromkeys(_TEN_MINUTES, _boundaries(timedelta(minutes=10))),
}


def write_load_config(folder: Path) -> Path:
    """Write the meters and accounts of the load into a folder; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "meters.yaml").write_text(yaml.safe_dump({"meters": list(METERS)}))
    common = {"version": 1, "effective_from": to_text(_us(_EFFECTIVE_FROM)), "plan": "standard"}
    accounts: list[dict[str, Any]] = []
    # Accounts share their terms: the file then names them once, and is read much faster.
    shared: dict[int, list[dict[str, Any]]] = {}
    for account_id, boundaries in _LISTED.items():
        listed = [f"{each:%Y-%m-%dT%H:%M:%S}" for each in boundaries]
        terms = [{**common, "timezone": "UTC", "boundaries": listed}]
        terms = shared.setdefault(id(boundaries), terms)
        accounts.append({"account_id": account_id, "terms": terms, "budgets": _BUDGETS})
    for account_id, (zone, hour) in _DAILY.items():
        anchor = f"2025-12-01T{hour:02d}:00:00"
        terms = [{**common, "timezone": zone, "cadence": "day", "anchor": anchor}]
        accounts.append({"account_id": account_id, "terms": terms})
    (folder / "accounts.yaml").write_text(yaml.safe_dump({"accounts": accounts}))
    return folder


def period_start_of(account_id: str, time_us: int) -> datetime | None:
    """Return the begin of the period that the load means an event for; None: it has no account."""
    time = datetime(1970, 1, 1, tzinfo=UTC) + time_us * MICROSECOND
    if account_id in _DAILY:
        zone, hour = _DAILY[account_id]
        local = time.astimezone(ZoneInfo(zone)) - timedelta(hours=hour)
        begin = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(hours=hour)
        return begin.astimezone(UTC)
    if account_id not in _LISTED:
        return None
    boundaries = _LISTED[account_id]
    return boundaries[bisect_right(boundaries, time) - 1]


def partition_of(account_id: str) -> int:
    """Return the partition of an account's records."""
    if account_id in _NEW:
        return PARTITIONS + _NEW.index(account_id) % (LATER_PARTITIONS - PARTITIONS)
    return int(account_id[1:]) % PARTITIONS


@dataclass(slots=True, eq=False)
class Sent:
    """One record that the producer means to be in the log, once or more often.

    Attributes:
        event: What it says; None for a heartbeat.
        value: Its bytes.
        partition: Where it goes.
        refusal: Why it must be refused; None where it counts.
        places: Partition and offset of each copy that Kafka acknowledged.
        failures: How often Kafka did not acknowledge it in time: it may be there all the same.
    """

    event: UsageEvent
    value: bytes | None
    partition: int
    refusal: str | None
    places: list[tuple[int, int]]
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Shape:
    """What the load is like at the moment.

    Attributes:
        events_per_tick: New events in each tick.
        hot_share: Share of events that are the hot account's.
        copies: How often each event is sent.
        late_share: Share of events that happened hours ago.
        late_copies: How many late events come in place of one.
        poison_share: Share of records that are spoiled, on top.
        quiet: Partitions that get no usage.
        silent: Partitions that get nothing, not even heartbeats.
        is_wide: Whether accounts of the partitions that came later are used.
    """

    events_per_tick: int = 10
    hot_share: float = 0.0
    copies: int = 1
    late_share: float = 0.03
    late_copies: int = 1
    poison_share: float = 0.01
    quiet: tuple[int, ...] = ()
    silent: tuple[int, ...] = ()
    is_wide: bool = False


class Load:
    """Makes events, the same from the same seed and the same shapes."""

    def __init__(self, seed: int) -> None:
        """Begin with nothing sold."""
        self._chance = random.Random(seed)  # noqa: S311  decides a test
        self._number = 0
        self._sold: list[UsageEvent] = []
        self._seed = seed

    def events(self, log_ms: int, shape: Shape) -> list[Sent]:
        """Return the new records of one tick, which are received at a log time."""
        chance, made = self._chance, []
        for _ in range(shape.events_per_tick):
            event = self._event(log_ms, shape)
            made.append(_record(event))
            if chance.random() < shape.late_share:
                made += [_record(self._late(log_ms, shape)) for _ in range(shape.late_copies)]
            if chance.random() < shape.poison_share:
                made.append(self._poison(event, log_ms))
        if self._sold and chance.random() < 0.2:
            made.append(self._retraction(log_ms))
        shut = {*shape.quiet, *shape.silent}
        return [each for each in made if each.partition not in shut]

    def _event(self, log_ms: int, shape: Shape, ago_us: int | None = None) -> UsageEvent:
        chance = self._chance
        self._number += 1
        accounts = [*_HOURLY, *_TEN_MINUTES, *_DAILY, UNKNOWN, *(_NEW if shape.is_wide else ())]
        account_id = chance.choice(accounts)
        if chance.random() < shape.hot_share:
            account_id = HOT
        ago_us = chance.randrange(60_000_000) if ago_us is None else ago_us
        units = str(chance.randrange(1, 1000)) + chance.choice(("", ".5", ".000000001"))
        data: dict[str, object] = {"units": units, "region": chance.choice(("eu", "us", None))}
        kind = CALL
        if chance.random() < 0.2:
            kind, data = SOLD, {"price": units}
        event_id = f"{self._seed}-{self._number}"
        return UsageEvent(event_id, "load", kind, account_id, log_ms * 1000 - ago_us, data)

    def _late(self, log_ms: int, shape: Shape) -> UsageEvent:
        """Return an event of hours ago; one in twenty is too late for a correction."""
        hours = 60 if self._chance.random() < 0.05 else self._chance.randrange(1, 6)
        return self._event(log_ms, shape, hours * HOUR_US + self._chance.randrange(60_000_000))

    def _poison(self, event: UsageEvent, log_ms: int) -> Sent:
        kind: Spoiled = self._chance.choice(REFUSED_RECORDS)
        self._number += 1
        spoiled = UsageEvent(
            f"{self._seed}-{self._number}",
            # Some kinds look for these in the bytes.
            "nyc/poison",
            CALL,
            event.subject,
            event.time_us,
            {"miles": 7},
        )
        value = kind.spoil(spoiled, log_ms * 1000)
        return Sent(spoiled, value, partition_of(event.subject), str(kind.reason), [])

    def _retraction(self, log_ms: int) -> Sent:
        """Take back one of the seats that Kafka has for sure."""
        self._number += 1
        event = self._sold.pop(self._chance.randrange(len(self._sold)))
        retracted = retraction_of(event, f"{self._seed}-{self._number}", "desk", log_ms * 1000)
        return _record(retracted)

    def acknowledged(self, sent: Sent) -> None:
        """Take note that Kafka has a record."""
        if sent.event.type == SOLD and sent.refusal is None:
            self._sold.append(sent.event)


def _record(event: UsageEvent) -> Sent:
    return Sent(event, encode_usage_event(event), partition_of(event.subject), None, [])


def _us(instant: datetime) -> int:
    return round(instant.timestamp()) * 1_000_000
