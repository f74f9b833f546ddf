"""Records are read as the oracle reads them, which shares no code with `udfs.parsing`."""

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.judging import RETRACTION
from tests.oracle.edge_records import edge_records
from tests.udfs.reading import LEAST, LOG_MS, PARSER, PIECES, WHOLE, event, judged, parsed
from udfs.parsing import ParsedRecord


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
        (b'{"a":' * 17 + b"1" + b"}" * 17, "malformed_json"),
        (event(data={"deep": json.loads("[" * 16 + "]" * 16)}), "malformed_json"),
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
        (event(data={"place": "x" * 257}), "too_long"),
        (event(data={"color": "\U0001f600" * 257}), "too_long"),
        (event(data={"color": 10**256}), "too_long"),
        (event(data={"units": "1" * 30_000}), "too_long"),
        (event(type="other", data={"odd name": "x" * 257}), "too_long"),
        (event(data={"place": "x" * 257}, time="x"), "bad_time"),
        (event(data={"place": "x" * 257}, type="unheard"), "unknown_type"),
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
    dimensions = event(data={"place": "\U0001f600" * 256, "color": 10**255})
    unread = event(type="other", data={"place": "x" * 257, "odd name": None})
    for payload in (longest, deepest, texts, dimensions, unread):
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


def test_what_is_remembered_is_short() -> None:
    """Thousands of records with long texts leave nothing behind: they would take gigabytes."""
    tracemalloc.start()
    for number in range(100):
        PARSER.parse(event(data={"place": f"{number}x" + "y" * 30_000}), LOG_MS)
        PARSER.parse(event(time=f"2013-06-01T10:00:00{number}" + "0" * 30_000), LOG_MS)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 1_000_000
