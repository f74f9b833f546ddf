"""Usage as SQL forms it of the events of one log window, from the oracle's reading of them."""

from datetime import datetime, timedelta
from typing import Any

from schemas.metered_usage import MeteredUsage
from tests.oracle.counting import Unit, count_of, quantity
from tests.oracle.judging import EPOCH


def usage_of(key: Any, units: list[Unit]) -> MeteredUsage:
    """Add the events of one window up, as SQL does."""
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
