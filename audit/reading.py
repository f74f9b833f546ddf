"""Reads the archive: each record judged, each event as its meters count it, as columns for SQL.

Single records are read in Python, batch after batch, as exact decimals need it; everything that
brings records together is SQL (`audit/sql`).
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import duckdb
import pyarrow as pa

from audit.counting import plain
from audit.judging import (
    EPOCH,
    RETRACTION,
    Event,
    Heartbeat,
    JsonNumber,
    Limits,
    Rejected,
    dimensions_of,
    judge_shape,
    shape_of,
    take_apart,
    types_of,
    units_of,
    value_of,
)
from audit.loading import insert_rows
from audit.shapes import OracleMeter, RawRecord

_US = timedelta(microseconds=1)
_WHITE = b" \t\r\n"
_READ = pa.schema(
    [
        ("event_no", pa.int64()),
        ("kafka_partition", pa.int32()),
        ("kafka_offset", pa.int64()),
        ("batch_index", pa.int32()),
        ("log_us", pa.int64()),
        ("verdict", pa.string()),
        ("reason", pa.string()),
        ("event_source", pa.string()),
        ("event_id", pa.string()),
        ("account_id", pa.string()),
        ("event_type", pa.string()),
        ("event_us", pa.int64()),
        ("fingerprint", pa.string()),
        ("retracted_source", pa.string()),
        ("retracted_id", pa.string()),
    ]
)
_SHARES = pa.schema(
    [
        ("event_no", pa.int64()),
        ("meter_id", pa.string()),
        ("dimensions", pa.string()),
        ("billionths", pa.decimal128(38, 0)),
        ("part", pa.string()),
        ("refusal", pa.string()),
    ]
)


class Reader:
    """Reads records by one configuration; `read` and `shares` gather the rows of the two tables."""

    def __init__(self, meters: Sequence[OracleMeter], limits: Limits) -> None:
        """Begin with the first event."""
        self._limits = limits
        self._meters: dict[str, list[OracleMeter]] = {}
        for meter in meters:
            self._meters.setdefault(meter.event_type, []).append(meter)
        self._types = types_of(meters)
        self._event_no = 0
        self.read: list[tuple[Any, ...]] = []
        self.shares: list[tuple[Any, ...]] = []

    def take(self, record: RawRecord) -> None:
        """Read a record, and each event of a batch."""
        elements = None
        if record.value and record.value.lstrip(_WHITE)[:1] == b"[":
            elements = take_apart(record, self._limits)
        if elements is None:
            self._take_event(record)
            return
        self._tell(record, "batch")
        for element in elements:
            self._take_event(element)

    def _take_event(self, record: RawRecord) -> None:
        try:
            shape = shape_of(record, self._limits)
            event = judge_shape(shape, record.log_time_ms, self._types, self._limits)
        except Rejected as verdict:
            self._tell(record, "rejected", str(verdict))
            return
        except Heartbeat:
            self._tell(record, "heartbeat")
            return
        is_retraction = event.type == RETRACTION
        named = (event.data["source"], event.data["id"]) if is_retraction else (None, None)
        event_us = (event.time - EPOCH) // _US
        content = (event.source, event.id, event.subject, event.type, event_us)
        verdict_text = "retraction" if is_retraction else "event"
        self._append(record, verdict_text, None, *content, fingerprint_of(shape), *named)
        for meter in self._meters.get(event.type, ()):
            self.shares.append((self._event_no, *_share(record, event, meter)))

    def _tell(self, record: RawRecord, verdict: str, reason: str | None = None) -> None:
        """Note a record that is no event; its fingerprint is that of its bytes."""
        digest = blake2b(record.value or b"", digest_size=16).hexdigest()
        self._append(record, verdict, reason, *[None] * 5, digest, None, None)

    def _append(self, record: RawRecord, *content: Any) -> None:
        self._event_no += 1
        log_us = record.log_time_ms * 1000
        place = (record.partition, record.offset, record.index, log_us)
        self.read.append((self._event_no, *place, *content))


def read_archive(
    rows: duckdb.DuckDBPyConnection,
    archive: Iterable[pa.RecordBatch],
    meters: Sequence[OracleMeter],
    limits: Limits,
) -> None:
    """Fill `audit_read` and `audit_shares` from the archive.

    Args:
        rows: Has the tables of `audit/sql/tables.sql`.
        archive: Batches with the columns kafka_partition, kafka_offset, log_time and payload, in
            any order; a place may come more than once.
        meters: The configured ones.
        limits: What is refused.
    """
    reader = Reader(meters, limits)
    for batch in archive:
        for record in records_of(batch):
            reader.take(record)
        insert_rows(rows, "audit_read", _READ, reader.read)
        insert_rows(rows, "audit_shares", _SHARES, reader.shares)
        reader.read.clear()
        reader.shares.clear()


def records_of(batch: pa.RecordBatch) -> Iterator[RawRecord]:
    """Yield the records of a batch; log times have whole milliseconds."""
    log_us = batch.column("log_time").cast(pa.int64()).to_pylist()
    for partition, offset, instant_us, value in zip(
        batch.column("kafka_partition").to_pylist(),
        batch.column("kafka_offset").to_pylist(),
        log_us,
        batch.column("payload").to_pylist(),
        strict=True,
    ):
        yield RawRecord(partition, offset, instant_us // 1000, value)


def fingerprint_of(shape: Any) -> str:
    """Return a hash of an event's content, however it is spelled: 32 hex digits.

    Order of members, white space and escapes are no content; numbers count as they are written.
    """
    return blake2b(_canonical(shape).encode(), digest_size=16).hexdigest()


def _canonical(value: Any) -> str:
    if isinstance(value, JsonNumber):
        return str(value)
    if isinstance(value, dict):
        members = [f"{json.dumps(name)}:{_canonical(value[name])}" for name in sorted(value)]
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_canonical, value)) + "]"
    return json.dumps(value)


def _share(record: RawRecord, event: Event, meter: OracleMeter) -> tuple[Any, ...]:
    """Return what one meter counts of an event, or why it cannot."""
    try:
        billionths = units_of(event, meter)
    except Rejected as verdict:
        return meter.meter_id, None, None, None, str(verdict)
    place = (record.partition, record.offset, record.index)
    dimensions, part = dimensions_of(event, meter), _part(place, event, meter, billionths)
    return meter.meter_id, dimensions, Decimal(billionths), part, None


def _part(
    place: tuple[int, int, int | None], event: Event, meter: OracleMeter, billionths: int
) -> str | None:
    """Return what tells an event apart from others of its window that SQL cannot add up."""
    kind = meter.aggregation
    if kind == "unique_count":
        return f"={value_of(event, meter)}"
    if kind == "percentile" or (kind in ("max", "min") and meter.retractable):
        return plain(billionths)
    if kind in ("latest", "time_weighted_sum"):
        return ":".join(str(number) for number in place if number is not None)
    if kind == "histogram":
        amount = Decimal(f"{billionths}E-9")
        return next((bound for bound in meter.bounds if amount <= Decimal(bound)), None)
    return None
