"""The bytes of running totals: those of every version load, and are written so still."""

from __future__ import annotations

import struct
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.aggregation import HAS_PARTS, Aggregation
from schemas.budget import Budget
from schemas.meter_state import StateVersionError
from schemas.running_state import (
    decode_counted,
    decode_running,
    encode_counted,
    encode_running,
)
from schemas.running_total import CountedUsage, RunningPeriod

STATES = Path(__file__).parents[1] / "fixtures" / "state" / "running_2.txt"
COUNTED = {
    "counted-plain": CountedUsage(
        "AA",
        "flights",
        1_357_016_400_000_000,
        1_359_694_800_000_000,
        "America/New_York",
        Aggregation.COUNT,
        "flight",
        Decimal("3.000000000"),
        3,
        1_357_020_010_000_000,
        1_367_557_200_000_000,
        None,
    ),
    "counted-budget": CountedUsage(
        "Ä",
        "miles",
        -1,
        1 << 60,
        "UTC",
        Aggregation.SUM,
        "mile",
        Decimal("-0.000000001"),
        -2,
        10_000_000,
        1 << 61,
        Budget("miles", Decimal("5000.5"), (1, 100)),
        is_silent=True,
    ),
}
RUNNING = {
    "running-plain": RunningPeriod(
        1_359_694_800_000_000,
        "America/New_York",
        Aggregation.AVERAGE,
        "mile",
        Decimal("12345.678900000"),
        42,
        1_357_020_010_000_000,
        1_367_557_200_000_000,
        (),
    ),
    "running-alerted": RunningPeriod(
        0,
        "UTC",
        Aggregation.SUM,
        "Übung",
        Decimal(10) ** 37,
        2,
        5,
        6,
        ((Decimal(5000), 50), (Decimal(5000), 80), (Decimal("5000.5"), 50)),
    ),
    "running-moved": RunningPeriod(1, "UTC", Aggregation.MAX, "mile", None, 0, 0, 7, ()),
}

DAMAGE = (ValueError, struct.error, InvalidOperation, StateVersionError)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
instants = st.integers(-(2**63), 2**63 - 1)
quantities = st.decimals(allow_nan=False, allow_infinity=False)
kinds = st.sampled_from(sorted(set(Aggregation) - HAS_PARTS))
budgets = st.none() | st.builds(
    Budget,
    texts.filter(bool),
    st.integers(1, 10**9).map(Decimal),
    st.sets(st.integers(1, 10_000), min_size=1).map(sorted).map(tuple),
)
counted = st.builds(
    CountedUsage,
    texts,
    texts,
    instants,
    instants,
    texts,
    kinds,
    texts,
    quantities,
    instants,
    instants,
    instants,
    budgets,
    st.booleans(),
)
running = st.builds(
    RunningPeriod,
    instants,
    texts,
    kinds,
    texts,
    st.none() | quantities,
    instants,
    instants,
    instants,
    st.lists(st.tuples(quantities, st.integers(1, 10_000)), max_size=4).map(tuple),
)


def states() -> dict[str, bytes]:
    """Return the states that were written once, by name."""
    lines = STATES.read_text().splitlines()[1:]
    return {name: bytes.fromhex(text) for name, text in (line.split() for line in lines)}


def test_running_totals_of_every_version_load() -> None:
    """Each is what it was, digit for digit, and is written so still."""
    found = states()
    assert sorted(found) == sorted([*COUNTED, *RUNNING])
    for name, usage in COUNTED.items():
        assert repr(decode_counted(found[name])) == repr(usage)
        assert encode_counted(usage) == found[name]
    for name, period in RUNNING.items():
        assert repr(decode_running(found[name])) == repr(period)
        assert encode_running(period) == found[name]


@pytest.mark.parametrize("state", [b"", b"\x01", b"\x03" + b"\x00" * 60])
def test_other_versions_are_refused(state: bytes) -> None:
    """They are of a later program, or damaged."""
    with pytest.raises(StateVersionError):
        decode_counted(state)
    with pytest.raises(StateVersionError):
        decode_running(state)


@given(counted)
def test_counted_usage_round_trips(usage: CountedUsage) -> None:
    """It comes back equal, digit for digit."""
    assert repr(decode_counted(encode_counted(usage))) == repr(usage)


@given(running)
def test_running_totals_round_trip(period: RunningPeriod) -> None:
    """They come back equal, digit for digit."""
    assert repr(decode_running(encode_running(period))) == repr(period)


@given(running, st.data())
def test_a_cut_running_total_is_damage(period: RunningPeriod, data: st.DataObject) -> None:
    """No part of a running total passes for one."""
    state = encode_running(period)
    size = data.draw(st.integers(0, len(state) - 1))
    with pytest.raises(DAMAGE):
        decode_running(state[:size])


@given(counted, st.data())
def test_cut_counted_usage_is_damage(usage: CountedUsage, data: st.DataObject) -> None:
    """No part of counted usage passes for it."""
    state = encode_counted(usage)
    size = data.draw(st.integers(0, len(state) - 1))
    with pytest.raises(DAMAGE):
        decode_counted(state[:size])
