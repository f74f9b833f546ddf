"""The oracle's reading of records: its order of checks and its forms of time and units."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.judging import (
    BILLION,
    Event,
    Heartbeat,
    Limits,
    Rejected,
    dimensions_of,
    judge,
    types_of,
    units_of,
)
from audit.shapes import OracleMeter, RawRecord

NOW = datetime(2013, 6, 1, 10, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp()) * 1000
LEAST = {
    "specversion": "1.0",
    "id": "1",
    "source": "s",
    "type": "used",
    "subject": "A",
    "time": "2013-06-01T10:00:00Z",
}
SUM = OracleMeter("m", "used", "sum", "units", "u", ("place", "color"), 0, 0)


def read(value: bytes | None = None, **members: Any) -> Event:
    """Judge a record: the given bytes, or the least event with other members."""
    if value is None:
        value = json.dumps({**LEAST, **members}).encode()
    return judge(RawRecord(0, 0, NOW_MS, value), types_of([SUM]), Limits())


def reason(value: bytes | None = None, **members: Any) -> str:
    """Return the reason for which a record is refused."""
    with pytest.raises(Rejected) as caught:
        read(value, **members)
    return str(caught.value)


def test_the_least_event() -> None:
    """Six attributes make an event; `data` may be absent."""
    assert read() == Event("s", "1", "used", "A", NOW, {})


def test_checks_have_an_order() -> None:
    """Of several reasons the first one of the list counts."""
    assert reason(b" " * 65_537) == "too_large"
    assert reason(b"[" * 17 + b"]" * 17) == "malformed_json"
    assert reason(b"[1,2") == "malformed_json"
    assert reason(b"[1,2]") == "not_an_object"
    assert reason(id="x" * 257, subject=None) == "missing_field"
    assert reason(id="x" * 257, specversion="2") == "too_long"
    assert reason(specversion="2", type="meterclose.heartbeat") == "unsupported_specversion"
    assert reason(time="now", type="unknown") == "bad_time"
    assert reason(time="1999-01-01T00:00:00Z", type="unknown") == "too_old"


def test_a_heartbeat_needs_no_readable_time() -> None:
    """A heartbeat is recognised before its time is read."""
    for time in ("now", "1999-01-01T00:00:00Z"):
        with pytest.raises(Heartbeat):
            read(type="meterclose.heartbeat", time=time)


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("2013-06-01T10:00:00Z", 0),
        ("2013-06-01T10:00:00.5Z", 500_000),
        ("2013-06-01T10:00:00.123456789Z", 123_456),
        ("2013-06-01T15:30:00+05:30", 0),
        ("2013-05-31T22:00:00-12:00", 0),
        ("2013-06-01T10:00:00-00:00", 0),
    ],
)
def test_times(text: str, microseconds: int) -> None:
    """RFC 3339 with any offset; digits after the sixth are dropped."""
    assert read(time=text).time == NOW + timedelta(microseconds=microseconds)


@pytest.mark.parametrize(
    "text",
    [
        "2013-06-01",
        "2013-06-01T10:00Z",
        "2013-06-01T10:00:00",
        "2013-06-01 10:00:00Z",
        "2013-06-01t10:00:00z",
        "2013-06-01T10:00:00.Z",
        "2013-06-01T10:00:00.1234567890Z",
        "2013-06-01T10:00:00+0530",
        "2013-06-01T10:00:00+24:00",
        "2013-06-01T10:00:00+05:60",
        "2013-06-01T24:00:00Z",
        "2013-06-01T10:60:00Z",
        "2013-06-01T10:00:60Z",
        "2013-02-29T10:00:00Z",
        "2013-00-01T10:00:00Z",
        "0000-01-01T00:00:00Z",
        " 2013-06-01T10:00:00Z",
        "2013-06-01T10:00:00Z\n",
        "\uff12013-06-01T10:00:00Z",
        "20130601T100000Z",
    ],
)
def test_bad_times(text: str) -> None:
    """What is not RFC 3339 in upper case, or no date of the calendar, is bad."""
    assert reason(time=text) == "bad_time"


def test_limits_of_time_are_inclusive() -> None:
    """Exactly an hour ahead and exactly 400 days old is allowed."""
    assert read(time="2013-06-01T11:00:00Z")
    assert reason(time="2013-06-01T11:00:00.000001Z") == "too_far_future"
    assert read(time="2012-04-27T10:00:00Z")
    assert reason(time="2012-04-27T09:59:59.999999Z") == "too_old"


@pytest.mark.parametrize(
    ("text", "billionths"),
    [
        ("0", 0),
        ("-0.0", 0),
        ("1", BILLION),
        ("-1.5", -1_500_000_000),
        ('"1.5"', 1_500_000_000),
        ("0.000000001", 1),
        ("1.0000000000", BILLION),
        ("1e3", 1000 * BILLION),
        ("1500E-3", 1_500_000_000),
        ("1e-9", 1),
        ("99999999999999999999.999999999", 10**29 - 1),
        ("0e99999", 0),
    ],
)
def test_units(text: str, billionths: int) -> None:
    """A number, or text that reads like one, counts exactly."""
    event = read(
        json.dumps({**LEAST, "data": 0})
        .replace('"data": 0', f'"data": {{"units": {text}}}')
        .encode()
    )
    assert units_of(event, SUM) == billionths


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("null", "missing_units"),
        ("0.0000000001", "bad_units"),
        ("1e-10", "bad_units"),
        ("100000000000000000000", "bad_units"),
        ("1e20", "bad_units"),
        ("1e400", "bad_units"),
        ("1e99999999999999999999", "bad_units"),
        ('""', "bad_units"),
        ('" 1"', "bad_units"),
        ('"1\\n"', "bad_units"),
        ('"+1"', "bad_units"),
        ('"1."', "bad_units"),
        ('".5"', "bad_units"),
        ('"1,5"', "bad_units"),
        ('"1_000"', "bad_units"),
        ('"NaN"', "bad_units"),
        ('"Infinity"', "bad_units"),
        ('"\u0661"', "bad_units"),
        ("true", "bad_units"),
        ("[1]", "bad_units"),
    ],
)
def test_bad_units(text: str, expected: str) -> None:
    """What is no decimal of 20 digits and 9 decimals by value is refused."""
    event = read(
        json.dumps({**LEAST, "data": 0})
        .replace('"data": 0', f'"data": {{"units": {text}}}')
        .encode()
    )
    with pytest.raises(Rejected, match=f"^{expected}$"):
        units_of(event, SUM)


def test_nesting_counts_brackets_outside_of_text() -> None:
    """Brackets in strings and escaped quotation marks do not mislead the count."""
    assert read(data={"deep": '"[[[[[[[[[[[[[[[[[[[[[['})
    deep: list[Any] = []
    for _ in range(13):
        deep = [deep]
    assert read(data={"deep": deep})
    assert reason(data={"deep": [deep]}) == "malformed_json"


def test_the_last_of_repeated_members_counts() -> None:
    """JSON leaves it open; every parser used here takes the last."""
    text = json.dumps(LEAST)[:-1] + ',"subject":"B"}'
    assert read(text.encode()).subject == "B"


def test_dimensions_have_one_canonical_text() -> None:
    """The meter's order, null for a missing one, text for other scalars; each is short."""
    assert (
        dimensions_of(read(data={"color": "é", "place": "x"}), SUM) == '{"place":"x","color":"é"}'
    )
    assert dimensions_of(read(data={"place": 5}), SUM) == '{"place":"5","color":null}'
    assert dimensions_of(read(data={"place": "x" * 256}), SUM)
    assert reason(data={"place": "x" * 257}) == "too_long"
    assert reason(data={"color": 10**256}) == "too_long"
    assert dimensions_of(read(), SUM) == '{"place":null,"color":null}'
