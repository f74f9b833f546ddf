"""Each event as its meters count it, and what many of them add up to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from tests.oracle.judging import EPOCH, Event, Rejected, dimensions_of, units_of
from tests.oracle.shapes import MeterReject, OracleMeter, RawRecord


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
    """One event as one meter counts it."""

    meter: OracleMeter
    account_id: str
    dimensions: str
    billionths: int
    event_time: datetime
    log_time: datetime
    window_end: datetime
    event_window_start: datetime

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
    window_end = EPOCH + ((log_time - EPOCH) // clocks.log_window + 1) * clocks.log_window
    units = []
    for meter in meters:
        if meter.event_type != event.type:
            continue
        try:
            amount = units_of(event, meter)
        except Rejected as verdict:
            reject = MeterReject(record.partition, record.offset, meter.meter_id, str(verdict))
            rejects.append(reject)
            continue
        dimensions = dimensions_of(event, meter)
        start = event.time - (event.time - EPOCH) % clocks.event_window
        units.append(
            Unit(meter, event.subject, dimensions, amount, event.time, log_time, window_end, start)
        )
    return units


def aggregate(units: Sequence[Unit], before: int | None = None) -> int:
    """Return the aggregate of units in billionths, going on from an earlier one."""
    amounts = [unit.billionths for unit in units] + ([] if before is None else [before])
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
    """Return the aggregate of the units of one meter."""
    return to_decimal(aggregate(units))
