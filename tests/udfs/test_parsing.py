"""Records are read as the oracle reads them, which shares no code with `udfs.parsing`."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.aggregation import Aggregation
from schemas.meter import Meter
from tests.oracle.edge_records import edge_records
from tests.oracle.judging import (
    BILLION,
    EPOCH,
    RETRACTION,
    Heartbeat,
    Limits,
    Rejected,
    dimensions_of,
    judge,
    units_of,
)
from tests.oracle.shapes import OracleMeter, RawRecord
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
    """Return what the oracle says of a record."""
    try:
        event = judge(RawRecord(0, 0, LOG_MS, payload), {"used", "other"}, Limits())
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


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (None, "empty_record"),
        (b"", "empty_record"),
        (b" " * 65_537, "too_large"),
        (b" ", "malformed_json"),
        (b"\xff", "malformed_json"),
        (event(text="x").replace(b'"x"', b'"\xff"'), "malformed_json"),
        (event(text="x").replace(b'"x"', b'"\\ud800"'), "malformed_json"),
        (event() + b"x", "malformed_json"),
        (event() + event(), "malformed_json"),
        (b"[" * 60_000, "malformed_json"),
        (b"[" * 17 + b"]" * 17, "malformed_json"),
        (event(data={"deep": json.loads("[" * 16 + "]" * 16)}), "malformed_json"),
        (b"[]", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"null", "not_an_object"),
        (event(id=5), "missing_field"),
        (event(time=None), "missing_field"),
        (event(subject=""), "missing_field"),
        (event(source="x" * 257), "too_long"),
        (event(specversion="0.3"), "unsupported_specversion"),
        (event(time="2013-02-30T10:00:00Z"), "bad_time"),
        (event(time="0001-01-01T00:00:00+23:00"), "bad_time"),
        (event(time="9999-12-31T23:59:59-00:01"), "bad_time"),
        (event(time="2013-06-01T11:00:00.000001Z"), "too_far_future"),
        (event(time="2012-04-27T09:59:59.999999Z"), "too_old"),
        (event(type="unheard"), "unknown_type"),
        (event(type="meterclose.heartbeat", time="x"), "heartbeat"),
        (event(type=RETRACTION), "bad_retraction"),
        (event(type=RETRACTION, data=[]), "bad_retraction"),
        (event(type=RETRACTION, data={"source": "s", "id": 5}), "bad_retraction"),
        (event(type=RETRACTION, data={"source": "", "id": "5"}), "bad_retraction"),
        (event(type=RETRACTION, data={"source": "s", "id": "x" * 257}), "bad_retraction"),
        (event(type=RETRACTION, data={"source": "s", "id": "5"}, time="x"), "bad_time"),
    ],
)
def test_each_reason_is_given(payload: bytes | None, reason: str) -> None:
    """The job and the oracle give it both."""
    assert parsed(payload) == judged(payload) == (reason,)


def test_the_caps_are_inclusive() -> None:
    """As long and as deep as may be: such a record is read, by the job and by the oracle."""
    longest = event(data={"text": ""})
    longest = longest.replace(b'""', b'"' + b"x" * (65_536 - len(longest)) + b'"')
    assert len(longest) == 65_536
    deepest = event(data={"deep": json.loads("[" * 14 + "]" * 14)})
    texts = event(id="i" * 256, source="s" * 256, subject="\U0001f600" * 256)
    for payload in (longest, deepest, texts):
        assert len(parsed(payload)) == 6
        assert parsed(payload) == judged(payload)


@pytest.mark.parametrize("time", ["2013-06-01T11:00:00Z", "2012-04-27T10:00:00Z"])
def test_the_bounds_of_event_time_are_inclusive(time: str) -> None:
    """Exactly an hour ahead of its receipt, and exactly 400 days before it."""
    assert len(parsed(event(time=time))) == 6
    assert parsed(event(time=time)) == judged(event(time=time))


def test_texts_of_a_refused_event_are_kept() -> None:
    """Who looks at a rejected event sees what could be read of it."""
    record = PARSER.parse(event(time="noon"), LOG_MS)
    assert record == ParsedRecord("bad_time", "1", "s", "used", "A", None, None)


def test_a_retraction_names_an_event() -> None:
    """By its source and id, whatever else its data says."""
    for data in ({"source": "é", "id": "5"}, {"id": "5", "units": 7, "source": "s" * 256}):
        payload = event(type=RETRACTION, data=data)
        assert parsed(payload) == judged(payload)
        assert parsed(payload)[4:] == (data["source"], data["id"])


def test_members_of_any_order_spelling_and_repetition() -> None:
    """White space, escaped names, other members; of a repeated name the last one counts."""
    for payload in (
        json.dumps(LEAST, indent=2).encode(),
        json.dumps(dict(reversed(LEAST.items()))).encode(),
        event().replace(b'"id"', b'"\\u0069d"'),
        event().replace(b'"id": "1"', b'"id": 7, "id": "1"'),
        event(data="text"),
        event(data=[1]),
        event(data={"units": "1e2", "place": True, "color": 1.50}),
        event(data={"units": {}, "place": None, "color": []}),
        event(type="other", data={"odd name": "é"}),
    ):
        assert parsed(payload) == judged(payload)
        assert len(parsed(payload)) == 6


@pytest.mark.parametrize(
    "payload", edge_records("A", "used", "units", "2013-06-01"), ids=lambda payload: payload[-60:]
)
def test_edge_records(payload: bytes) -> None:
    """The records that the tests of the whole job publish."""
    assert parsed(payload) == judged(payload)


@given(
    st.lists(
        st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 3), st.sampled_from(("", *PIECES))),
        min_size=1,
        max_size=3,
    )
)
def test_damaged_records(damages: list[tuple[int, int, str]]) -> None:
    """Cut, replace and insert anywhere: what is left is judged alike."""
    text = WHOLE
    for at, length, piece in damages:
        text = text[:at] + piece + text[at + length :]
    assert parsed(text.encode()) == judged(text.encode())


@given(st.binary(max_size=3), st.integers(0, len(WHOLE)))
def test_damaged_bytes(piece: bytes, at: int) -> None:
    """Bytes that are no UTF-8 are found wherever they are, also where nobody reads."""
    whole = WHOLE.encode()
    payload = whole[:at] + piece + whole[at:]
    assert parsed(payload) == judged(payload)
