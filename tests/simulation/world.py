"""What a seed stands for: accounts, meters, and the records of a few partitions.

Producers send events of two months. Most arrive within seconds, some hours or days late, some
twice, some with the same identity and other content, some are taken back; one producer is cut off
and comes back with all it held. An account's records are in one partition; some come as batches.
"""

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from audit.shapes import RawRecord

PARTITIONS = 3
START, END = datetime(2013, 2, 20, tzinfo=UTC), datetime(2013, 4, 5, tzinfo=UTC)
_FIRST, _CHANGE = datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 3, 12, 9, tzinfo=UTC)
QUIET = datetime(2013, 8, 1, tzinfo=UTC)
"""When the last heartbeats come: everything is over by then."""

_KINDS: tuple[dict[str, Any], ...] = (
    {"aggregation": "count"},
    {"aggregation": "sum", "dimensions": ["place"]},
    {"aggregation": "sum", "dimensions": ["place"], "max_dimensions": 2},
    {"aggregation": "max"},
    {"aggregation": "min"},
    {"aggregation": "average", "dimensions": ["place"]},
    {"aggregation": "unique_count", "property": "place"},
    {"aggregation": "latest", "dimensions": ["place"], "max_dimensions": 1},
    {"aggregation": "histogram", "bounds": [0, 5]},
    {"aggregation": "percentile", "percentile": 60},
    {"aggregation": "time_weighted_sum", "readings": "delta", "per": "hour"},
    {
        "aggregation": "time_weighted_sum",
        "readings": "absolute",
        "per": "day",
        "dimensions": ["place"],
    },
)
_CALENDARS = (
    ("month", "2013-01-31", "UTC"),
    ("week", "2013-01-07", "America/New_York"),
    ("day", "2013-01-01T06:00:00", "Europe/Berlin"),
    ("P10D", "2013-01-01", "Asia/Kolkata"),
)
_DELAYS_S = (1, 5, 30, 600, 3600, 5 * 3600, 30 * 3600, 5 * 86400, 12 * 86400)


@dataclass(frozen=True)
class World:
    """One seed's world.

    Attributes:
        records: By partition, in the order of offsets.
        meters: The meters file.
        accounts: The accounts file.
        known_at_ms: Log time at which each account becomes known.
        amended_at_ms: Log time at which each account's later terms are told, before they hold.
    """

    records: tuple[tuple[RawRecord, ...], ...]
    meters: Path
    accounts: Path
    known_at_ms: dict[str, int]
    amended_at_ms: dict[str, int]


def make_world(seed: int, folder: Path) -> World:
    """Draw a world from a seed; write its settings into a folder."""
    chance = random.Random(seed)  # noqa: S311
    names = ["A", "B", "C", "D"][: chance.randint(2, 4)]
    meters, accounts = folder / "meters.yaml", folder / "accounts.yaml"
    meters.write_text(yaml.safe_dump({"meters": _meters(chance)}))
    terms: list[dict[str, Any]] = [{"account_id": name, "terms": _terms(chance)} for name in names]
    # Its own chance: what a seed sends stays what it was before there were budgets.
    _add_budgets(random.Random(-seed), terms, yaml.safe_load(meters.read_text()))  # noqa: S311
    accounts.write_text(yaml.safe_dump({"accounts": terms}))
    sent = _sent(chance, [*names, "UNKNOWN"])
    records = tuple(_partition(chance, sent, partition) for partition in range(PARTITIONS))
    first_ms = min(record.log_time_ms for each in records for record in each[:1])
    known_at_ms = {name: first_ms + chance.randint(0, 20 * 3600 * 1000) for name in names}
    last_ms = _ms(_CHANGE - timedelta(hours=1))
    amended_at_ms = {name: chance.randint(first_ms, last_ms) for name in names}
    return World(records, meters, accounts, known_at_ms, amended_at_ms)


def _meters(chance: random.Random) -> list[dict[str, Any]]:
    kinds = chance.sample(_KINDS, 4)
    # The readings of an absolute level cannot be taken back, so then no event can.
    is_any_absolute = any(kind.get("readings") == "absolute" for kind in kinds)
    return [
        {
            "meter": f"m{n}",
            "event_type": "used",
            "unit": "gb",
            "grace_hours": chance.choice([0, 1, 3]),
            "correction_horizon_days": chance.choice([1, 4, 9]),
            "retractable": not is_any_absolute,
            **kind,
        }
        for n, kind in enumerate(kinds)
    ]


def _terms(chance: random.Random) -> list[dict[str, Any]]:
    """Return one or two terms: the later ones wait for a boundary, or hold at once."""
    terms = []
    for version in range(1, chance.randint(2, 3)):
        cadence, anchor, timezone = chance.choice(_CALENDARS)
        since = _FIRST if version == 1 else _CHANGE
        each = {
            "version": version,
            "effective_from": since.isoformat(),
            "effective_until": datetime(2013, 4, 3, tzinfo=UTC).isoformat(),
            "timezone": timezone,
            "cadence": cadence,
            "anchor": anchor,
            "plan": "standard",
        }
        if version > 1 and chance.random() < 0.5:
            each["takes_effect"] = "at_once"
        terms.append(each)
    return terms


def _add_budgets(
    chance: random.Random, accounts: list[dict[str, Any]], meters: dict[str, Any]
) -> None:
    """Give accounts budgets of the meters that add up."""
    for account in accounts:
        account["budgets"] = [
            {
                "meter": meter["meter"],
                "quantity": chance.choice(["1", "2.5", "20"]),
                "thresholds": sorted(chance.sample([1, 50, 80, 100, 250], 3)),
            }
            for meter in meters["meters"]
            if meter["aggregation"] in ("count", "sum") and chance.random() < 0.8
        ]


def _sent(chance: random.Random, names: list[str]) -> list[tuple[int, str, bytes]]:
    """Return log time, account and value of all records but the heartbeats."""
    sent: list[tuple[int, str, bytes]] = []
    back = START + timedelta(days=chance.randint(5, 30))
    for n in range(chance.randint(40, 160)):
        name = chance.choice(names)
        at = START + timedelta(seconds=chance.randint(0, int((END - START).total_seconds())))
        # Many fall on boundaries' days, where rules differ.
        if chance.random() < 0.3:
            at = at.replace(day=chance.choice([1, 28]), hour=chance.choice([0, 4, 5, 23]))
        log = at + timedelta(seconds=chance.choice(_DELAYS_S) * chance.random())
        if name == names[0] and at < back and chance.random() < 0.5:
            log = max(log, back + timedelta(seconds=n))
        value = _event(chance, n, name, at)
        sent.append((_ms(log), name, value))
        if chance.random() < 0.2:
            again = log + timedelta(seconds=chance.choice(_DELAYS_S) * chance.random())
            other = _event(chance, n, name, at) if chance.random() < 0.3 else value
            sent.append((_ms(again), name, other))
        if chance.random() < 0.2:
            sent += _taken_back(chance, n, name, log)
    return sent


def _taken_back(
    chance: random.Random, n: int, name: str, log: datetime
) -> list[tuple[int, str, bytes]]:
    """Return one or two retractions of an event; some come before it, or name no event."""
    sent = []
    for attempt in range(chance.choice([1, 1, 2])):
        at = log + timedelta(seconds=chance.choice((-60, *_DELAYS_S)) * chance.random())
        named = n if chance.random() < 0.9 else n + 1000
        event = {
            "specversion": "1.0",
            "id": f"undo{n}-{attempt}",
            "source": "desk",
            "type": "meterclose.retraction",
            "subject": name,
            "time": at.isoformat().replace("+00:00", "Z"),
            "data": {"source": "sim", "id": f"e{named}"},
        }
        sent.append((_ms(at), name, json.dumps(event).encode()))
    return sent


def _event(chance: random.Random, n: int, name: str, at: datetime) -> bytes:
    units = chance.choice([str(chance.randint(-4, 9)), "0.000000001", "2.5"])
    event = {
        "specversion": "1.0",
        "id": f"e{n}",
        "source": "sim",
        "type": "used",
        "subject": name,
        "time": at.isoformat().replace("+00:00", "Z"),
        "data": {"units": units, "place": chance.choice("xyz")},
    }
    return json.dumps(event).encode()


def _partition(
    chance: random.Random, sent: list[tuple[int, str, bytes]], partition: int
) -> tuple[RawRecord, ...]:
    mine = sorted(each for each in sent if ord(each[1][0]) % PARTITIONS == partition)
    beat = {
        "specversion": "1.0",
        "id": f"beat-{partition}",
        "source": "sim",
        "type": "meterclose.heartbeat",
        "subject": "beat",
        "time": "2013-08-01T00:00:00Z",
    }
    values = _in_batches(chance, [(log_ms, value) for log_ms, _, value in mine])
    values.append((_ms(QUIET), json.dumps(beat).encode()))
    return tuple(
        RawRecord(partition, offset, log_ms, value) for offset, (log_ms, value) in enumerate(values)
    )


def _in_batches(chance: random.Random, values: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Return records, some of them gathered and sent with the last one; some batches are empty."""
    sent: list[tuple[int, bytes]] = []
    while values:
        size = chance.choice([0, 1, 1, 1, 1, 1, 1, 2, 5])
        gathered, values = values[:size], values[size:]
        if size == 1:
            sent += gathered
            continue
        log_ms = gathered[-1][0] if gathered else values[0][0]
        sent.append((log_ms, b"[" + b",".join(value for _, value in gathered) + b"]"))
    return sent


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
