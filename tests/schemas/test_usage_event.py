"""The text of a usage event."""

from schemas.usage_event import UsageEvent, encode_usage_event
from tests.udfs.engine import at


def test_text_of_an_event() -> None:
    """An event is compact JSON in a fixed order, its time RFC 3339 in UTC."""
    data = {"miles": 1400, "origin": "EWR"}
    event = UsageEvent("a-1", "nyc", "flight.departed", "UA", at("2013-01-01T10:17"), data)
    assert encode_usage_event(event) == (
        b'{"specversion":"1.0","id":"a-1","source":"nyc","type":"flight.departed",'
        b'"subject":"UA","time":"2013-01-01T10:17:00Z","data":{"miles":1400,"origin":"EWR"}}'
    )


def test_text_beyond_ascii_is_utf8() -> None:
    """Text is written as UTF-8, not escaped, except where JSON asks for it."""
    event = UsageEvent('é"✈', "s", "t", "a", 0, {})
    assert '"id":"é\\"✈"'.encode() in encode_usage_event(event)
