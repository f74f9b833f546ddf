"""State bytes: every version ever written loads, and nothing else does."""

from __future__ import annotations

import struct
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from schemas.aggregation import NO_OPTIONS, Aggregation, AggregationOptions
from schemas.entry_state import decode_entry, encode_entry
from schemas.meter_state import Accumulator, EntryKey, Part, PeriodEntry, StateVersionError
from schemas.metered_usage import MeteredUsage, TakenBack
from schemas.part_state import SPLIT, decode_parts, encode_parts
from schemas.usage_state import decode_usage, encode_usage, encoded_account

STATES = Path(__file__).parents[1] / "fixtures" / "state"

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
        Aggregation.SUM,
        NO_OPTIONS,
        "mile",
        "America/New_York",
        1,
        GRACE_US,
        HORIZON_US,
        False,
        0,
        TOTAL,
        (),
    ),
    "entry-late-only": PeriodEntry(
        Aggregation.MAX,
        NO_OPTIONS,
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
        NO_OPTIONS,
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
        Aggregation.COUNT,
        NO_OPTIONS,
        "flight",
        "America/Chicago",
        1,
        GRACE_US,
        HORIZON_US,
        True,
        0,
        None,
        (),
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


# What version 1 could not say.
LATER_ENTRIES = {
    "entry-percentile": PeriodEntry(
        Aggregation.PERCENTILE,
        AggregationOptions(percentile=Decimal("99.9")),
        "second",
        "Asia/Kolkata",
        4,
        GRACE_US,
        HORIZON_US,
        True,
        1,
        TOTAL,
        ((1_359_702_000_000_000, LATE),),
    ),
    "entry-histogram": PeriodEntry(
        Aggregation.HISTOGRAM,
        AggregationOptions(bounds=(Decimal("0.5"), Decimal(10))),
        "byte",
        "UTC",
        1,
        0,
        0,
        False,
        0,
        TOTAL,
        (),
    ),
}
LATER_USAGES = {"usage-latest": replace(USAGES["usage"], part="2:77")}
# What version 2 could not say.
TAKEN_BACK_USAGES = {
    "usage-taken-back": replace(
        USAGES["usage"],
        quantity=Decimal("-7.50"),
        event_count=-3,
        taken_back=(
            TakenBack(1_356_000_000_000_000, Decimal("-2.50"), -1, 1, 2, 3, 4),
            TakenBack(1_357_000_000_000_000, Decimal(-5), -2, 5, 6, 7, 8),
        ),
    )
}
PARTS = {
    "parts": (
        Part("", ((1_359_702_000_000_000, "1359702000000000:2:77:-1.5"),)),
        Part("=ü", ((1_359_702_000_000_000, ""),)),
        Part("1.5", ((1_359_702_000_000_000, "3"), (1_359_712_800_000_000, "1"))),
    ),
}


def golden(version: int, prefix: str = "") -> list[tuple[str, bytes]]:
    """Return the named bytes of a version's golden file that have a prefix."""
    text = (STATES / f"version_{version}.txt").read_text()
    lines = [line.split() for line in text.splitlines() if line[:1] not in ("", "#")]
    return [(name, bytes.fromhex(state)) for name, state in lines if name.startswith(prefix)]


@pytest.mark.parametrize(("name", "state"), golden(1, "entry") + golden(2, "entry"))
def test_entries_of_every_version_load(name: str, state: bytes) -> None:
    """Entries of every version load for ever; those of the newest are what is written still."""
    entry = {**ENTRIES, **LATER_ENTRIES}[name]
    assert decode_entry(state) == entry
    assert state[0] == 1 or encode_entry(entry) == state


@pytest.mark.parametrize(
    ("name", "state"), golden(1, "usage") + golden(2, "usage") + golden(3, "usage")
)
def test_waiting_usage_of_every_version_loads(name: str, state: bytes) -> None:
    """Waiting usage of every version loads for ever; the newest is what is written still."""
    usage = {**USAGES, **LATER_USAGES, **TAKEN_BACK_USAGES}[name]
    assert decode_usage(state) == usage
    assert encoded_account(state) == usage.account_id.encode()
    assert state[0] == 1 or encode_usage(usage) == state


@pytest.mark.parametrize(("name", "state"), golden(2, "parts"))
def test_parts_of_every_version_load(name: str, state: bytes) -> None:
    """Parts written by version 2 load for ever, and are what is written still."""
    assert decode_parts(state) == PARTS[name]
    assert encode_parts(PARTS[name]) == state
    assert decode_parts(SPLIT) is None


def test_the_golden_files_are_complete() -> None:
    """Each case stands in its file once."""
    assert [name for name, _ in golden(1)] == [*ENTRIES, *USAGES]
    assert [name for name, _ in golden(2)] == [
        *(*ENTRIES, *LATER_ENTRIES),
        *(*USAGES, *LATER_USAGES),
        *PARTS,
    ]
    assert [name for name, _ in golden(3)] == [*TAKEN_BACK_USAGES]


@pytest.mark.parametrize("state", [b"", b"\x00rest", b"\x03rest", b"\xffrest"])
def test_an_unknown_version_is_refused(state: bytes) -> None:
    """State of a newer program, or no state at all, is never guessed at."""
    with pytest.raises(StateVersionError, match="state version: expected 2 or lower, found"):
        decode_entry(state)
    with pytest.raises(StateVersionError, match="state version: expected 2 or lower, found"):
        decode_parts(state)
    state = state.replace(b"\x03", b"\x04")
    with pytest.raises(StateVersionError, match="state version: expected 3 or lower, found"):
        decode_usage(state)
    with pytest.raises(StateVersionError, match="state version: expected 3 or lower, found"):
        encoded_account(state)


def test_bytes_too_many_are_refused() -> None:
    """Bytes that nobody reads are damage."""
    with pytest.raises(ValueError, match="state size: expected"):
        decode_entry(encode_entry(ENTRIES["entry-corrected"]) + b"\x00")
    with pytest.raises(ValueError, match="state size: expected"):
        decode_usage(encode_usage(USAGES["usage"]) + b"\x00")
    with pytest.raises(struct.error):
        decode_usage(encode_usage(TAKEN_BACK_USAGES["usage-taken-back"]) + b"\x00")
    with pytest.raises(ValueError, match="state size: expected"):
        decode_parts(encode_parts(PARTS["parts"]) + b"\x00")


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
