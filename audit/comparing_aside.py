"""Holds what is written beside usage against the recompute: retractions, limits, alerts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb

from audit.attributing import LISTED
from audit.comparing import NOTHING
from audit.difference import (
    REPEAT_BEYOND_HORIZON,
    Difference,
    EventPlace,
    RepeatBeyondHorizon,
)
from audit.recomputing import sql_of

_DIFFERENCES = """
    SELECT table_name, account_id, meter_id, since, key, wanted, found, by_repeats
    FROM aside_differences ORDER BY table_name, account_id, since, key, found IS NULL LIMIT {most}
"""
_OF_LOG_WINDOW = """
    SELECT DISTINCT event_source, event_id, kafka_partition, kafka_offset, batch_index
    FROM audit_usage
    WHERE account_id = $1 AND meter_id = $2 AND period_start = $3
        AND list_contains($4, log_window_end::VARCHAR)
    ORDER BY ALL
"""
_OF_PERIODS = ("dimension_overflows", "budget_alerts")
Columns = Mapping[str, str | None]


def compare_aside(
    rows: duckdb.DuckDBPyConnection, unjudged: Sequence[tuple[str, str]] = ()
) -> None:
    """Create `aside_differences`, keys with both sides.

    Args:
        rows: After `audit.comparing.compare_usage`; with the tables retractions, retracted_usage,
            dimension_overflows, budget_alerts and accounts as they were found.
        unjudged: Accounts and meters whose alerts the log alone does not tell.
    """
    rows.execute("CREATE OR REPLACE TABLE audit_unjudged (account_id VARCHAR, meter_id VARCHAR)")
    if unjudged:
        rows.executemany("INSERT INTO audit_unjudged VALUES (?, ?)", [[*each] for each in unjudged])
    rows.execute(sql_of("compared_aside"))


def find_aside_differences(
    rows: duckdb.DuckDBPyConnection, most: int, repeats: Sequence[RepeatBeyondHorizon] = ()
) -> Iterator[Difference]:
    """Yield the differences of what is written beside usage.

    Args:
        rows: After `compare_aside`.
        most: At most so many.
        repeats: What `audit.repeating.find_repeats_beyond_horizon` returned.
    """
    found_rows = rows.execute(_DIFFERENCES.format(most=most)).fetchall()
    for table, account_id, meter_id, since, key, wanted, found, by_repeats in found_rows:
        kind, expected, there = _tell(wanted, found)
        events, why = _events(rows, table, (account_id, meter_id, since), key, (wanted, found))
        if by_repeats:
            kind, why = REPEAT_BEYOND_HORIZON, "repeats"
            events = tuple(each.repeat for each in repeats if each.account_id == account_id)
        yield Difference(
            kind=kind,
            table=table,
            account_id=account_id,
            meter_id=meter_id,
            dimensions=None,
            period_start=since if table in _OF_PERIODS else None,
            period_end=None,
            revision=None,
            expected=expected,
            found=there,
            events=events[:LISTED],
            more_events=max(len(events) - LISTED, 0),
            explained_by=why if events else "",
        )


def _tell(wanted: Columns | None, found: Columns | None) -> tuple[str, str, str]:
    """Return the kind of a difference, and both sides as texts."""
    if wanted is None or found is None:
        kind = "missing" if found is None else "unexpected"
        return kind, _text(wanted, [*(wanted or ())]), _text(found, [*(found or ())])
    differing = [name for name in wanted if wanted[name] != found[name]]
    kind = "different_quantity" if "quantity" in differing else "different_column"
    return kind, _text(wanted, differing), _text(found, differing)


def _text(row: Columns | None, names: Sequence[str]) -> str:
    return NOTHING if row is None else ", ".join(f"{name} {row[name]}" for name in names)


def _events(
    rows: duckdb.DuckDBPyConnection,
    table: str,
    period: tuple[Any, ...],
    key: Sequence[str],
    sides: Sequence[Columns | None],
) -> tuple[tuple[EventPlace, ...], str]:
    """Return the events that a difference is about, and how they are found."""
    columns: Columns = next(side for side in sides if side is not None)
    if table == "retractions":
        names = (str(columns["event_source"]), str(columns["event_id"]))
        return (EventPlace(*names, int(key[0]), int(key[1]), _index(key[2])),), "place"
    if table == "retracted_usage":
        at = (int(columns["kafka_partition"] or 0), int(columns["kafka_offset"] or 0))
        return (EventPlace(key[0], key[1], *at, _index(columns["batch_index"])),), "place"
    if table == "budget_alerts":
        reached = sorted({str(side["reached"]) for side in sides if side is not None})
        found = rows.execute(_OF_LOG_WINDOW, [*period, reached]).fetchall()
        return tuple(EventPlace(*row) for row in found), "windows"
    return (), ""


def _index(text: str | None) -> int | None:
    return None if text is None else int(text)
