"""Each event as its meters count it, and what many of them add up to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from audit.judging import EPOCH, Event, Rejected, dimensions_of, units_of, value_of
from audit.shapes import MeterReject, OracleMeter, RawRecord


@dataclass(frozen=True)
class Clocks:
    """The settings about log time, and how far it got.

    `watermark` is the log time up to which the job has worked: the least of the partitions' last
    log times, less the slack.
    """

    watermark: datetime
    log_window: timedelta = timedelta(seconds=10)
    event_window: timedelta = timedelta(minutes=1)
    correction_bucket: timedelta = timedelta(hours=1)
    unknown_account_wait: timedelta = timedelta(days=1)


class Unit(NamedTuple):
    """One event as one meter counts it.

    Taken back it is received when the retraction is; `first_window_end` is then that of the log
    window in which the event itself was received.
    """

    meter: OracleMeter
    account_id: str
    dimensions: str
    billionths: int
    event_time: datetime
    log_time: datetime
    window_end: datetime
    event_window_start: datetime
    value: str
    place: tuple[int, int, int | None]
    is_retraction: bool = False
    first_window_end: datetime | None = None

    @property
    def window(self) -> tuple[Any, ...]:
        """What SQL adds units up by."""
        kind, end = self.is_retraction, self.window_end
        return (*self.subject, self.event_window_start, part_of(self), end, kind)

    @property
    def amount(self) -> Decimal:
        """The units."""
        return to_decimal(self.billionths)

    @property
    def subject(self) -> tuple[str, str, str]:
        """What tells usage apart."""
        return (self.account_id, self.meter.meter_id, self.dimensions)


def units_in(
    record: RawRecord,
    event: Event,
    meters: Sequence[OracleMeter],
    clocks: Clocks,
    rejects: list[MeterReject],
) -> list[Unit]:
    """Return the event as each of its meters counts it; note those that cannot in `rejects`."""
    log_time = EPOCH + timedelta(milliseconds=record.log_time_ms)
    window_end = window_end_of(log_time, clocks)
    units = []
    for meter in meters:
        if meter.event_type != event.type:
            continue
        try:
            amount = units_of(event, meter)
        except Rejected as verdict:
            place = (record.partition, record.offset)
            rejects.append(MeterReject(*place, meter.meter_id, str(verdict), record.index))
            continue
        dimensions = dimensions_of(event, meter)
        start = event.time - (event.time - EPOCH) % clocks.event_window
        units.append(
            Unit(
                meter,
                event.subject,
                dimensions,
                amount,
                event.time,
                log_time,
                window_end,
                start,
                value_of(event, meter),
                (record.partition, record.offset, record.index),
            )
        )
    return units


def window_end_of(log_time: datetime, clocks: Clocks) -> datetime:
    """Return the end of the log window in which something was received."""
    return EPOCH + ((log_time - EPOCH) // clocks.log_window + 1) * clocks.log_window


def aggregate(units: Sequence[Unit]) -> int:
    """Return the greatest, the least or the sum of units in billionths: what SQL forms."""
    amounts = [unit.billionths for unit in units]
    if units[0].meter.aggregation == "max":
        return max(amounts)
    if units[0].meter.aggregation == "min":
        return min(amounts)
    return sum(amounts)


def to_decimal(billionths: int) -> Decimal:
    """Return the value exactly, with nine decimals as the tables hold it."""
    sign = 1 if billionths < 0 else 0
    return Decimal((sign, tuple(map(int, str(abs(billionths)))), -9))


def quantity(units: Sequence[Unit]) -> Decimal:
    """Return the aggregate of units as SQL forms it; of those taken back, negated."""
    return to_decimal(-aggregate(units) if units[0].is_retraction else aggregate(units))


def count_of(units: Sequence[Unit]) -> int:
    """Return how many events, of those taken back a number below zero."""
    return -len(units) if units[0].is_retraction else len(units)


def live(units: Sequence[Unit]) -> list[Unit]:
    """Return the units that were not taken back."""
    gone = {unit.place for unit in units if unit.is_retraction}
    return [unit for unit in units if unit.place not in gone]


def part_of(unit: Unit) -> str | None:
    """Return what tells a unit apart from others of its window that SQL cannot add up."""
    kind = unit.meter.aggregation
    if kind == "unique_count":
        return f"={unit.value}"
    if kind == "percentile" or (kind in ("max", "min") and unit.meter.retractable):
        return plain(unit.billionths)
    if kind in ("latest", "time_weighted_sum"):
        return ":".join(str(number) for number in unit.place if number is not None)
    if kind == "histogram":
        amount = to_decimal(unit.billionths)
        above = [bound for bound in unit.meter.bounds if amount <= Decimal(bound)]
        return above[0] if above else None
    return None


def plain(billionths: int) -> str:
    """Return a value with no more decimals than it has."""
    text = f"{to_decimal(billionths):f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def outcome(units: Sequence[Unit]) -> tuple[Decimal, str | None]:
    """Return what all units of a period come to, and what that was formed from."""
    units = live(units)
    if not units:
        return Decimal(0), None
    meter, count = units[0].meter, len(units)
    amounts = sorted(unit.billionths for unit in units)
    if meter.aggregation == "average":
        total = sum(amounts)
        # Half up, away from zero.
        whole, rest = divmod(abs(total), count)
        rounded = whole + (1 if rest * 2 >= count else 0)
        text = f'{{"sum":"{plain(total)}","count":{count}}}'
        return to_decimal(rounded if total >= 0 else -rounded), text
    if meter.aggregation == "unique_count":
        return to_decimal(len({unit.value for unit in units}) * 10**9), None
    if meter.aggregation == "latest":
        last = sorted(units, key=lambda unit: (unit.event_time, unit.place))[-1]
        time_us = (last.event_time - EPOCH) // timedelta(microseconds=1)
        partition, offset, index = last.place
        text = f'"event_time_us":{time_us},"kafka_partition":{partition},"kafka_offset":{offset}'
        if index is not None:
            text += f',"batch_index":{index}'
        return to_decimal(last.billionths), f"{{{text}}}"
    if meter.aggregation == "percentile":
        share = Decimal(meter.percentile) * count
        # The first of the sorted values that has enough of them up to it.
        enough = next(n for n in range(1, count + 1) if n * 100 >= share)
        return to_decimal(amounts[enough - 1]), None
    if meter.aggregation == "histogram":
        counts = [0] * (len(meter.bounds) + 1)
        for amount in amounts:
            counts[sum(to_decimal(amount) > Decimal(bound) for bound in meter.bounds)] += 1
        bounds = ",".join(f'"{bound}"' for bound in meter.bounds)
        text = f'{{"bounds":[{bounds}],"counts":[{",".join(map(str, counts))}]}}'
        return to_decimal(count * 10**9), text
    return quantity(units), None
