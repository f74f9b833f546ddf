"""Puts departures in the order in which they were received, with what production adds.

Everything follows from the departures and the seed: the same seed gives the same bytes.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from jobs.flights.departures import DEPARTED, Departure
from jobs.flights.spoiling import (
    ODD_BUT_VALID,
    REFUSED_RECORDS,
    REFUSED_UNITS,
    Spoiled,
    conflicting,
    respelled,
)
from schemas.heartbeat import encode_heartbeat
from schemas.instant import DAY_US, to_text
from schemas.usage_event import encode_usage_event

_MS_US = 1000
_DAY_MS = DAY_US // _MS_US
_REPEATED_WITHIN_MS = 2 * _DAY_MS
_LATE_FROM_MS, _LATE_TO_MS = 2 * _DAY_MS, 60 * _DAY_MS


@dataclass(frozen=True, slots=True)
class Injections:
    """What to mix in.

    Attributes:
        seed: Decides all choices.
        repeat_rate: Share of the departures received twice, the second time up to 2 days later.
        late_rate: Share of the departures received 2 to 60 days late.
        malformed: Number of records of each kind of `jobs.flights.spoiling`, of conflicts and of
            respelled repeats.
    """

    seed: int = 2013
    repeat_rate: float = 0.0
    late_rate: float = 0.0
    malformed: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """One record as it goes to Kafka.

    Attributes:
        log_time_ms: Its Kafka timestamp, when it was received.
        partition: Where it goes.
        key: The account's id; None for a heartbeat.
        value: The record's bytes; None is a null value.
        kind: Why it is there: `original`, `late`, `repeat`, `conflict`, `heartbeat`, or
            `refused/`, `units/`, `odd/` and the name of a kind in `jobs.flights.spoiling`.
    """

    log_time_ms: int
    partition: int
    key: bytes | None
    value: bytes | None
    kind: str


@dataclass(frozen=True, slots=True)
class _Heard:
    """A departure with its time of receipt and its record."""

    departure: Departure
    log_time_ms: int
    value: bytes | None
    kind: str


def receive(
    departures: Sequence[Departure],
    injections: Injections,
    partition_of: Callable[[bytes], int],
) -> list[Receipt]:
    """Return all records in order of receipt; those of one instant in the departures' order.

    Args:
        departures: At least as many departed flights as kinds times `injections.malformed`.
        injections: What to mix in.
        partition_of: Chooses the partition by the record's key.
    """
    heard = _heard(departures, injections)
    extra = _repeats(heard, injections) + _extra_records(heard, injections)
    ordered = sorted(heard + extra, key=lambda each: each.log_time_ms)
    partitions: dict[bytes, int] = {}
    receipts = []
    for each in ordered:
        key = each.departure.event.subject.encode()
        if key not in partitions:
            partitions[key] = partition_of(key)
        receipts.append(Receipt(each.log_time_ms, partitions[key], key, each.value, each.kind))
    return receipts


def heartbeats(partitions: int, log_time_ms: int) -> list[Receipt]:
    """Return one heartbeat for each partition, which moves log time on to the given instant."""
    time = to_text(log_time_ms * _MS_US)
    return [
        Receipt(log_time_ms, partition, None, encode_heartbeat(partition, time), "heartbeat")
        for partition in range(partitions)
    ]


def count_kinds(receipts: Sequence[Receipt]) -> dict[str, int]:
    """Return how many records there are of each kind, by name."""
    return dict(sorted(Counter(receipt.kind for receipt in receipts).items()))


def _random(injections: Injections, purpose: str) -> random.Random:
    """Return the source of chance for one purpose: others do not change its choices."""
    return random.Random(f"{injections.seed}/{purpose}")  # noqa: S311 - no secret  # nosec B311


def _heard(departures: Sequence[Departure], injections: Injections) -> list[_Heard]:
    """Return each departure once: on time or late, some with their record spoiled."""
    chance = _random(injections, "late")
    late_ms: dict[int, int] = {}
    for index in range(len(departures)):
        if chance.random() < injections.late_rate:
            late_ms[index] = chance.randrange(_LATE_FROM_MS, _LATE_TO_MS)
    spoiled = _choose_spoiled(departures, late_ms, injections)
    heard = []
    for index, departure in enumerate(departures):
        log_time_ms = departure.received_us // _MS_US
        if index in spoiled:
            kind, how = spoiled[index]
            value = how.spoil(departure.event, departure.received_us)
            heard.append(_Heard(departure, log_time_ms, value, kind))
            continue
        value = encode_usage_event(departure.event)
        kind = "late" if index in late_ms else "original"
        heard.append(_Heard(departure, log_time_ms + late_ms.get(index, 0), value, kind))
    return heard


def _choose_spoiled(
    departures: Sequence[Departure], late: Mapping[int, int], injections: Injections
) -> dict[int, tuple[str, Spoiled]]:
    """Choose the real flights whose records are spoiled: departed and on time."""
    kinds = [(f"units/{how.name}", how) for how in REFUSED_UNITS]
    kinds += [(f"odd/{how.name}", how) for how in ODD_BUT_VALID]
    if not injections.malformed:
        return {}
    departed = [
        index
        for index, departure in enumerate(departures)
        if departure.event.type == DEPARTED and index not in late
    ]
    chosen = _random(injections, "spoiled").sample(departed, len(kinds) * injections.malformed)
    return {index: kinds[number % len(kinds)] for number, index in enumerate(chosen)}


def _repeats(heard: Sequence[_Heard], injections: Injections) -> list[_Heard]:
    chance = _random(injections, "repeat")
    repeats = []
    for each in heard:
        if chance.random() < injections.repeat_rate:
            log_time_ms = each.log_time_ms + chance.randrange(1, _REPEATED_WITHIN_MS)
            repeats.append(replace(each, log_time_ms=log_time_ms, kind="repeat"))
    return repeats


def _extra_records(heard: Sequence[_Heard], injections: Injections) -> list[_Heard]:
    """Return the records that are refused whole, the conflicts and the respelled repeats."""
    chance = _random(injections, "extra")
    departed = [each for each in heard if each.departure.event.type == DEPARTED]
    extra = []
    for number in range(injections.malformed):
        for how in REFUSED_RECORDS:
            model = chance.choice(departed)
            event = replace(model.departure.event, id=f"refused-{how.name}-{number}")
            # It is received with its model on time, so that no other reason fits.
            received_us = model.departure.received_us
            value = how.spoil(event, received_us)
            kind = f"refused/{how.name}"
            extra.append(replace(model, log_time_ms=received_us // _MS_US, value=value, kind=kind))
        for kind, repeat in (("conflict", conflicting), ("repeat/respelled", respelled)):
            first = chance.choice(departed)
            log_time_ms = first.log_time_ms + chance.randrange(1, _REPEATED_WITHIN_MS)
            value = repeat(first.departure.event)
            extra.append(replace(first, log_time_ms=log_time_ms, value=value, kind=kind))
    return extra
