"""Which events account for a difference."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import duckdb

from audit.difference import EventPlace

LISTED = 20
"""How many events a difference lists; of the rest it says how many there are."""

_GROUP = """
    CREATE OR REPLACE TEMP TABLE suspects AS
    SELECT event_source, event_id, kafka_partition, kafka_offset, batch_index, quantity, revision,
        is_retraction, own_dimensions AS dimensions, event_window_start, part, log_window_end
    FROM audit_usage
    WHERE account_id = $1 AND meter_id = $2 AND dimensions = $3 AND period_start = $4
        AND fate IN ('closed', 'corrected', 'open')
"""
# Records that repeat others, where they would have been counted.
_REPEATS = """
    CREATE OR REPLACE TEMP VIEW repeated_usage AS
    SELECT records.account_id, meter_id, event_source, event_id, kafka_partition, kafka_offset,
        batch_index, audit_decimal(billionths) AS quantity, dimensions,
        audit_instant(event_us - ((event_us % event_window_us) + event_window_us)
            % event_window_us) AS event_window_start,
        part, audit_instant((log_us // log_window_us + 1) * log_window_us) AS log_window_end,
        false AS is_retraction
    FROM audit_records AS records JOIN audit_shares USING (event_no), audit_clocks
    WHERE fate IN ('duplicate', 'conflict') AND refusal IS NULL
"""
_DISAGREEING = """
    CREATE OR REPLACE TEMP TABLE disagreeing AS
    WITH names AS (SELECT DISTINCT dimensions FROM suspects UNION SELECT $3), own AS (
        SELECT windows.* FROM audit_windows AS windows SEMI JOIN (
            SELECT DISTINCT dimensions, event_window_start, part, log_window_end, is_retraction
            FROM suspects
        ) AS mine ON windows.dimensions = mine.dimensions
            AND windows.event_window_start = mine.event_window_start
            AND windows.part IS NOT DISTINCT FROM mine.part
            AND windows.log_window_end = mine.log_window_end
            AND windows.is_retraction = mine.is_retraction
        WHERE account_id = $1 AND meter_id = $2
    ), told AS (
        SELECT dimensions, event_window_start, part, log_window_end,
            ifnull(is_retraction, false) AS is_retraction, sum(quantity) AS quantity,
            sum(event_count) AS event_count
        FROM metering_windows SEMI JOIN names USING (dimensions)
        WHERE account_id = $1 AND meter_id = $2
            AND event_window_start >= $4 AND event_window_start < $5
            AND event_window_s * 1000000 = (SELECT event_window_us FROM audit_clocks)
        GROUP BY ALL
    )
    SELECT coalesce(own.dimensions, told.dimensions) AS dimensions,
        coalesce(own.event_window_start, told.event_window_start) AS event_window_start,
        coalesce(own.part, told.part) AS part,
        coalesce(own.log_window_end, told.log_window_end) AS log_window_end,
        coalesce(own.is_retraction, told.is_retraction) AS is_retraction
    FROM own FULL JOIN told ON own.dimensions = told.dimensions
        AND own.event_window_start = told.event_window_start
        AND ifnull(own.part, '') = ifnull(told.part, '')
        AND own.log_window_end = told.log_window_end AND own.is_retraction = told.is_retraction
    WHERE own.quantity IS DISTINCT FROM told.quantity
        OR own.event_count IS DISTINCT FROM told.event_count
"""
_OF_WINDOWS = """
    WITH events AS (
        SELECT event_source, event_id, kafka_partition, kafka_offset, batch_index, dimensions,
            event_window_start, part, log_window_end, is_retraction FROM suspects
        UNION ALL
        SELECT event_source, event_id, kafka_partition, kafka_offset, batch_index, dimensions,
            event_window_start, part, log_window_end, is_retraction
        FROM repeated_usage WHERE account_id = $1 AND meter_id = $2
    )
    SELECT DISTINCT event_source, event_id, kafka_partition, kafka_offset, batch_index
    FROM events SEMI JOIN disagreeing
        ON events.dimensions = disagreeing.dimensions
        AND events.event_window_start = disagreeing.event_window_start
        AND ifnull(events.part, '') = ifnull(disagreeing.part, '')
        AND events.log_window_end = disagreeing.log_window_end
        AND events.is_retraction = disagreeing.is_retraction
    ORDER BY ALL
"""
_OF_AMOUNT = """
    SELECT DISTINCT event_source, event_id, kafka_partition, kafka_offset, batch_index
    FROM suspects WHERE quantity = $1 AND NOT is_retraction ORDER BY ALL
"""
_OF_REPEATS = """
    SELECT DISTINCT event_source, event_id, kafka_partition, kafka_offset, batch_index
    FROM repeated_usage
    SEMI JOIN suspects USING (event_source, event_id)
    WHERE account_id = $1 AND meter_id = $2 ORDER BY ALL
"""
_OF_REVISION = """
    SELECT DISTINCT event_source, event_id, kafka_partition, kafka_offset, batch_index
    FROM suspects WHERE revision = $1 ORDER BY ALL
"""
_OF_GROUP = """
    SELECT DISTINCT event_source, event_id, kafka_partition, kafka_offset, batch_index
    FROM suspects ORDER BY ALL
"""
_OF_ONE_WINDOW = """
    WITH events AS (
        SELECT account_id, meter_id, event_source, event_id, kafka_partition, kafka_offset,
            batch_index, own_dimensions AS dimensions, event_window_start, part, log_window_end,
            is_retraction
        FROM audit_usage
        UNION ALL
        SELECT account_id, meter_id, event_source, event_id, kafka_partition, kafka_offset,
            batch_index, dimensions, event_window_start, part, log_window_end, is_retraction
        FROM repeated_usage
    )
    SELECT DISTINCT event_source, event_id, kafka_partition, kafka_offset, batch_index
    FROM events
    WHERE account_id = $1 AND meter_id = $2 AND dimensions = $3 AND event_window_start = $4
        AND ifnull(part, '') = ifnull($5, '') AND log_window_end = $6 AND is_retraction = $7
    ORDER BY ALL
"""


class Attribution(NamedTuple):
    """Events, how many more there are, and how they were found."""

    events: tuple[EventPlace, ...]
    more_events: int
    explained_by: str


def events_of_row(
    rows: duckdb.DuckDBPyConnection,
    subject: Sequence[Any],
    revision: int,
    wanted: Mapping[str, Any] | None,
    found: Mapping[str, Any] | None,
) -> Attribution:
    """Return the events that account for the difference of a closed row or a correction.

    Args:
        rows: With what `audit.recomputing` leaves, and metering_windows.
        subject: Account, meter, dimensions and start of the period.
        revision: Of the row.
        wanted: What must be there, by column; None: no row.
        found: What is there.
    """
    rows.execute(_GROUP, [*subject])
    rows.execute(_REPEATS)
    end = (wanted or found or {})["period_end"]
    rows.execute(_DISAGREEING, [*subject, end])
    tries: list[tuple[str, str, Sequence[Any]]] = [("windows", _OF_WINDOWS, subject[:2])]
    if wanted is not None and found is not None:
        more = found["event_count"] - wanted["event_count"]
        if more > 0:
            tries.append(("repeats", _OF_REPEATS, subject[:2]))
        if abs(more) == 1:
            tries.append(("amount", _OF_AMOUNT, [abs(found["quantity"] - wanted["quantity"])]))
    tries += [("revision", _OF_REVISION, [revision]), ("group", _OF_GROUP, [])]
    for name, query, values in tries:
        events = _places(rows, query, values)
        if events:
            return Attribution(events[:LISTED], max(len(events) - LISTED, 0), name)
    return Attribution((), 0, "")


def events_of_window(rows: duckdb.DuckDBPyConnection, window: Sequence[Any]) -> Attribution:
    """Return the events of one log window of usage, those that repeat others included.

    Args:
        rows: As above.
        window: Account, meter, dimensions, start of the event window, part, end of the log window,
            and whether its events go back.
    """
    rows.execute(_REPEATS)
    events = _places(rows, _OF_ONE_WINDOW, window)
    return Attribution(events[:LISTED], max(len(events) - LISTED, 0), "windows" if events else "")


def _places(
    rows: duckdb.DuckDBPyConnection, query: str, values: Sequence[Any]
) -> tuple[EventPlace, ...]:
    return tuple(EventPlace(*row) for row in rows.execute(query, [*values]).fetchall())
