"""State bytes: every version ever written loads, and nothing else does."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from schemas.meter import Aggregation
from schemas.meter_state import (
    Accumulator,
    EntryKey,
    PeriodEntry,
    StateVersionError,
    decode_entry,
    decode_usage,
    encode_entry,
    encode_usage,
)
from schemas.metered_usage import MeteredUsage

GOLDEN = Path(__file__).parents[1] / "fixtures" / "state" / "version_1.txt"

TOTAL = Accumulator(
    Decimal("12345.678900000"),
    42,
    1_357_016_400_000_000,
    1_359_694_799_999_999,
    1_357_016_400_123_000,
    1_359_698_399_000_000,
)
LATE = Accumulator(Decimal("-0.5"), 1, -1, -1, 1_359_699_000_000_000, 1_359_699_000_000_000)
LATER = Accumulator(Decimal(10) ** 37, 2, 5, 6, 1_359_709_000_000_000, 1_359_709_000_000_001)
GRACE_US, HORIZON_US = 86_400_000_000, 7_776_000_000_000

ENTRIES = {
    "entry-open": PeriodEntry(
        Aggregation.SUM, "mile", "America/New_York", 1, GRACE_US, HORIZON_US, False, 0, TOTAL, ()
    ),
    "entry-late-only": PeriodEntry(
        Aggregation.MAX,
        "mile",
        "Pacific/Honolulu",
        2_147_483_647,
        0,
        0,
        False,
        0,
        None,
        ((1_359_702_000_000_000, LATE),),
    ),
    "entry-corrected": PeriodEntry(
        Aggregation.MIN,
        "Übung",
        "UTC",
        3,
        GRACE_US,
        HORIZON_US,
        True,
        2,
        TOTAL,
        ((1_359_702_000_000_000, LATE), (1_359_712_800_000_000, LATER)),
    ),
    "entry-closed-empty": PeriodEntry(
        Aggregation.COUNT, "flight", "America/Chicago", 1, GRACE_US, HORIZON_US, True, 0, None, ()
    ),
}
USAGES = {
    "usage": MeteredUsage(
        "B6",
        "air-minutes",
        '{"origin":"JFK","x":null,"y":"ü"}',
        1_357_016_400_000_000,
        Decimal("227.000000000"),
        3,
        1_357_016_400_000_000,
        1_357_016_459_999_999,
        1_357_030_000_000_000,
        1_357_030_009_999_999,
        1_357_030_010_000_000,
    ),
}


def golden(prefix: str) -> list[tuple[str, bytes]]:
    """Return the named bytes of the golden file that have a prefix."""
    lines = [line.split() for line in GOLDEN.read_text().splitlines() if line[:1] not in ("", "#")]
    return [(name, bytes.fromhex(text)) for name, text in lines if name.startswith(prefix)]


@pytest.mark.parametrize(("name", "state"), golden("entry"))
def test_entries_of_version_1_load(name: str, state: bytes) -> None:
    """Entries written by version 1 load for ever, and are what is written still."""
    assert decode_entry(state) == ENTRIES[name]
    assert encode_entry(ENTRIES[name]) == state


@pytest.mark.parametrize(("name", "state"), golden("usage"))
def test_waiting_usage_of_version_1_loads(name: str, state: bytes) -> None:
    """Waiting usage written by version 1 loads for ever, and is what is written still."""
    assert decode_usage(state) == USAGES[name]
    assert encode_usage(USAGES[name]) == state


def test_the_golden_file_is_complete() -> None:
    """Each case stands in the file once."""
    assert [name for name, _ in golden("")] == [*ENTRIES, *USAGES]


@pytest.mark.parametrize("state", [b"", b"\x00rest", b"\x02rest", b"\xffrest"])
def test_an_unknown_version_is_refused(state: bytes) -> None:
    """State of a newer program, or no state at all, is never guessed at."""
    with pytest.raises(StateVersionError, match="state version: expected 1 or lower, found"):
        decode_entry(state)
    with pytest.raises(StateVersionError, match="state version: expected 1 or lower, found"):
        decode_usage(state)


def test_bytes_too_many_are_refused() -> None:
    """Bytes that nobody reads are damage."""
    with pytest.raises(ValueError, match="state size: expected"):
        decode_entry(encode_entry(ENTRIES["entry-corrected"]) + b"\x00")
    with pytest.raises(ValueError, match="state size: expected"):
        decode_usage(encode_usage(USAGES["usage"]) + b"\x00")


def test_the_scale_of_a_quantity_is_kept() -> None:
    """A quantity comes back digit for digit: 1.50 is not 1.5."""
    total = decode_entry(encode_entry(ENTRIES["entry-open"])).total
    assert total is not None
    assert str(total.quantity) == "12345.678900000"


def test_keys_order_as_rows_do() -> None:
    """Keys order by period, meter and dimensions."""
    keys = [
        EntryKey(1, 2, "b", "{}"),
        EntryKey(1, 3, "a", "{}"),
        EntryKey(2, 3, "a", '{"x":1}'),
        EntryKey(2, 3, "a", '{"x":2}'),
    ]
    assert sorted([keys[2], keys[0], keys[3], keys[1]]) == keys
