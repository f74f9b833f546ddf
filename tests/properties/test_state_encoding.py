"""State bytes give back exactly what was put in, and damage is noticed."""

from __future__ import annotations

import struct
from decimal import InvalidOperation

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.aggregation import Aggregation, AggregationOptions
from schemas.entry_state import decode_entry, encode_entry
from schemas.meter_state import Accumulator, EntryKey, Part, PeriodEntry, StateVersionError
from schemas.metered_usage import MeteredUsage
from schemas.part_state import decode_parts, encode_parts
from schemas.usage_state import decode_usage, encode_usage, encoded_account

texts = st.text(st.characters(exclude_categories=["Cs"]))
instants = st.integers(-(2**63), 2**63 - 1)
counts = st.integers(1, 2**63 - 1)
quantities = st.decimals(allow_nan=False, allow_infinity=False)
accumulators = st.builds(Accumulator, quantities, counts, instants, instants, instants, instants)
entries = st.builds(
    PeriodEntry,
    aggregation=st.sampled_from(Aggregation),
    options=st.builds(
        AggregationOptions,
        st.lists(quantities, max_size=3).map(tuple),
        st.none() | quantities,
    ),
    unit=texts,
    timezone=texts,
    terms_version=st.integers(1, 2**31 - 1),
    grace_us=instants,
    correction_horizon_us=instants,
    closed=st.booleans(),
    revision=st.integers(0, 2**32 - 1),
    total=st.none() | accumulators,
    pending=st.lists(st.tuples(instants, accumulators), max_size=4).map(tuple),
)
usages = st.builds(
    MeteredUsage,
    texts,
    texts,
    texts,
    instants,
    quantities,
    counts,
    *[instants] * 5,
    texts,
)
parts = st.lists(
    st.builds(Part, texts, st.lists(st.tuples(instants, texts), max_size=3).map(tuple)), max_size=4
).map(tuple)


@given(entries)
def test_entries_round_trip(entry: PeriodEntry) -> None:
    """An entry comes back equal, digit for digit."""
    again = decode_entry(encode_entry(entry))
    assert again == entry
    assert repr(again) == repr(entry)


@given(usages)
def test_usage_round_trips(usage: MeteredUsage) -> None:
    """Waiting usage comes back equal, digit for digit."""
    assert repr(decode_usage(encode_usage(usage))) == repr(usage)
    assert encoded_account(encode_usage(usage)) == usage.account_id.encode()


@given(parts)
def test_parts_round_trip(some: tuple[Part, ...]) -> None:
    """The parts of a node come back equal, in their order."""
    assert decode_parts(encode_parts(some)) == some


@given(instants, instants, texts, texts)
def test_keys_round_trip(start_us: int, end_us: int, meter_id: str, dimensions: str) -> None:
    """A key comes back from its text, and its text is plain ASCII on one line."""
    key = EntryKey(start_us, end_us, meter_id, dimensions)
    text = key.encode()
    assert EntryKey.decode(text) == key
    assert text.isascii()
    assert text.isprintable()


@given(entries, st.data())
def test_a_cut_entry_is_damage(entry: PeriodEntry, data: st.DataObject) -> None:
    """No part of an entry passes for an entry."""
    state = encode_entry(entry)
    size = data.draw(st.integers(0, len(state) - 1))
    with pytest.raises((ValueError, struct.error, InvalidOperation, StateVersionError)):
        decode_entry(state[:size])
