"""Receiving: the order of receipt, and exactly what the injections change."""

import json
from collections import Counter

import pytest

from jobs.flights.departures import CANCELLED, Departure
from jobs.flights.receiving import Injections, Receipt, count_kinds, heartbeats, receive
from jobs.flights.spoiling import ODD_BUT_VALID, REFUSED_RECORDS, REFUSED_UNITS
from jobs.publish_flights import partition_of
from schemas.instant import DAY_US
from schemas.usage_event import encode_usage_event

DAY_MS = DAY_US // 1000
ALL = Injections(seed=7, repeat_rate=0.02, late_rate=0.01, malformed=2)


@pytest.fixture(scope="module")
def some(year: list[Departure]) -> list[Departure]:
    """Return every fiftieth departure: all months, nearly all carriers."""
    return year[::50]


def received(departures: list[Departure], injections: Injections) -> list[Receipt]:
    """Return the receipts on four partitions."""
    return receive(departures, injections, lambda key: partition_of(key, 4))


def test_without_injections_each_departure_is_received_once(some: list[Departure]) -> None:
    """The records are the events in order of receipt, under their account's key."""
    receipts = received(some, Injections())
    by_id = {departure.event.id: departure for departure in some}
    assert len(receipts) == len(some) == len(by_id)
    for receipt in receipts:
        assert receipt.value is not None
        departure = by_id.pop(json.loads(receipt.value)["id"])
        assert receipt.value == encode_usage_event(departure.event)
        assert receipt.key == departure.event.subject.encode()
        assert receipt.log_time_ms == departure.received_us // 1000
        assert receipt.kind == "original"
    times = [receipt.log_time_ms for receipt in receipts]
    assert times == sorted(times)


def test_disorder_is_real(some: list[Departure]) -> None:
    """Long flights are received after short ones that left later."""
    times = [json.loads(receipt.value or b"")["time"] for receipt in received(some, Injections())]
    assert times != sorted(times)


def test_the_same_seed_gives_the_same_bytes(some: list[Departure]) -> None:
    """All follows from the seed, and another seed chooses otherwise."""
    assert received(some, ALL) == received(some, ALL)
    assert received(some, ALL) != received(some, Injections(8, 0.02, 0.01, 2))


def test_one_injection_does_not_change_the_others(some: list[Departure]) -> None:
    """Which flights are late is decided apart from which are repeated."""
    late = {
        receipt.value
        for receipt in received(some, Injections(seed=7, late_rate=0.01))
        if receipt.kind == "late"
    }
    with_repeats = received(some, Injections(seed=7, late_rate=0.01, repeat_rate=0.5))
    assert late == {receipt.value for receipt in with_repeats if receipt.kind == "late"}


def test_late_records_are_2_to_60_days_late(some: list[Departure]) -> None:
    """About the given share is late, by days."""
    due_ms = {encode_usage_event(each.event): each.received_us // 1000 for each in some}
    late = [each for each in received(some, ALL) if each.kind == "late"]
    assert 30 < len(late) < 110
    for receipt in late:
        assert receipt.value is not None
        assert 2 * DAY_MS <= receipt.log_time_ms - due_ms[receipt.value] <= 60 * DAY_MS


def test_repeats_are_the_same_bytes_up_to_2_days_later(some: list[Departure]) -> None:
    """A repeat follows its first receipt in the same partition."""
    receipts = received(some, ALL)
    first = {r.value: r for r in receipts if r.kind in ("original", "late") or "/" in r.kind}
    repeats = [each for each in receipts if each.kind == "repeat"]
    assert 80 < len(repeats) < 200
    for repeat in repeats:
        original = first[repeat.value]
        assert (repeat.partition, repeat.key) == (original.partition, original.key)
        assert 0 < repeat.log_time_ms - original.log_time_ms <= 2 * DAY_MS


def test_each_kind_of_malformed_record_is_there_as_often_as_asked(some: list[Departure]) -> None:
    """The counts by kind add up to the departures and what was added."""
    kinds = count_kinds(received(some, ALL))
    for prefix, spoiled in (
        ("refused", REFUSED_RECORDS),
        ("units", REFUSED_UNITS),
        ("odd", ODD_BUT_VALID),
    ):
        for kind in spoiled:
            assert kinds.pop(f"{prefix}/{kind.name}") == 2
    assert kinds.pop("conflict") == kinds.pop("repeat/respelled") == 2
    replaced = 2 * (len(REFUSED_UNITS) + len(ODD_BUT_VALID))
    assert kinds.pop("original") + kinds.pop("late") + replaced == len(some)
    assert list(kinds) == ["repeat"]


def test_only_departed_flights_are_spoiled(some: list[Departure]) -> None:
    """Cancellations stay as they are, so their number is the data set's."""
    receipts = received(some, ALL)
    counted = Counter(r.value for r in receipts if r.kind in ("original", "late"))
    cancelled = [each.event for each in some if each.event.type == CANCELLED]
    assert all(counted[encode_usage_event(event)] == 1 for event in cancelled)


def test_records_of_an_account_share_a_partition(some: list[Departure]) -> None:
    """The key decides, for malformed records too."""
    places = {(receipt.key, receipt.partition) for receipt in received(some, ALL)}
    assert len(places) == len({key for key, _ in places}) > 10


def test_heartbeats_go_to_every_partition() -> None:
    """Each carries no key, the given log time, and its own text."""
    beats = heartbeats(4, 1_401_580_800_000)
    assert [beat.partition for beat in beats] == [0, 1, 2, 3]
    assert {(beat.key, beat.log_time_ms, beat.kind) for beat in beats} == {
        (None, 1_401_580_800_000, "heartbeat")
    }
    assert json.loads(beats[2].value or b"")["time"] == "2014-06-01T00:00:00Z"


def test_partitions_are_those_of_javas_client() -> None:
    """The hash is that of Kafka's own clients: other producers' records go the same way."""
    # From org.apache.kafka.common.utils.UtilsTest, murmur2: "21" is -973932308.
    assert partition_of(b"21", 2**31) == -973932308 & 0x7FFFFFFF
    assert partition_of(b"21", 4) == (-973932308 & 0x7FFFFFFF) % 4
