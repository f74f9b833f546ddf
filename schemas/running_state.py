"""The bytes of running totals; see `entry_state` for what bytes promise.

Little endian, text is UTF-8, quantities are decimal text of any size:

    counted  version u8, is_silent u8, period_start_us i64, period_end_us i64, event_count i64,
             log_window_end_us i64, horizon_us i64, texts: account_id, meter_id, timezone,
             aggregation, unit, quantity, budget (JSON; empty: none)
    running  version u8, period_end_us i64, event_count i64, as_of_us i64, horizon_us i64, texts:
             timezone, aggregation, unit, quantity (empty: nothing yet), then of each threshold
             reached the budget's quantity and the percent
    texts    count u16, lengths u16, then the texts
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from struct import Struct

from schemas.aggregation import Aggregation
from schemas.budget import budget_text, read_budget
from schemas.meter_state import STATE_VERSION, StateVersionError
from schemas.running_total import CountedUsage, RunningPeriod

_COUNTED = Struct("<BBqqqqq")
_RUNNING = Struct("<Bqqqq")
_COUNT = Struct("<H")


def encode_counted(usage: CountedUsage) -> bytes:
    """Return usage that is not in a total yet in the newest version of the encoding.

    Raises:
        struct.error: A number is out of its range, a broken invariant.
    """
    head = _COUNTED.pack(
        STATE_VERSION,
        usage.is_silent,
        usage.period_start_us,
        usage.period_end_us,
        usage.event_count,
        usage.log_window_end_us,
        usage.horizon_us,
    )
    texts = (
        usage.account_id,
        usage.meter_id,
        usage.timezone,
        usage.aggregation,
        usage.unit,
        str(usage.quantity),
        budget_text(usage.budget),
    )
    return head + _encode_texts(texts)


def decode_counted(state: bytes) -> CountedUsage:
    """Read usage of any version ever written.

    Raises:
        StateVersionError: The version is not known.
        ValueError, struct.error, decimal.InvalidOperation: The bytes are damaged.
    """
    _check_version(state)
    _, is_silent, start_us, end_us, count, log_window_end_us, horizon_us = _COUNTED.unpack_from(
        state
    )
    texts = _decode_texts(state, _COUNTED.size)
    account_id, meter_id, timezone, aggregation, unit, quantity, budget = texts
    return CountedUsage(
        account_id,
        meter_id,
        start_us,
        end_us,
        timezone,
        Aggregation(aggregation),
        unit,
        Decimal(quantity),
        count,
        log_window_end_us,
        horizon_us,
        read_budget(budget),
        bool(is_silent),
    )


def encode_running(period: RunningPeriod) -> bytes:
    """Return a running total in the newest version of the encoding.

    Raises:
        struct.error: A number is out of its range, a broken invariant.
    """
    head = _RUNNING.pack(
        STATE_VERSION,
        period.period_end_us,
        period.event_count,
        period.as_of_us,
        period.horizon_us,
    )
    quantity = "" if period.quantity is None else str(period.quantity)
    texts = [period.timezone, period.aggregation, period.unit, quantity]
    for budget_quantity, percent in period.alerted:
        texts += (str(budget_quantity), str(percent))
    return head + _encode_texts(texts)


def decode_running(state: bytes) -> RunningPeriod:
    """Read a running total of any version ever written.

    Raises:
        StateVersionError: The version is not known.
        ValueError, struct.error, decimal.InvalidOperation: The bytes are damaged.
    """
    _check_version(state)
    _, end_us, count, as_of_us, horizon_us = _RUNNING.unpack_from(state)
    texts = _decode_texts(state, _RUNNING.size)
    timezone, aggregation, unit, quantity, *alerted = texts
    reached = zip(map(Decimal, alerted[::2]), map(int, alerted[1::2]), strict=True)
    return RunningPeriod(
        end_us,
        timezone,
        Aggregation(aggregation),
        unit,
        Decimal(quantity) if quantity else None,
        count,
        as_of_us,
        horizon_us,
        tuple(reached),
    )


def _encode_texts(texts: Sequence[str]) -> bytes:
    encoded = [text.encode() for text in texts]
    lengths = Struct(f"<{1 + len(encoded)}H").pack(len(encoded), *map(len, encoded))
    return b"".join((lengths, *encoded))


def _decode_texts(state: bytes, at: int) -> list[str]:
    (count,) = _COUNT.unpack_from(state, at)
    lengths = Struct(f"<{count}H")
    sizes = lengths.unpack_from(state, at + _COUNT.size)
    at += _COUNT.size + lengths.size
    texts = []
    for size in sizes:
        texts.append(str(state[at : at + size], "utf-8"))
        at += size
    if len(state) != at:
        raise ValueError(f"state size: expected {at} bytes, found {len(state)}")
    return texts


def _check_version(state: bytes) -> None:
    version = state[0] if state else None
    if version != STATE_VERSION:
        raise StateVersionError(
            f"state version: expected {STATE_VERSION} or lower, found {version}"
        )
