"""Malformed and odd records: each is refused for the one reason it is named for, or counts."""

from dataclasses import replace

import pytest

from audit.judging import Limits, Rejected, judge, take_apart, units_of
from audit.shapes import OracleMeter, RawRecord
from jobs.flights.departures import read_departure
from jobs.flights.spoiling import (
    ODD_BUT_VALID,
    REFUSED_RECORDS,
    REFUSED_UNITS,
    Spoiled,
    conflicting,
    respelled,
)
from schemas.rejected_event import METER_REASONS, RejectReason
from schemas.usage_event import encode_usage_event
from tests.jobs.flights.test_departures import FIRST

DEPARTURE = read_departure(FIRST)
PLAIN = RawRecord(0, 0, DEPARTURE.received_us // 1000, encode_usage_event(DEPARTURE.event))
TYPES = {DEPARTURE.event.type: ("origin",)}
MILES = OracleMeter("miles", DEPARTURE.event.type, "sum", "miles", "mile", (), 0, 0)


def spoilt(kind: Spoiled) -> RawRecord:
    """Return the first flight's record, spoiled."""
    value = kind.spoil(DEPARTURE.event, DEPARTURE.received_us)
    return RawRecord(0, 0, DEPARTURE.received_us // 1000, value)


def only_event(record: RawRecord) -> RawRecord:
    """Return the only event of a batch, or the record that is none."""
    (event,) = take_apart(record, Limits()) or [record]
    return event


def named(kind: Spoiled) -> str:
    """Return the name of the test."""
    return kind.name


@pytest.mark.parametrize("kind", REFUSED_RECORDS, ids=named)
def test_refused_records(kind: Spoiled) -> None:
    """The independent judge refuses the record for the reason given."""
    with pytest.raises(Rejected, match=f"^{kind.reason}$"):
        judge(only_event(spoilt(kind)), TYPES, Limits())


@pytest.mark.parametrize("kind", REFUSED_UNITS, ids=named)
def test_refused_units(kind: Spoiled) -> None:
    """The record is valid and keeps its identity, but its miles cannot be counted."""
    event = judge(spoilt(kind), TYPES, Limits())
    assert event.id == DEPARTURE.event.id
    with pytest.raises(Rejected, match=f"^{kind.reason}$"):
        units_of(event, MILES)


@pytest.mark.parametrize("kind", ODD_BUT_VALID, ids=named)
def test_odd_records_count_in_full(kind: Spoiled) -> None:
    """The record means what the plain one means."""
    event = judge(only_event(spoilt(kind)), TYPES, Limits())
    plain = judge(PLAIN, TYPES, Limits())
    assert replace(event, data={}) == replace(plain, data={})
    assert units_of(event, MILES) == units_of(plain, MILES) == 1400 * 10**9


def test_every_reason_has_its_records() -> None:
    """No reason of the closed list goes untried."""
    tried = {kind.reason for kind in REFUSED_RECORDS} | {kind.reason for kind in REFUSED_UNITS}
    assert tried == set(RejectReason)
    assert {kind.reason for kind in REFUSED_UNITS} == METER_REASONS
    assert {kind.reason for kind in ODD_BUT_VALID} == {None}


def test_names_are_unique() -> None:
    """Counts by kind tell all kinds apart."""
    for kinds in (REFUSED_RECORDS, REFUSED_UNITS, ODD_BUT_VALID):
        assert len({kind.name for kind in kinds}) == len(kinds)


def test_limits_are_tried_on_both_sides() -> None:
    """The largest record that is allowed and the smallest that is not differ by one byte."""
    (allowed,) = [kind for kind in ODD_BUT_VALID if kind.name == "64-kib"]
    (refused,) = [kind for kind in REFUSED_RECORDS if kind.name == "over-64-kib"]
    sizes = [len(spoilt(kind).value or b"") for kind in (allowed, refused)]
    assert sizes == [65_536, 65_537]


def test_repeats_that_are_not_the_same_bytes() -> None:
    """A conflict has the identity and other content; a respelled repeat has the same content."""
    plain, conflict, repeat = (
        judge(replace(PLAIN, value=value), TYPES, Limits())
        for value in (PLAIN.value, conflicting(DEPARTURE.event), respelled(DEPARTURE.event))
    )
    assert respelled(DEPARTURE.event) != PLAIN.value
    assert repeat == plain
    assert (conflict.source, conflict.id) == (plain.source, plain.id)
    assert conflict.data != plain.data
