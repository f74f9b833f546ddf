"""Aggregations formed from parts: usage comes grouped by value, or event by event.

A part remembers what was received of it and from which log time on it counts, so a result can be
formed as of any log time. Whatever the order of receipt, the parts are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from schemas.aggregation import BY_EVENT, Aggregation, AggregationOptions, Readings
from schemas.meter_state import Part
from schemas.metered_usage import MeteredUsage
from udfs.aggregating import EXACT, Result, breakdown_text

ALONE = -1
"""In place of the index in a batch: the event is a record by itself."""


class Reading(NamedTuple):
    """One event as an order and a number; later ones are greater.

    Attributes:
        event_us: Event time, which decides first.
        partition: Kafka partition, which decides between equal times.
        offset: Kafka offset, which decides within the partition.
        batch_index: Index in the batch, which decides within the record; `ALONE` if it is no
            batch.
        units: The event's units.
    """

    event_us: int
    partition: int
    offset: int
    batch_index: int
    units: Decimal

    def encode(self) -> str:
        """Return the reading as text: its members with colons between, an index if it has one."""
        index = "" if self.batch_index == ALONE else f":{self.batch_index}"
        return f"{self.event_us}:{self.partition}:{self.offset}{index}:{self.units:f}"

    @classmethod
    def decode(cls, text: str) -> Reading:
        """Read a reading back from its text."""
        event_us, _, rest = text.partition(":")
        place, _, units = rest.rpartition(":")
        return cls(int(event_us), *_numbers(place), Decimal(units))


def reading_of(usage: MeteredUsage) -> Reading:
    """Return the single event of a row of usage that came event by event."""
    return Reading(usage.first_event_us, *_numbers(usage.part), usage.quantity)


def _numbers(place: str) -> tuple[int, int, int]:
    """Return partition, offset and index of a place: `0:17`, or `0:17:3` in a batch."""
    partition, offset, *index = map(int, place.split(":"))
    return partition, offset, index[0] if index else ALONE


def receipt_of(
    aggregation: Aggregation, options: AggregationOptions, usage: MeteredUsage
) -> tuple[str, str]:
    """Return the part that a row of usage belongs to, and the text to receive there."""
    if aggregation is Aggregation.UNIQUE_COUNT and not options.keeps_all:
        return usage.part, ""
    if aggregation not in BY_EVENT:
        return usage.part, str(usage.event_count)
    reading = reading_of(usage)
    if options.keeps_all:
        if usage.is_retraction:
            reading = reading._replace(units=EXACT.minus(reading.units))
        return reading.encode(), str(usage.event_count)
    text = reading.encode()
    # The latest of all events is one part; of a level each event is its own.
    return "" if aggregation is Aggregation.LATEST else text.rpartition(":")[0], text


def receive(
    aggregation: Aggregation,
    options: AggregationOptions,
    part: Part,
    counts_from_us: int,
    text: str,
) -> Part:
    """Return a part with one more text received, which counts from a log time on."""
    received = dict(part.received)
    if aggregation is Aggregation.UNIQUE_COUNT and not options.keeps_all:
        return Part(part.name, ((min([counts_from_us, *received]), ""),))
    known = received.get(counts_from_us)
    if known is not None:
        text = joined(aggregation, options, known, text)
    received[counts_from_us] = text
    return Part(part.name, tuple(sorted(received.items())))


def joined(aggregation: Aggregation, options: AggregationOptions, a: str, b: str) -> str:
    """Merge two texts received of one part."""
    if options.readings is Readings.DELTA:
        # An event and its retraction, with its place before the units, or what is carried.
        place, colon, units = a.rpartition(":")
        return f"{place}{colon}{EXACT.add(Decimal(units), Decimal(b.rpartition(':')[2])):f}"
    if aggregation in BY_EVENT and not options.keeps_all:
        return max(Reading.decode(a), Reading.decode(b)).encode()
    return str(int(a) + int(b))


def result_of_parts(
    aggregation: Aggregation, options: AggregationOptions, parts: Iterable[Part], until_us: int
) -> Result:
    """Return what parts come to by a log time.

    Raises:
        ValueError: A latest value or a percentile of nothing.
    """
    counted = [
        (part.name, texts)
        for part in parts
        if (texts := [text for log_us, text in part.received if log_us <= until_us])
    ]
    if not options.keeps_all:
        if aggregation is Aggregation.UNIQUE_COUNT:
            return Result(Decimal(len(counted)))
        if aggregation is Aggregation.LATEST:
            return _latest([text for _, texts in counted for text in texts])
    counts = [(name, sum(map(int, texts))) for name, texts in counted]
    if options.keeps_all:
        return _of_all(aggregation, [name for name, count in counts if count])
    if aggregation is Aggregation.HISTOGRAM:
        return _histogram(options, counts)
    assert options.percentile is not None
    return Result(_percentile(options.percentile, counts))


def _of_all(aggregation: Aggregation, names: Sequence[str]) -> Result:
    """Return what aggregations that forget come to, from the parts that were not taken back."""
    if aggregation is Aggregation.UNIQUE_COUNT:
        return Result(Decimal(len(names)))
    if aggregation is Aggregation.LATEST:
        return _latest(names)
    values = map(Decimal, names)
    return Result(max(values) if aggregation is Aggregation.MAX else min(values))


def _latest(texts: Sequence[str]) -> Result:
    latest = max(map(Reading.decode, texts))
    members: dict[str, object] = {
        "event_time_us": latest.event_us,
        "kafka_partition": latest.partition,
        "kafka_offset": latest.offset,
    }
    if latest.batch_index != ALONE:
        members["batch_index"] = latest.batch_index
    return Result(latest.units, breakdown_text(members))


def _histogram(options: AggregationOptions, counts: Iterable[tuple[str, int]]) -> Result:
    count_of = dict(counts)
    names = [f"{bound:f}" for bound in options.bounds]
    in_order = [count_of.get(name, 0) for name in (*names, "")]
    text = breakdown_text({"bounds": names, "counts": in_order})
    return Result(Decimal(sum(in_order)), text)


def _percentile(percentile: Decimal, counts: Iterable[tuple[str, int]]) -> Decimal:
    """Return the least value that at least so many percent of all do not exceed.

    Source: the nearest-rank method, definition 1 of Hyndman and Fan, "Sample Quantiles in
    Statistical Packages" (1996). It interpolates nothing: the result is one of the values.
    """
    ordered = sorted((Decimal(name), count) for name, count in counts)
    rank = ceil(Fraction(percentile) * sum(count for _, count in ordered) / 100)
    for value, count in ordered:
        rank -= count
        if rank <= 0:
            return value
    raise ValueError("a percentile of nothing")
