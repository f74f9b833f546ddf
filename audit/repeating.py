"""Repeats that came after the dedupe horizon: the job has forgotten the first, and counts again.

A repeat is never usage, however late it comes; the job promises that only for a horizon. Which
repeats it has counted follows from the log: an identity is kept from the record that counted, and
one that comes later than the horizon after it counts anew. Wall clock decides in the job, log time
here, so repeats within seconds of the horizon may be told wrongly; and of an import, which is read
in minutes, the job forgets nothing.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import duckdb

from audit.comparing import compare_usage
from audit.comparing_aside import compare_aside
from audit.difference import EventPlace, RepeatBeyondHorizon, RepeatedUsage
from audit.recomputing import Rules, meter_usage, sql_of

_CANDIDATES = """
    SELECT event_source, event_id, event_no, log_us FROM audit_records
    SEMI JOIN (
        SELECT event_source, event_id FROM audit_records
        WHERE fate IN ('counted', 'retraction', 'duplicate', 'conflict')
        GROUP BY ALL HAVING max(log_us) - min(log_us) > $1
    ) AS spread USING (event_source, event_id)
    WHERE fate IN ('counted', 'retraction', 'duplicate', 'conflict')
    ORDER BY event_source, event_id, fate IN ('duplicate', 'conflict'), log_us, kafka_partition,
        kafka_offset, batch_index
"""
_SCHEMA = "forgetful"
_COPY = """
    CREATE OR REPLACE TABLE audit_records AS
    SELECT records.* REPLACE (
        CASE WHEN again.event_no IS NULL THEN fate
            WHEN retracted_id IS NOT NULL THEN 'retraction' ELSE 'counted' END AS fate)
    FROM main.audit_records AS records LEFT JOIN main.audit_repeats AS again USING (event_no)
    SEMI JOIN (
        SELECT account_id FROM main.audit_records SEMI JOIN main.audit_repeats USING (event_no)
    ) AS concerned USING (account_id);
    CREATE OR REPLACE TABLE audit_shares AS
    SELECT shares.* FROM main.audit_shares AS shares SEMI JOIN audit_records USING (event_no);
"""
# What is right as soon as the repeats count is wrong by them alone, a whole period at a time.
_FORGIVE = """
    UPDATE row_differences SET by_repeats = true
    WHERE account_id IN (SELECT account_id FROM forgetful.audit_records)
    AND NOT EXISTS (
        FROM forgetful.row_differences AS still WHERE still.account_id = row_differences.account_id
        AND still.meter_id = row_differences.meter_id
        AND still.dimensions = row_differences.dimensions
        AND still.period_start = row_differences.period_start
    );
    UPDATE waited_differences SET by_repeats = true
    WHERE account_id IN (SELECT account_id FROM forgetful.audit_records)
    AND NOT EXISTS (
        FROM forgetful.waited_differences AS still
        WHERE still.table_name = waited_differences.table_name
        AND still.account_id = waited_differences.account_id
        AND still.meter_id = waited_differences.meter_id
        AND still.dimensions = waited_differences.dimensions
        AND still.event_window_start = waited_differences.event_window_start
        AND still.part IS NOT DISTINCT FROM waited_differences.part
        AND still.log_window_end = waited_differences.log_window_end
        AND still.is_retraction = waited_differences.is_retraction
    );
    UPDATE aside_differences SET by_repeats = true
    WHERE account_id IN (SELECT account_id FROM forgetful.audit_records)
    AND NOT EXISTS (
        FROM forgetful.aside_differences AS still
        WHERE still.table_name = aside_differences.table_name
        AND still.key = aside_differences.key
    );
"""
_COUNTED = """
    SELECT repeat.event_source, repeat.event_id, repeat.account_id, first.kafka_partition,
        first.kafka_offset, first.batch_index, first.log_time, repeat.kafka_partition,
        repeat.kafka_offset, repeat.batch_index, repeat.log_time, repeat.fate,
        usage.meter_id, usage.dimensions, usage.period_start, usage.period_end, usage.quantity,
        usage.fate, usage.revision, usage.event_window_start, usage.log_window_end
    FROM main.audit_records AS repeat SEMI JOIN main.audit_repeats USING (event_no)
    JOIN main.audit_records AS first ON first.event_source = repeat.event_source
        AND first.event_id = repeat.event_id AND first.fate IN ('counted', 'retraction')
    LEFT JOIN forgetful.audit_usage AS usage
        ON usage.kafka_partition = repeat.kafka_partition
        AND usage.kafka_offset = repeat.kafka_offset
        AND usage.batch_index IS NOT DISTINCT FROM repeat.batch_index
        AND usage.account_id = repeat.account_id AND NOT usage.is_retraction
    ORDER BY ALL
"""


def find_repeats_beyond_horizon(
    rows: duckdb.DuckDBPyConnection,
    rules: Rules,
    horizon: timedelta,
    settled: datetime,
    unjudged: Sequence[tuple[str, str]] = (),
) -> tuple[RepeatBeyondHorizon, ...]:
    """Return the repeats that the job counts again, and leave in `forgetful` what it then writes.

    The schema `forgetful` gets the tables of `audit.recomputing` for the accounts of such repeats,
    as if each had counted. Differences that are none to these are marked `by_repeats`.

    Args:
        rows: After `audit.recomputing.recompute`, `audit.comparing.compare_usage` and
            `audit.comparing_aside.compare_aside`.
        rules: What usage is metered by.
        horizon: For how long the job keeps an identity (`metering.dedupe_ttl_days`).
        settled: As for `compare_usage`.
        unjudged: As for `compare_aside`.
    """
    again = [*_counted_again(rows, horizon // timedelta(microseconds=1))]
    rows.execute("CREATE OR REPLACE TABLE audit_repeats (event_no BIGINT)")
    if not again:
        return ()
    rows.executemany("INSERT INTO audit_repeats VALUES (?)", [[event_no] for event_no in again])
    rows.execute(f"CREATE SCHEMA IF NOT EXISTS {_SCHEMA}")
    try:
        rows.execute(f"SET search_path = '{_SCHEMA},main'")
        rows.execute(sql_of("tables"))
        rows.execute(_COPY)
        meter_usage(rows, rules)
        compare_usage(rows, settled)
        compare_aside(rows, unjudged)
    finally:
        rows.execute("SET search_path = 'main'")
    rows.execute(_FORGIVE)
    found = rows.execute(_COUNTED).fetchall()
    return tuple(_repeat(key, [*members]) for key, members in groupby(found, lambda row: row[:12]))


def _counted_again(rows: duckdb.DuckDBPyConnection, horizon_us: int) -> Iterator[int]:
    """Yield the numbers of the records that count although their identity had counted before."""
    found = rows.execute(_CANDIDATES, [horizon_us]).fetchall()
    for _, records in groupby(found, key=lambda row: row[:2]):
        first, *later = records
        counted_us = first[3]
        for _, _, event_no, log_us in later:
            if log_us > counted_us + horizon_us:
                counted_us = log_us
                yield event_no


def _repeat(key: tuple[Any, ...], members: list[tuple[Any, ...]]) -> RepeatBeyondHorizon:
    source, event_id, account_id, *first, first_time, p, o, i, repeat_time, fate = key
    return RepeatBeyondHorizon(
        account_id,
        EventPlace(source, event_id, *first),
        first_time,
        EventPlace(source, event_id, p, o, i),
        repeat_time,
        fate == "conflict",
        tuple(RepeatedUsage(*member[12:]) for member in members if member[12] is not None),
    )
