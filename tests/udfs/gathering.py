"""Usage as SQL forms it of the events of one log window."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Context, Decimal
from typing import Any, NamedTuple

from audit.counting import Unit, count_of, quantity
from audit.judging import EPOCH
from schemas.aggregation import Aggregation
from schemas.meter import Meter
from schemas.metered_usage import MeteredUsage, TakenBack

_EXACT = Context(prec=100)


class WindowKey(NamedTuple):
    """By what SQL groups events: see `jobs/flink/hot_path/usage.sql`."""

    account_id: str
    meter_id: str
    dimensions: str
    event_window_start_us: int
    part: str
    log_window_end_us: int
    is_retraction: bool = False


class Share(NamedTuple):
    """One event as one meter counts it; taken back, with the log window it was received in."""

    units: Decimal
    event_us: int
    log_us: int
    received_us: int = 0


def gather(meter: Meter, key: WindowKey, shares: Sequence[Share]) -> MeteredUsage:
    """Add the events of one window up, as they were parsed."""
    usage = _gather(meter, key, shares)
    if not key.is_retraction:
        return usage
    taken_back = []
    for received_us in sorted({share.received_us for share in shares}):
        some = _gather(meter, key, [each for each in shares if each.received_us == received_us])
        taken_back.append(
            TakenBack(
                received_us,
                some.quantity,
                some.event_count,
                some.first_event_us,
                some.last_event_us,
                some.first_log_us,
                some.last_log_us,
            )
        )
    return replace(usage, taken_back=tuple(taken_back))


def _gather(meter: Meter, key: WindowKey, shares: Sequence[Share]) -> MeteredUsage:
    amounts = [share.units for share in shares]
    if meter.aggregation is Aggregation.MAX:
        amount = max(amounts)
    elif meter.aggregation is Aggregation.MIN:
        amount = min(amounts)
    else:
        amount = Decimal(0)
        for each in amounts:
            amount = _EXACT.add(amount, each)
    sign = -1 if key.is_retraction else 1
    return MeteredUsage(
        key.account_id,
        key.meter_id,
        key.dimensions,
        key.event_window_start_us,
        _EXACT.multiply(amount, Decimal(sign)),
        sign * len(shares),
        min(share.event_us for share in shares),
        max(share.event_us for share in shares),
        min(share.log_us for share in shares),
        max(share.log_us for share in shares),
        key.log_window_end_us,
        key.part,
    )


def usage_of(key: Any, units: list[Unit]) -> MeteredUsage:
    """Add the events of one window up, as the oracle reads them."""
    account_id, meter_id, dimensions, minute, part, window_end, _ = key
    return MeteredUsage(
        account_id,
        meter_id,
        dimensions,
        _us(minute),
        quantity(units),
        count_of(units),
        _us(min(unit.event_time for unit in units)),
        _us(max(unit.event_time for unit in units)),
        _us(min(unit.log_time for unit in units)),
        _us(max(unit.log_time for unit in units)),
        _us(window_end),
        part or "",
    )


def _us(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)
