"""The oracle's own reading of records: valid usage, a heartbeat, or the reason of a rejection."""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from audit.shapes import OracleMeter, RawRecord

Types = Mapping[str, Collection[str]]
"""The types that some meter listens to, each with the dimensions that its meters read."""
BILLION = 10**9
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RETRACTION = "meterclose.retraction"
_REQUIRED = ("specversion", "id", "source", "type", "subject", "time")
# RFC 3339 in upper case; no leap second, up to nanoseconds, of which microseconds are kept.
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


class JsonNumber(str):
    """A number as it was written, so that nothing is rounded and text is told from numbers."""

    __slots__ = ()


@dataclass(frozen=True)
class Limits:
    """The numbers of the settings that decide what is refused."""

    max_record_bytes: int = 65_536
    max_nesting: int = 16
    max_batch_nesting: int = 64
    max_text: int = 256
    max_age: timedelta = timedelta(days=400)
    max_skew: timedelta = timedelta(hours=1)

    @property
    def max_batch_events(self) -> int:
        """Return how many elements a batch has at most: one for each 64 bytes that it may have."""
        return self.max_record_bytes // 64


@dataclass(frozen=True)
class Event:
    """A valid event."""

    source: str
    id: str
    type: str
    subject: str
    time: datetime
    data: dict[str, Any]


class Rejected(Exception):
    """The record is refused; the argument is the reason."""


class Heartbeat(Exception):
    """The record is a heartbeat."""


def order_of(record: RawRecord) -> tuple[int, int, int]:
    """Return the place of a record in the log; an event alone is like the first of a batch."""
    return record.partition, record.offset, record.index or 0


def take_apart(record: RawRecord, limits: Limits) -> list[RawRecord] | None:
    """Return the events of a batch, each as a record.

    Returns:
        None of a record that is no batch, or one of too many elements: `judge` says what it is.
    """
    try:
        shape = _parse(record.value, replace(limits, max_nesting=limits.max_batch_nesting))
    except Rejected:
        return None
    if not isinstance(shape, list) or len(shape) > limits.max_batch_events:
        return None
    assert record.value is not None
    text = record.value.decode()
    # As text: Python reads no number of thousands of digits.
    decoder = json.JSONDecoder(parse_int=JsonNumber, parse_float=JsonNumber)
    events, at = [], text.index("[") + 1
    for index in range(len(shape)):
        while text[at] in " \t\r\n,":
            at += 1
        _, end = decoder.raw_decode(text, at)
        events.append(replace(record, value=text[at:end].encode(), index=index))
        at = end
    return events


def judge(record: RawRecord, types: Types, limits: Limits) -> Event:
    """Return the event of a record, or raise Rejected or Heartbeat."""
    return judge_shape(shape_of(record, limits), record.log_time_ms, types, limits)


def types_of(meters: Iterable[OracleMeter]) -> Types:
    """Return the types that meters listen to."""
    types: dict[str, set[str]] = {}
    for meter in meters:
        types.setdefault(meter.event_type, set()).update(meter.dimensions)
    return types


def shape_of(record: RawRecord, limits: Limits) -> Any:
    """Return the JSON of a record, or of an event of a batch, or raise Rejected."""
    if record.index is None and _is_crowded(record.value, limits):
        raise Rejected("too_large")
    return _parse(record.value, limits)


def judge_shape(shape: Any, log_time_ms: int, types: Types, limits: Limits) -> Event:
    """Return the event of JSON that was parsed, or raise Rejected or Heartbeat."""
    if not isinstance(shape, dict):
        raise Rejected("not_an_object")
    for name in _REQUIRED:
        if not isinstance(shape.get(name), str) or isinstance(shape[name], JsonNumber):
            raise Rejected("missing_field")
        if shape[name] == "":
            raise Rejected("missing_field")
    if any(len(shape[name]) > limits.max_text for name in ("id", "source", "subject")):
        raise Rejected("too_long")
    if shape["specversion"] != "1.0":
        raise Rejected("unsupported_specversion")
    if shape["type"] == "meterclose.heartbeat":
        raise Heartbeat
    time = _time(shape["time"])
    log_time = EPOCH + timedelta(milliseconds=log_time_ms)
    if time > log_time + limits.max_skew:
        raise Rejected("too_far_future")
    if time < log_time - limits.max_age:
        raise Rejected("too_old")
    data = shape.get("data")
    if shape["type"] == RETRACTION:
        _check_named(data, limits)
    elif shape["type"] not in types:
        raise Rejected("unknown_type")
    else:
        _check_dimensions(data, types[shape["type"]], limits)
    return Event(
        source=shape["source"],
        id=shape["id"],
        type=shape["type"],
        subject=shape["subject"],
        time=time,
        data=data if isinstance(data, dict) else {},
    )


def _is_crowded(value: bytes | None, limits: Limits) -> bool:
    """Tell whether a record is a batch of too many elements."""
    if not value or value.count(b",") < limits.max_batch_events:
        return False
    shape = _parse(value, replace(limits, max_nesting=limits.max_batch_nesting))
    return isinstance(shape, list) and len(shape) > limits.max_batch_events


def _check_dimensions(data: Any, names: Collection[str], limits: Limits) -> None:
    """Refuse an event with a dimension that is too long."""
    for name in names:
        text = _dimension(data.get(name)) if isinstance(data, dict) else None
        if text is not None and len(text) > limits.max_text:
            raise Rejected("too_long")


def _check_named(data: Any, limits: Limits) -> None:
    """Refuse a retraction that names no event."""
    for name in ("source", "id"):
        text = data.get(name) if isinstance(data, dict) else None
        if not isinstance(text, str) or isinstance(text, JsonNumber):
            raise Rejected("bad_retraction")
        if not 1 <= len(text) <= limits.max_text:
            raise Rejected("bad_retraction")


def _parse(value: bytes | None, limits: Limits) -> Any:
    """Return the JSON of a record, its numbers as written, or raise Rejected."""
    if not value:
        raise Rejected("empty_record")
    if len(value) > limits.max_record_bytes:
        raise Rejected("too_large")

    def refuse_constant(_: str) -> NoReturn:
        raise Rejected("malformed_json")

    try:
        text = value.decode("utf-8", errors="strict")
        shape = json.loads(
            text, parse_int=JsonNumber, parse_float=JsonNumber, parse_constant=refuse_constant
        )
    except (ValueError, RecursionError):
        raise Rejected("malformed_json") from None
    if "\\u" in text and any(
        "\ud800" <= unit <= "\udfff" for unit in json.dumps(shape, ensure_ascii=False)
    ):
        raise Rejected("malformed_json")
    # The first test is for speed: only as many brackets could be as deep.
    brackets = text.count("{") + text.count("[")
    if brackets > limits.max_nesting and _depth(text) > limits.max_nesting:
        raise Rejected("malformed_json")
    return shape


def _depth(text: str) -> int:
    """Return how deep valid JSON is nested; brackets within text do not count."""
    depth = deepest = 0
    for bracket in re.findall(r'[\[\]{}]|"(?:[^"\\]|\\.)*"', text):
        if bracket in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif bracket in "]}":
            depth -= 1
    return deepest


def _time(text: str) -> datetime:
    match = _TIME.fullmatch(text)
    if match is None:
        raise Rejected("bad_time")
    seconds, fraction, zone, _ = match.groups()
    offset = timedelta()
    if zone != "Z":
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
        offset = -offset if zone[0] == "-" else offset
    try:
        wall = datetime.fromisoformat(seconds).replace(tzinfo=UTC)
        return wall + timedelta(microseconds=int(f"{fraction or '':0<9}"[:6])) - offset
    except (ValueError, OverflowError):
        raise Rejected("bad_time") from None


def units_of(event: Event, meter: OracleMeter) -> int:
    """Return the units of an event for one meter in billionths, or raise Rejected."""
    if meter.property is None:
        return BILLION
    value = event.data.get(meter.property)
    if value is None:
        raise Rejected("missing_units")
    if meter.aggregation == "unique_count":
        if not isinstance(value, str | bool) or len(str(value)) > 256:
            raise Rejected("bad_units")
        return BILLION
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise Rejected("bad_units")
    try:
        sign, digits, exponent = Decimal(value).as_tuple()
    except InvalidOperation:
        raise Rejected("bad_units") from None
    assert isinstance(exponent, int)
    # By value: at most 20 digits before the point, so that sums fit decimal(38, 9), 9 after it.
    text = "".join(map(str, digits)).lstrip("0")
    significant = text.rstrip("0")
    exponent += len(text) - len(significant)
    if not significant:
        return 0
    if exponent < -9 or len(significant) + exponent > 20:
        raise Rejected("bad_units")
    return int(f"{'-' if sign else ''}{significant}{'0' * (exponent + 9)}")


def value_of(event: Event, meter: OracleMeter) -> str:
    """Return the value that a unique count tells apart; any text for other meters."""
    value = event.data.get(meter.property or "")
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _dimension(value: Any) -> str | None:
    """Return the text of one dimension; None where it is missing or no single value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str) else None


def dimensions_of(event: Event, meter: OracleMeter) -> str:
    """Return the canonical text of an event's dimensions for one meter."""
    if not meter.dimensions:
        return "{}"
    values = {}
    for name in meter.dimensions:
        values[name] = _dimension(event.data.get(name))
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False)
