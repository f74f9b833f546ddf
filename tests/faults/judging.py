"""The judge: a run's tables against oracle, audit, the topic's offsets and the producer's list."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from iceberg.tables import TABLES
from schemas.retraction import RETRACTION_TYPE
from tests.faults.load import CALL, Sent, period_start_of
from tests.oracle.budgets import Alert, Total
from tests.oracle.comparing import Rows, find_differences
from tests.oracle.recompute import Expected

_SUMMED = ("closed_usage", "usage_corrections", "expired_usage", "unassigned_usage")
Key = tuple[str, str, datetime | None]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is left of a run.

    Attributes:
        tables: All rows of each table, also those committed twice.
        repeated: By table, what its history shows to be committed twice.
        expected: What the oracle makes of the records in `raw_events`.
        sent: The producer's own list.
        end_offsets: The offset after the last record, by partition of the topic.
        totals: Last running total of each key.
        alerts: Last value of each key of the alerts' topic.
        late_drops: What Flink says that its windows dropped.
        audited: What the product's own audit tells, a line for each difference.
    """

    tables: Mapping[str, Rows]
    repeated: Mapping[str, Sequence[str]]
    expected: Expected
    sent: Sequence[Sent]
    end_offsets: Sequence[int]
    totals: Sequence[Total] = ()
    alerts: Sequence[Alert] = ()
    late_drops: int = 0
    audited: Sequence[str] = ()


@dataclass(slots=True)
class Verdict:
    """What the judge found.

    Attributes:
        differences: One line each; empty where nothing is lost, repeated or wrong.
        repeats_seen: Rows that stand twice in a table whose history tells of it.
        fates: How many records, or events of a batch, came to which end.
    """

    differences: list[str] = field(default_factory=list)
    repeats_seen: int = 0
    fates: Counter[str] = field(default_factory=Counter)


def judge(evidence: Evidence) -> Verdict:
    """Return what differs from what must be."""
    verdict = Verdict()
    once = {
        name: _take_once(name, rows, evidence.repeated.get(name, ()), verdict)
        for name, rows in evidence.tables.items()
    }
    for name, lines in find_differences(once, evidence.expected).items():
        verdict.differences += [f"{name}: {line}" for line in lines]
    verdict.fates = Counter(fate.fate for fate in evidence.expected.fates)
    verdict.differences += _conservation(once["raw_events"], evidence)
    verdict.differences += _own_list(once, evidence.sent)
    verdict.differences += _own_totals(once, evidence.sent)
    for what, found, wanted in (
        ("running totals", evidence.totals, evidence.expected.totals),
        ("alerts", evidence.alerts, evidence.expected.alerts),
    ):
        verdict.differences += [f"{what}: unexpected {each}" for each in _less(found, wanted)]
        verdict.differences += [f"{what}: missing {each}" for each in _less(wanted, found)]
    if evidence.late_drops:
        verdict.differences.append(f"windows: {evidence.late_drops} rows dropped as late")
    verdict.differences += evidence.audited
    return verdict


def _less(some: Iterable[Any], others: Iterable[Any]) -> list[Any]:
    return list((Counter(some) - Counter(others)).elements())


def _take_once(name: str, rows: Rows, repeated: Sequence[str], verdict: Verdict) -> Rows:
    """Return each row once; a repeat that the table's history does not show is a difference."""
    identity = next(table.identity for table in TABLES if table.name == name)
    first: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = tuple(row[column] for column in identity)
        if key not in first:
            first[key] = row
            continue
        if first[key] != row:
            verdict.differences.append(f"{name}: two rows of one identity differ: {key}")
        elif repeated:
            verdict.repeats_seen += 1
        else:
            verdict.differences.append(f"{name}: a repeat unseen by its history: {key}")
    return list(first.values())


def _conservation(raw_events: Rows, evidence: Evidence) -> list[str]:
    """Return what is wrong with: each offset of each partition has exactly one fate."""
    places = {(row["kafka_partition"], row["kafka_offset"]) for row in raw_events}
    lines = []
    for partition, end in enumerate(evidence.end_offsets):
        held = {offset for number, offset in places if number == partition}
        lines += [
            f"conservation: partition {partition}: offset {offset} is not in raw_events"
            for offset in sorted(set(range(end)) - held)
        ]
        lines += [
            f"conservation: partition {partition}: offset {offset} is beyond the topic's end"
            for offset in sorted(held - set(range(end)))
        ]
    whole = Counter((f.partition, f.offset) for f in evidence.expected.fates if f.index is None)
    lines += [f"conservation: no fate for {place}" for place in sorted(places - set(whole))]
    lines += [f"conservation: {n} fates of {place}" for place, n in whole.items() if n != 1]
    return lines


def _own_list(tables: Mapping[str, Rows], sent: Sequence[Sent]) -> list[str]:
    """Return what is wrong with the producer's own records: each is there, as it was sent."""
    raw = {(row["kafka_partition"], row["kafka_offset"]): row for row in tables["raw_events"]}
    refused = {
        (row["kafka_partition"], row["kafka_offset"]): row["reason"]
        for row in tables["rejected_events"]
        if row["meter_id"] is None
    }
    lines, values = [], Counter(each.value for each in sent)
    for each in sent:
        if not each.places:
            lines.append(f"producer: {each.event.id} was never acknowledged")
        for place in each.places:
            row = raw.get(place)
            if row is None or (row["payload"] or b"") != (each.value or b""):
                lines.append(f"producer: {each.event.id} was acknowledged at {place}, not found")
            elif refused.get(place) != each.refusal:
                fate = refused.get(place, "not refused")
                lines.append(f"producer: {each.event.id} at {place}: {fate}, not {each.refusal}")
    for place, row in raw.items():
        payload = row["payload"]
        is_heartbeat = b"meterclose.heartbeat" in (payload or b"")
        if not is_heartbeat and not values[payload] and payload:
            lines.append(f"producer: the record at {place} was never sent")
    return lines


def own_totals(sent: Iterable[Sent]) -> dict[Key, tuple[Decimal, int]]:
    """Return what the producer itself counts: sum and number by account, meter and period."""
    totals: dict[Key, list[Any]] = defaultdict(lambda: [Decimal(0), 0])
    by_name = {(s.event.source, s.event.id): s.event for s in sent if s.refusal is None}
    for event in by_name.values():
        sign, counted = 1, event
        if event.type == RETRACTION_TYPE:
            sign = -1
            counted = by_name[str(event.data["source"]), str(event.data["id"])]
        start = period_start_of(counted.subject, counted.time_us)
        names = ("calls", "units") if counted.type == CALL else ("seats", "sales")
        quantity = Decimal(str(counted.data.get("units", counted.data.get("price"))))
        for meter_id, amount in zip(names, (Decimal(1), quantity), strict=True):
            total = totals[counted.subject, meter_id, start]
            total[0] += sign * amount
            total[1] += sign
    return {key: (total[0], total[1]) for key, total in totals.items() if total[1]}


def _own_totals(tables: Mapping[str, Rows], sent: Sequence[Sent]) -> list[str]:
    wanted = own_totals(sent)
    found: dict[Key, list[Any]] = defaultdict(lambda: [Decimal(0), 0])
    for name in _SUMMED:
        for row in tables[name]:
            if row["meter_id"] not in ("calls", "units", "seats", "sales"):
                continue
            total = found[row["account_id"], row["meter_id"], row.get("period_start")]
            delta = "_delta" if name == "usage_corrections" else ""
            total[0] += row[f"quantity{delta}"]
            total[1] += row[f"event_count{delta}"]
    own = {key: tuple(total) for key, total in found.items() if total[1]}
    return [
        f"totals: {key}: the producer counts {wanted.get(key)}, the tables {own.get(key)}"
        for key in sorted({*wanted, *own}, key=str)
        if wanted.get(key) != own.get(key)
    ]
