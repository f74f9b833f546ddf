"""The malformed and odd records that the demo mixes in: one row for each kind.

Sources of the limits: docs of the reject reasons (schemas/rejected_event.py), RFC 8259 (JSON),
RFC 3339 (time). Where JSON leaves a choice, a member that stands twice has its last value.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from schemas.instant import DAY_US, HOUR_US, to_text
from schemas.rejected_event import RejectReason
from schemas.retraction import RETRACTION_TYPE
from schemas.usage_event import UsageEvent, encode_usage_event

_RECORD_LIMIT = 65_536
_TEXT_LIMIT = 256
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Spoiled:
    """One kind of malformed or odd record.

    Attributes:
        name: Names the kind.
        reason: Why it is refused; None where it is odd, but valid.
        spoil: Makes the record's value of a departed flight's event and the time of receipt;
            None is a null value.
    """

    name: str
    reason: RejectReason | None
    spoil: Callable[[UsageEvent, int], bytes | None]


def _dump(shape: object) -> bytes:
    return json.dumps(shape, separators=(",", ":"), ensure_ascii=False).encode()


def _with(event: UsageEvent, **members: object) -> bytes:
    shape = json.loads(encode_usage_event(event)) | members
    return _dump({name: value for name, value in shape.items() if value is not _ABSENT})


def _with_miles(event: UsageEvent, json_text: str) -> bytes:
    """Return the event with `miles` written as the given text."""
    marked = encode_usage_event(replace(event, data={**event.data, "miles": "<miles>"}))
    return marked.replace(b'"<miles>"', json_text.encode())


def _nested(event: UsageEvent, depth: int) -> bytes:
    """Return the event with lists in `data` so that the whole is `depth` levels deep."""
    lists = "[" * (depth - 2) + "]" * (depth - 2)
    return encode_usage_event(event).replace(
        b'"data":{', b'"data":{"deep":' + lists.encode() + b","
    )


def _of_size(event: UsageEvent, size: int) -> bytes:
    value = _with(event, padding="")
    return value.replace(b'"padding":""', b'"padding":"' + b"x" * (size - len(value)) + b'"')


def _raw(change: Callable[[bytes], bytes | None]) -> Callable[[UsageEvent, int], bytes | None]:
    return lambda event, _: change(encode_usage_event(event))


def _members(**members: object) -> Callable[[UsageEvent, int], bytes]:
    return lambda event, _: _with(event, **members)


def _retracting(data: object) -> Callable[[UsageEvent, int], bytes]:
    return _members(type=RETRACTION_TYPE, data=data)


def _miles(json_text: str) -> Callable[[UsageEvent, int], bytes]:
    return lambda event, _: _with_miles(event, json_text)


def _ahead(duration_us: int) -> Callable[[UsageEvent, int], bytes]:
    return lambda event, received_us: _with(event, time=to_text(received_us + duration_us))


def _without_miles(event: UsageEvent, _: int) -> bytes:
    data = {name: value for name, value in event.data.items() if name != "miles"}
    return _with(event, data=data)


def _long(member: str) -> Callable[[UsageEvent, int], bytes]:
    return lambda event, _: _with(event, **{member: "x" * (_TEXT_LIMIT + 1)})


_R = RejectReason
# Records that no meter counts, each of one event or of none. They come on top of the data set's,
# with an id of their own.
REFUSED_RECORDS = (
    Spoiled("empty", _R.EMPTY_RECORD, _raw(lambda _: b"")),
    Spoiled("tombstone", _R.EMPTY_RECORD, _raw(lambda _: None)),
    Spoiled("over-64-kib", _R.TOO_LARGE, lambda event, _: _of_size(event, _RECORD_LIMIT + 1)),
    Spoiled("not-json", _R.MALFORMED_JSON, _raw(lambda _: b"departed on time")),
    Spoiled("blank", _R.MALFORMED_JSON, _raw(lambda _: b" \n")),
    Spoiled("truncated", _R.MALFORMED_JSON, _raw(lambda value: value[:-9])),
    Spoiled("trailing-text", _R.MALFORMED_JSON, _raw(lambda value: value + b" x")),
    Spoiled("two-objects", _R.MALFORMED_JSON, _raw(lambda value: value + value)),
    Spoiled(
        "invalid-utf8", _R.MALFORMED_JSON, _raw(lambda value: value.replace(b"nyc", b"n\xffc"))
    ),
    Spoiled("truncated-batch", _R.MALFORMED_JSON, _raw(lambda value: b"[" + value + b",")),
    Spoiled("nul-byte", _R.MALFORMED_JSON, _raw(lambda value: value.replace(b"nyc", b"n\0c"))),
    Spoiled("bare-nan", _R.MALFORMED_JSON, _miles("NaN")),
    Spoiled("nesting-17", _R.MALFORMED_JSON, lambda event, _: _nested(event, 17)),
    Spoiled("batch-of-a-batch", _R.NOT_AN_OBJECT, _raw(lambda value: b"[[" + value + b"]]")),
    Spoiled("batch-of-a-number", _R.NOT_AN_OBJECT, _raw(lambda _: b"[42]")),
    Spoiled("number", _R.NOT_AN_OBJECT, _raw(lambda _: b"42")),
    Spoiled("text", _R.NOT_AN_OBJECT, _raw(lambda _: b'"departed"')),
    Spoiled("null", _R.NOT_AN_OBJECT, _raw(lambda _: b"null")),
    Spoiled("no-specversion", _R.MISSING_FIELD, _members(specversion=_ABSENT)),
    Spoiled("no-id", _R.MISSING_FIELD, _members(id=_ABSENT)),
    Spoiled("no-source", _R.MISSING_FIELD, _members(source=_ABSENT)),
    Spoiled("no-type", _R.MISSING_FIELD, _members(type=_ABSENT)),
    Spoiled("no-subject", _R.MISSING_FIELD, _members(subject=_ABSENT)),
    Spoiled("no-time", _R.MISSING_FIELD, _members(time=_ABSENT)),
    Spoiled("null-subject", _R.MISSING_FIELD, _members(subject=None)),
    Spoiled("empty-id", _R.MISSING_FIELD, _members(id="")),
    Spoiled("number-id", _R.MISSING_FIELD, _members(id=1545)),
    Spoiled("object-source", _R.MISSING_FIELD, _members(source={"name": "nyc/2013"})),
    Spoiled("number-time", _R.MISSING_FIELD, _members(time=1_357_035_420)),
    Spoiled("long-id", _R.TOO_LONG, _long("id")),
    Spoiled("long-source", _R.TOO_LONG, _long("source")),
    Spoiled("long-subject", _R.TOO_LONG, _long("subject")),
    Spoiled("specversion-0.3", _R.UNSUPPORTED_SPECVERSION, _members(specversion="0.3")),
    Spoiled("time-text", _R.BAD_TIME, _members(time="this morning")),
    Spoiled("time-no-offset", _R.BAD_TIME, _members(time="2013-06-01T10:00:00")),
    Spoiled("time-newline", _R.BAD_TIME, _members(time="2013-06-01T10:00:00Z\n")),
    Spoiled("time-date-only", _R.BAD_TIME, _members(time="2013-06-01")),
    Spoiled("time-february-30", _R.BAD_TIME, _members(time="2013-02-30T10:00:00Z")),
    Spoiled("time-month-13", _R.BAD_TIME, _members(time="2013-13-01T10:00:00Z")),
    Spoiled("time-hour-25", _R.BAD_TIME, _members(time="2013-06-01T25:00:00Z")),
    Spoiled("two-hours-ahead", _R.TOO_FAR_FUTURE, _ahead(2 * HOUR_US)),
    Spoiled("year-9999", _R.TOO_FAR_FUTURE, _members(time="9999-12-31T23:59:59Z")),
    Spoiled("over-400-days", _R.TOO_OLD, _ahead(-401 * DAY_US)),
    Spoiled("year-1999", _R.TOO_OLD, _members(time="1999-06-01T10:00:00Z")),
    Spoiled("retracts-nothing", _R.BAD_RETRACTION, _retracting(_ABSENT)),
    Spoiled("retracts-text", _R.BAD_RETRACTION, _retracting("nyc/2013")),
    Spoiled("retracts-no-id", _R.BAD_RETRACTION, _retracting({"source": "nyc/2013"})),
    Spoiled("retracts-number", _R.BAD_RETRACTION, _retracting({"source": "nyc/2013", "id": 7})),
    Spoiled("retracts-long-id", _R.BAD_RETRACTION, _retracting({"source": "a", "id": "x" * 257})),
    Spoiled("unknown-type", _R.UNKNOWN_TYPE, _members(type="flight.diverted")),
)
# Real flights whose miles cannot be read: meters that need no miles count them all the same.
REFUSED_UNITS = (
    Spoiled("no-miles", _R.MISSING_UNITS, _without_miles),
    Spoiled("null-miles", _R.MISSING_UNITS, _miles("null")),
    Spoiled("no-data", _R.MISSING_UNITS, _members(data=_ABSENT)),
    Spoiled("null-data", _R.MISSING_UNITS, _members(data=None)),
    Spoiled("text-data", _R.MISSING_UNITS, _members(data="1400 miles")),
    Spoiled("list-data", _R.MISSING_UNITS, _members(data=[1400])),
    Spoiled("text-miles", _R.BAD_UNITS, _miles('"far"')),
    Spoiled("empty-miles", _R.BAD_UNITS, _miles('""')),
    Spoiled("newline-miles", _R.BAD_UNITS, _miles('"1400\\n"')),
    Spoiled("other-digits", _R.BAD_UNITS, _miles('"١٤٠٠"')),
    Spoiled("nan-miles", _R.BAD_UNITS, _miles('"NaN"')),
    Spoiled("huge-miles", _R.BAD_UNITS, _miles("1e400")),
    Spoiled("ten-decimals", _R.BAD_UNITS, _miles("1.0000000001")),
    Spoiled("39-digits", _R.BAD_UNITS, _miles("1" * 39)),
    Spoiled("true-miles", _R.BAD_UNITS, _miles("true")),
    Spoiled("object-miles", _R.BAD_UNITS, _miles('{"miles":1400}')),
)


def _respelled(event: UsageEvent, _: int) -> bytes:
    """Return the same content in another spelling: order, spaces, escapes."""
    shape = json.loads(encode_usage_event(event))
    text = json.dumps(dict(reversed(shape.items())), indent=1)
    escaped = "".join(f"\\u{ord(char):04x}" for char in event.id)
    return text.replace(event.id, escaped).encode() + b"\n"


def _offset_time(event: UsageEvent, _: int) -> bytes:
    local = to_text(event.time_us + 5 * HOUR_US + HOUR_US // 2).replace("Z", ".000+05:30")
    return _with(event, time=local)


# Real flights in a form that few producers write: all of it counts.
ODD_BUT_VALID = (
    Spoiled("respelled", None, _respelled),
    Spoiled("64-kib", None, lambda event, _: _of_size(event, _RECORD_LIMIT)),
    Spoiled("nesting-16", None, lambda event, _: _nested(event, 16)),
    Spoiled("offset-time", None, _offset_time),
    Spoiled("text-units", None, lambda event, _: _with_miles(event, f'"{event.data["miles"]}"')),
    Spoiled("exponent", None, lambda event, _: _with_miles(event, f"{event.data['miles']}0e-1")),
    Spoiled("decimals", None, lambda event, _: _with_miles(event, f"{event.data['miles']}.{0:09}")),
    Spoiled(
        "member-twice",
        None,
        lambda event, _: _with_miles(event, f'1,"miles":{event.data["miles"]}'),
    ),
    Spoiled("array", None, _raw(lambda value: b"[" + value + b"]")),
    Spoiled("other-members", None, _members(carrier="✈", datacontenttype="application/json")),
)


def conflicting(event: UsageEvent) -> bytes:
    """Return a record with the event's identity and other content."""
    return encode_usage_event(replace(event, data={**event.data, "miles": 1, "air_minutes": 1}))


def respelled(event: UsageEvent) -> bytes:
    """Return a record with the event's identity and content, spelled otherwise."""
    return _respelled(event, 0)
