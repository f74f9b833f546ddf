"""Records at the edges of what counts: exact decimals, times, escapes. For tests of the job."""

import json

# Each as a JSON number and as text. By value at most 20 digits before the point and 9 after it.
_UNITS = (
    "0",
    "-0",
    "-1.5",
    "0.1",
    "0.000000001",
    "1e-9",
    "1E3",
    "15e-1",
    "9007199254740993",
    "1234567890.123456789",
    "99999999999999999999",
    "12345678901234567890.123456789",
    "-12345678901234567890.123456789",
    "100000000000000000000",
    "0.0000000001",
    "1e-10",
    "1e20",
)
_TIMES = (
    "{}T10:00:00.5Z",
    "{}T10:00:00.123456789Z",
    "{}T10:00:59.999999999Z",
    "{}T15:30:00.000+05:30",
    "{}T00:00:00-00:00",
    "{}T10:00:00.1234567890Z",
    "{}T10:00:00.Z",
    "{}t10:00:00z",
    "{}T10:00:60Z",
    "{}T10:00:00Z\n",
    "{}T10:00:00+24:00",
)
_TEXTS = ('"quoted"', "back\\slash", "line\nbreak", "é✈😀", "null", "{}", "a:b,c", " ")


def edge_records(account_id: str, event_type: str, property_name: str, day: str) -> list[bytes]:
    """Return the records' values.

    Args:
        account_id: Their subject.
        event_type: Their type, one that a meter listens to.
        property_name: The member of `data` that the meter reads.
        day: The date of their events, `YYYY-MM-DD`; publish them on that day or a little later.
    """
    records: list[bytes] = []

    def add(units: str, time: str, origin: str, spelled_id: str | None = None) -> None:
        shape = {
            "specversion": "1.0",
            "id": spelled_id or f"edge-{len(records)}",
            "source": "edges",
            "type": event_type,
            "subject": account_id,
            "time": time.format(day),
            "data": {property_name: "<units>", "origin": origin},
        }
        ascii_only = len(records) % 2 == 0
        text = json.dumps(shape, ensure_ascii=ascii_only).replace('"<units>"', units)
        records.append(text.encode())

    for units in _UNITS:
        add(units, "{}T10:00:00Z", "JFK")
        add(f'"{units}"', "{}T10:00:00Z", "JFK")
    for time in _TIMES:
        add("1", time, "JFK")
    for text in _TEXTS:
        add("1", "{}T10:00:00Z", text)
        add("1", "{}T10:00:00Z", "JFK", spelled_id=text)
        add("1", "{}T10:00:00Z", "JFK", spelled_id=text)
    return records
