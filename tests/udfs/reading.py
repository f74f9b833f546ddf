"""Records as the job and as the oracle read them, in the oracle's words."""

import json
from typing import Any

from audit.judging import (
    BILLION,
    EPOCH,
    RETRACTION,
    Heartbeat,
    Limits,
    Rejected,
    dimensions_of,
    judge,
    take_apart,
    types_of,
    units_of,
)
from audit.shapes import OracleMeter, RawRecord
from schemas.aggregation import Aggregation
from schemas.meter import Meter
from udfs.parsing import ParsedRecord, ParsingRules, RecordParser
from udfs.sharing import BAD_UNITS

LOG_MS = 1_370_080_800_000  # 2013-06-01T10:00:00Z
LEAST = {
    "specversion": "1.0",
    "id": "1",
    "source": "s",
    "type": "used",
    "subject": "A",
    "time": "2013-06-01T10:00:00Z",
}
SHAPES = (
    ("used", "units", ("place", "color")),
    ("used", None, ()),
    ("used", "place", ("units",)),
    ("other", None, ("odd name",)),
)  # fmt: skip
METERS = tuple(
    Meter(f"m{at}", kind, Aggregation.SUM if units else Aggregation.COUNT, units, "u", names, 0, 0)
    for at, (kind, units, names) in enumerate(SHAPES)
)
ORACLE_METERS = [
    OracleMeter(f"m{at}", kind, "sum" if units else "count", units, "u", names, 0, 0)
    for at, (kind, units, names) in enumerate(SHAPES)
]
PARSER = RecordParser(ParsingRules(METERS, 65_536, 3600 * 10**6, 400 * 86_400 * 10**6))
WHOLE = json.dumps(
    {
        **LEAST,
        "id": "é1",
        "extension": [1, -2.5e3, {"a": None, "b": [True, False]}],
        "text": 'a\n"\\ 😀',
        "data": {"units": 1.5, "place": "x", "color": 2, "list": {"a": [1]}},
    },
    separators=(",", ":"),
)
PIECES = (
    '"', "\\", "{", "}", "[", "]", ",", ":", "0", "1", "-", ".", "e", "+", " ", "\n", "\t", "\0",
    "\x1f", "\x7f", "\\ud800", "\\udc00", "\\u12", "\\x", "\\/", "null", "NaN", "Infinity", "true",
    "nul", "01", "1.", ".5", "1e", "--1", "-0", "\ufeff", "//x", "'", '"id":"2",', ',"id":3',
    '"data":null,', '"units":"7",', ',"place":{}', ',"type":"other"', "[" * 20, "]" * 20, "é",
)  # fmt: skip


def judged(payload: bytes | None) -> tuple[Any, ...]:
    """Return what the oracle says of a record; of a batch, of each element with its bytes."""
    record = RawRecord(0, 0, LOG_MS, payload)
    events = take_apart(record, Limits())
    if events is not None:
        assert [each.index for each in events] == list(range(len(events)))
        verdicts = [_judged(each) for each in events]
        return ("batch", *zip(verdicts, [each.value for each in events], strict=True))
    return _judged(record)


def _judged(record: RawRecord) -> tuple[Any, ...]:
    try:
        event = judge(record, types_of(ORACLE_METERS), Limits())
    except Rejected as rejected:
        return (str(rejected),)
    except Heartbeat:
        return ("heartbeat",)
    if event.type == RETRACTION:
        named = (str(event.data["source"]), str(event.data["id"]))
        return (event.source, event.id, event.type, event.subject, *named)
    shares = []
    for meter in ORACLE_METERS:
        if meter.event_type == event.type:
            try:
                units: Any = units_of(event, meter)
            except Rejected as rejected:
                units = str(rejected)
            shares.append((dimensions_of(event, meter), units))
    us = (event.time - EPOCH) // (EPOCH.resolution)
    return (event.source, event.id, event.type, event.subject, us, shares)


def parsed(payload: bytes | None) -> tuple[Any, ...]:
    """Return what the job says of a record, in the oracle's words."""
    record = PARSER.parse(payload, LOG_MS)
    if record.batch is None:
        return _parsed(record)
    assert record == ParsedRecord(None, batch=record.batch)
    elements = []
    for element in record.batch:
        assert element.event.batch is None
        assert (element.payload is None) == (element.event.reason is None)
        elements.append((_parsed(element.event), element.payload))
    return ("batch", *elements)


def _parsed(record: ParsedRecord) -> tuple[Any, ...]:
    if record.reason is not None:
        return (record.reason,)
    names = (record.event_source, record.event_id, record.event_type, record.account_id)
    if record.event_type == "meterclose.retraction":
        assert record.shares is None
        return (*names, record.retracted_source, record.retracted_id)
    assert record.retracted_id is None
    if record.shares is None:
        assert record.event_type == "meterclose.heartbeat"
        return ("heartbeat",)
    assert set(record.shares[2::3]) <= {""}
    pairs = zip(record.shares[::3], record.shares[1::3], strict=True)
    shares = [(dimensions, _units(units)) for dimensions, units in pairs]
    return (*names, record.event_us, shares)


def _units(text: str | None) -> int | str:
    if not text:
        return "bad_units" if text == BAD_UNITS else "missing_units"
    whole, _, fraction = text.removeprefix("-").partition(".")
    billionths = int(whole) * BILLION + int(f"{fraction:0<9}")
    return -billionths if text.startswith("-") else billionths


def event(**members: Any) -> bytes:
    """Return the least event with other members; None takes one away."""
    shape = {**LEAST, **members}
    return json.dumps({name: value for name, value in shape.items() if value is not None}).encode()
