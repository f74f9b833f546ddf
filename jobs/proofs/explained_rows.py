"""The rows of usage behind one charge, with the windows and events of each, from DuckDB.

The connection holds tables of usage, running usage of the period, and their recompute. Events are
told as units: an event adds its own, and one that is taken back gives them once more, negated.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import duckdb

from jobs.proofs.explanation import ExplainedEvent, ExplainedRow, ExplainedWindow
from schemas.charge import Charge
from schemas.instant import EPOCH, MICROSECOND
from schemas.seal import Seal

_ROW = """row_id, account_id, meter_id, dimensions, period_start, period_end, unit, quantity,
    event_count"""
# What a row adds was due after the row before it.
_ROWS = f"""
    CREATE OR REPLACE TEMP TABLE charged_rows AS
    WITH found AS (
        SELECT 'closed_usage' AS row_table, {_ROW}, revision, quantity AS quantity_delta,
            event_count AS event_count_delta, cut AS due FROM closed_usage
        UNION ALL
        SELECT 'usage_corrections', {_ROW}, revision, quantity_delta, event_count_delta,
            correction_end FROM usage_corrections
        UNION ALL
        SELECT CASE source_table WHEN 'usage_adjustments' THEN source_table
            ELSE 'brought_back_usage' END, {_ROW}, NULL, quantity, event_count, decided_at
        FROM brought_back_usage
    )
    SELECT *, revision IS NULL AS is_back,
        lag(due) OVER (PARTITION BY revision IS NULL, dimensions ORDER BY revision) AS due_before
    FROM found SEMI JOIN (SELECT unnest($row_ids) AS row_id) USING (row_id)
"""  # noqa: S608 - no outside text
_UNITS = """
    CREATE OR REPLACE TEMP TABLE period_units AS
    SELECT row_number() OVER (ORDER BY event_source, event_id, is_retraction) AS unit_no,
        * REPLACE (CASE WHEN is_retraction THEN -quantity ELSE quantity END AS quantity),
        CASE WHEN is_retraction THEN -1 ELSE 1 END AS event_count
    FROM audit_usage WHERE account_id = $account_id AND meter_id = $meter_id
        AND event_window_start >= $period_start AND event_window_start < $period_end
"""
# What an adjustment added was due with rows that lack it: it is in no row of the job, whatever
# charge is looked at.
_ADDED_UNITS = """
    CREATE OR REPLACE TEMP TABLE added_units AS
    WITH added AS (
        SELECT back.row_id, adjusted.dimensions, is_taken_out,
            unnest(from_json(adjusted.events, '["JSON"]')) AS named
        FROM usage_adjustments AS adjusted JOIN brought_back_usage AS back
            ON back.source_row_id = adjusted.row_id AND back.source_table = 'usage_adjustments'
        WHERE adjusted.kind = 'lost_usage' AND adjusted.account_id = $account_id
            AND adjusted.meter_id = $meter_id
    )
    SELECT unit_no, added.row_id FROM period_units AS unit JOIN added
        ON event_source = named->>0 AND event_id = named->>1 AND is_retraction = is_taken_out
        AND unit.dimensions = added.dimensions
"""
# A row that was brought back has the units of its log window that nothing else counts; an
# adjustment that adds, those that it names.
_CHARGED_UNITS = """
    CREATE OR REPLACE TEMP TABLE charged_units AS
    SELECT unit_no, charged.row_id
    FROM period_units AS unit JOIN charged_rows AS charged
        ON unit.dimensions = charged.dimensions AND unit.due <= charged.due
        AND (due_before IS NULL OR unit.due > due_before)
    WHERE NOT is_back AND fate IN ('closed', 'corrected')
        AND unit_no NOT IN (SELECT unit_no FROM added_units)
    UNION ALL
    SELECT unit_no, row_id FROM added_units SEMI JOIN charged_rows USING (row_id)
    UNION ALL
    SELECT unit_no, charged.row_id
    FROM period_units AS unit JOIN charged_rows AS charged USING (dimensions)
    JOIN brought_back_usage AS back ON back.row_id = charged.row_id
        AND unit.event_time BETWEEN back.first_event_time AND back.last_event_time
        AND unit.log_time BETWEEN back.first_log_time AND back.last_log_time
        AND unit.is_retraction = (back.event_count < 0)
    WHERE row_table = 'brought_back_usage' AND fate IN ('expired', 'unassigned')
"""
_WINDOWS = """
    CREATE OR REPLACE TEMP TABLE period_windows AS
    WITH wide AS (
        SELECT dimensions, event_window_start, event_window_s, log_window_end,
            coalesce(is_retraction, false) AS is_back, sum(event_count)::BIGINT AS event_count,
            sum(quantity)::DECIMAL(38, 9) AS quantity
        FROM metering_windows WHERE account_id = $account_id AND meter_id = $meter_id
        GROUP BY ALL
    )
    SELECT row_number() OVER (ORDER BY event_window_start, log_window_end, dimensions, is_back)
        AS window_no, * FROM wide
"""
# A unit went into the row of its own log window, or into the rolled-up one that holds it.
_PLACED_UNITS = """
    CREATE OR REPLACE TEMP TABLE placed_units AS
    SELECT unit_no, window_no, sum(unit.event_count) OVER (PARTITION BY window_no) AS found_count
    FROM period_units AS unit JOIN period_windows AS wide
        ON unit.own_dimensions = wide.dimensions AND unit.is_retraction = wide.is_back
        AND unit.log_window_end <= wide.log_window_end
        AND unit.event_window_start >= wide.event_window_start
        AND unit.event_window_start < wide.event_window_start + to_seconds(wide.event_window_s)
    WHERE unit_no NOT IN (SELECT unit_no FROM added_units)
    QUALIFY row_number() OVER (PARTITION BY unit_no ORDER BY wide.log_window_end) = 1
"""
_EVENTS = """
    SELECT charged.row_id, event_source, event_id, epoch_us(event_time), epoch_us(log_time),
        kafka_partition, kafka_offset, batch_index, quantity, is_retraction, window_no
    FROM charged_units AS charged JOIN period_units USING (unit_no)
    LEFT JOIN placed_units USING (unit_no)
    ORDER BY event_source, event_id, is_retraction
"""
_ROW_WINDOWS = """
    WITH counted AS (SELECT window_no, sum(event_count)::BIGINT AS found_count
        FROM placed_units JOIN period_units USING (unit_no) GROUP BY ALL)
    SELECT DISTINCT charged.row_id, window_no, epoch_us(event_window_start), event_window_s,
        epoch_us(log_window_end), event_count, quantity, counted.found_count
    FROM charged_units AS charged JOIN placed_units USING (unit_no)
    JOIN period_windows USING (window_no) JOIN counted USING (window_no) ORDER BY window_no
"""
_CHARGED_ROWS = """
    SELECT row_table, row_id, account_id, meter_id, dimensions, epoch_us(period_start),
        revision, quantity, quantity_delta, unit, event_count, event_count_delta, epoch_us(due)
    FROM charged_rows ORDER BY dimensions, is_back, revision, due, row_id
"""


def explained_rows(
    rows: duckdb.DuckDBPyConnection, charge: Charge, seals: Mapping[str, Seal]
) -> tuple[ExplainedRow, ...]:
    """Return the rows that a charge of usage was priced from, ordered by dimensions and revision.

    Args:
        rows: As said above.
        charge: Of usage.
        seals: By id of their row; a row that has none is not sealed.
    """
    place_units(rows, charge)
    events: dict[str, list[ExplainedEvent]] = defaultdict(list)
    for row_id, *event in rows.execute(_EVENTS).fetchall():
        events[row_id].append(ExplainedEvent(*event))
    windows: dict[str, list[ExplainedWindow]] = defaultdict(list)
    for row_id, *window in rows.execute(_ROW_WINDOWS).fetchall():
        windows[row_id].append(ExplainedWindow(*window))
    found = []
    for row in rows.execute(_CHARGED_ROWS).fetchall():
        row_id = row[1]
        root = seals[row_id].root if row_id in seals else None
        values = (*row, root, tuple(windows[row_id]), tuple(events[row_id]))
        found.append(ExplainedRow(*values))
    return tuple(found)


def place_units(rows: duckdb.DuckDBPyConnection, charge: Charge) -> None:
    """Find the rows of a charge, the units of its meter in its period, and where each is."""
    named: dict[str, Any] = {"account_id": charge.account_id, "meter_id": charge.meter_id}
    span = {
        "period_start": _instant(charge.period_start_us),
        "period_end": _instant(charge.period_end_us),
    }
    rows.execute(_ROWS, {"row_ids": json.loads(charge.usage_row_ids)})
    rows.execute(_UNITS, {**named, **span})
    rows.execute(_ADDED_UNITS, named)
    rows.execute(_CHARGED_UNITS)
    rows.execute(_WINDOWS, named)
    rows.execute(_PLACED_UNITS)


def _instant(instant_us: int) -> datetime:
    return EPOCH + instant_us * MICROSECOND
