"""Holds what the tables say against the recompute: row by row, in every column, exactly."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb

from audit.attributing import LISTED, Attribution, events_of_row, events_of_window
from audit.difference import (
    REPEAT_BEYOND_HORIZON,
    Difference,
    EventPlace,
    RepeatBeyondHorizon,
)
from audit.recomputing import sql_of

NOTHING = "no row"
_ROWS = """
    SELECT table_name, account_id, meter_id, dimensions, period_start, revision, by_repeats,
        wanted, found
    FROM row_differences ORDER BY account_id, period_start, meter_id, dimensions,
        revision, found IS NULL LIMIT {most}
"""
_WAITED = """
    SELECT table_name, account_id, meter_id, dimensions, event_window_start, part, log_window_end,
        is_retraction, by_repeats, wanted, found
    FROM waited_differences ORDER BY ALL LIMIT {most}
"""
_REJECTS = "FROM reject_differences ORDER BY ALL LIMIT {most}"


def compare_usage(rows: duckdb.DuckDBPyConnection, settled: datetime) -> None:
    """Create `row_differences` and `waited_differences`, keys with both sides.

    Args:
        rows: With what `audit.recomputing` leaves, and the tables closed_usage, usage_corrections,
            expired_usage and unassigned_usage as they were found, repeated rows once.
        settled: Log time by which rows that were due must be there; later ones may be missing.
    """
    rows.execute("SET VARIABLE settled_us = epoch_us(?::TIMESTAMPTZ)", [settled.isoformat()])
    rows.execute(sql_of("compared"))


def find_row_differences(
    rows: duckdb.DuckDBPyConnection, most: int, repeats: Sequence[RepeatBeyondHorizon] = ()
) -> Iterator[Difference]:
    """Yield the differences of closed rows and corrections, each with the events that explain it.

    Args:
        rows: After `compare_usage`; with `metering_windows`, which may be empty.
        most: At most so many.
        repeats: What `audit.repeating.find_repeats_beyond_horizon` returned.
    """
    for row in rows.execute(_ROWS.format(most=most)).fetchall():
        table, *subject, revision, by_repeats, wanted, found = row
        kind, expected, there = _tell(wanted, found)
        if by_repeats:
            kind = REPEAT_BEYOND_HORIZON
            why = _of_repeats(repeats, subject, ("period_start",))
        else:
            why = events_of_row(rows, subject, revision, wanted, found)
        end = (wanted or found)["period_end"]
        yield _difference((kind, table, *subject, end, revision), expected, there, why)


def find_waited_differences(
    rows: duckdb.DuckDBPyConnection, most: int, repeats: Sequence[RepeatBeyondHorizon] = ()
) -> Iterator[Difference]:
    """Yield the differences of expired and unassigned usage, with their events."""
    for row in rows.execute(_WAITED.format(most=most)).fetchall():
        table, *subject, part, window_end, _, by_repeats, wanted, found = row
        kind, expected, there = _tell(wanted, found)
        if by_repeats:
            kind = REPEAT_BEYOND_HORIZON
            names = ("event_window_start", "log_window_end")
            why = _of_repeats(repeats, [*subject, window_end], names)
        else:
            why = events_of_window(rows, row[1:8])
        expected += f" (log window to {window_end.isoformat()}"
        expected += ")" if part is None else f", part {part})"
        yield _difference((kind, table, *subject, None, None), expected, there, why)


def find_reject_differences(rows: duckdb.DuckDBPyConnection, most: int) -> Iterator[Difference]:
    """Yield what was refused and should not have been, or the reverse.

    Args:
        rows: With what `audit.recomputing` leaves, and the table rejected_events.
        most: At most so many.
    """
    rows.execute(sql_of("compared_rejects"))
    refusals = rows.execute(_REJECTS.format(most=most)).fetchall()
    for partition, offset, index, meter_id, reason, is_missing in refusals:
        yield Difference(
            kind="missing" if is_missing else "unexpected",
            table="rejected_events",
            account_id=None,
            meter_id=meter_id,
            dimensions=None,
            period_start=None,
            period_end=None,
            revision=None,
            expected=reason if is_missing else NOTHING,
            found=NOTHING if is_missing else reason,
            events=(EventPlace("", "", partition, offset, index),),
            explained_by="place",
        )


def _difference(row: tuple[Any, ...], expected: str, found: str, why: Attribution) -> Difference:
    kind, table, account_id, meter_id, dimensions, start, end, revision = row
    return Difference(
        kind, table, account_id, meter_id, dimensions, start, end, revision, expected, found, *why
    )


def _tell(
    wanted: Mapping[str, Any] | None, found: Mapping[str, Any] | None
) -> tuple[str, str, str]:
    """Return the kind of a difference, and both sides as texts."""
    if wanted is None or found is None:
        kind = "missing" if found is None else "unexpected"
        return kind, _amount(wanted), _amount(found)
    differing = [name for name in wanted if wanted[name] != found[name]]
    if {"quantity", "quantity_delta"} & {*differing}:
        kind = "different_quantity"
    elif {"event_count", "event_count_delta"} & {*differing}:
        kind = "different_count"
    else:
        kind = "different_column"
    return kind, _columns(wanted, differing), _columns(found, differing)


def _amount(row: Mapping[str, Any] | None) -> str:
    return NOTHING if row is None else _columns(row, ["quantity", "event_count"])


def _columns(row: Mapping[str, Any], names: list[str]) -> str:
    return ", ".join(f"{name} {_text(row[name])}" for name in names)


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _of_repeats(
    repeats: Sequence[RepeatBeyondHorizon], subject: Sequence[Any], names: tuple[str, ...]
) -> Attribution:
    """Return the repeats that add to a row, or where none does, all of its account."""
    account_id, *key = subject
    own = [each for each in repeats if each.account_id == account_id]
    columns = ("meter_id", "dimensions", *names)
    adding = [
        each
        for each in own
        if any([getattr(usage, name) for name in columns] == key for usage in each.usages)
    ]
    events = tuple(each.repeat for each in adding or own)
    return Attribution(events[:LISTED], max(len(events) - LISTED, 0), "repeats")
