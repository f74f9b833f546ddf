"""Finds the totals that are not what the archive's events come to, and all that may tell why."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from schemas.aggregation import Aggregation, has_parts
from schemas.brought_back_usage import PeriodKey
from schemas.meter import Meter
from schemas.usage_adjustment import (
    AdjustmentKind,
    DifferingTotal,
    EventName,
    KnownTotal,
    MeteredEvent,
    UsageAdjustment,
    WindowTotal,
)
from udfs.writing_adjustments import event_names

_KEY = "account_id, meter_id, dimensions, period_start, period_end"
_CHOSEN = """list_contains($accounts, account_id) AND epoch_us(period_start) < $until_us
    AND epoch_us(period_end) > $since_us"""
_COUNTED = "fate IN ('closed', 'corrected')"
_WRONG = f"""
    CREATE OR REPLACE TEMP TABLE wrong_usage AS
    SELECT {_KEY}, count(*) AS events, sum(quantity) AS units
    FROM audit_usage JOIN wrong_events USING (meter_id, event_source, event_id)
    WHERE {_COUNTED} AND NOT is_retraction GROUP BY ALL
"""  # noqa: S608 - no outside text
_DIFFERING = f"""
    CREATE OR REPLACE TEMP TABLE differing AS
    WITH expected AS (
        SELECT {_KEY}, arg_max(timezone, revision) AS timezone,
            arg_max(aggregation, revision) AS aggregation, arg_max(unit, revision) AS unit,
            arg_max(event_count, revision) AS event_count, arg_max(quantity, revision) AS quantity,
            arg_max_null(breakdown, revision) AS breakdown
        FROM audit_rows WHERE {_CHOSEN} GROUP BY {_KEY}
    ), adjusted AS (
        SELECT {_KEY}, sum(event_count) AS events, sum(quantity) AS added,
            max(quantity) AS greatest, min(quantity) AS least
        FROM brought_back_usage WHERE source_table = 'usage_adjustments' AND {_CHOSEN}
        GROUP BY {_KEY}
    ), revised AS (
        SELECT {_KEY}, timezone, aggregation, unit, event_count,
            CASE WHEN aggregation <> 'average' THEN quantity
                WHEN event_count = 0 THEN 0
                ELSE json_extract_string(breakdown, '$.sum')::DECIMAL(38, 9)
            END::DECIMAL(38, 9) AS quantity
        FROM revised_usage WHERE {_CHOSEN}
    ), sides AS (
        SELECT {_KEY}, coalesce(expected.timezone, revised.timezone) AS timezone,
            coalesce(expected.aggregation, revised.aggregation) AS aggregation,
            coalesce(expected.unit, revised.unit) AS unit,
            revised.event_count IS NOT NULL AS is_metered,
            ifnull(expected.event_count, 0) - ifnull(wrong_usage.events, 0) AS expected_events,
            (CASE WHEN expected.event_count IS NULL THEN 0
                WHEN expected.aggregation <> 'average' THEN expected.quantity
                WHEN expected.event_count = 0 THEN 0
                ELSE json_extract_string(expected.breakdown, '$.sum')::DECIMAL(38, 9)
                END::DECIMAL(38, 9)
                - CASE WHEN expected.aggregation IN ('max', 'min') THEN 0
                    ELSE ifnull(wrong_usage.units, 0) END)::DECIMAL(38, 9) AS expected_quantity,
            ifnull(revised.event_count, 0) AS revised_events, revised.quantity AS revised_quantity,
            ifnull(adjusted.events, 0) AS adjusted_events, added, greatest, least
        FROM expected FULL JOIN revised USING ({_KEY}) LEFT JOIN adjusted USING ({_KEY})
            LEFT JOIN wrong_usage USING ({_KEY})
    ), told AS (
        SELECT * EXCLUDE (
                revised_events, adjusted_events, added, greatest, least, revised_quantity
            ),
            (revised_events + adjusted_events)::BIGINT AS told_events,
            ifnull(CASE
                WHEN added IS NULL THEN revised_quantity
                WHEN aggregation = 'max'
                    THEN greatest(CASE WHEN revised_events <> 0 THEN revised_quantity END, greatest)
                WHEN aggregation = 'min'
                    THEN least(CASE WHEN revised_events <> 0 THEN revised_quantity END, least)
                ELSE ifnull(revised_quantity, 0) + added
            END, 0)::DECIMAL(38, 9) AS told_quantity
        FROM sides
    )
    FROM told WHERE expected_events <> told_events OR expected_quantity <> told_quantity
"""  # noqa: S608 - no outside text
_TOTALS = f"""
    SELECT {_KEY}, epoch_us(period_start), epoch_us(period_end), timezone, aggregation, unit,
        is_metered, expected_events, expected_quantity, told_events, told_quantity
    FROM differing ORDER BY {_KEY}
"""  # noqa: S608 - no outside text
_NAME = "event_source, event_id, kafka_partition, kafka_offset, ifnull(batch_index, -1)"
_EVENTS = f"""
    SELECT {_KEY}, {_NAME}, own_dimensions, epoch_us(event_window_start),
        epoch_us(log_window_end), epoch_us(event_time), epoch_us(log_time), quantity,
        is_retraction, terms_version
    FROM audit_usage SEMI JOIN differing USING ({_KEY}) WHERE {_COUNTED} ORDER BY ALL
"""  # noqa: S608 - no outside text
# A repeat counts as the record that it is, in the window of its own time and receipt.
_REPEATS = f"""
    SELECT {", ".join(f"usage.{name}" for name in _KEY.split(", "))},
        records.event_source, records.event_id, records.kafka_partition, records.kafka_offset,
        ifnull(records.batch_index, -1), shares.dimensions,
        event_us - event_us % event_window_us, (log_us // log_window_us + 1) * log_window_us,
        event_us, log_us, audit_decimal(billionths), false, usage.terms_version
    FROM audit_records AS records JOIN audit_shares AS shares USING (event_no)
    JOIN audit_usage AS usage ON usage.event_source = records.event_source
        AND usage.event_id = records.event_id AND usage.meter_id = shares.meter_id
        AND NOT usage.is_retraction
    SEMI JOIN differing ON differing.account_id = usage.account_id
        AND differing.meter_id = usage.meter_id AND differing.dimensions = usage.dimensions
        AND differing.period_start = usage.period_start, audit_clocks
    WHERE records.fate IN ('duplicate', 'conflict') AND refusal IS NULL
        AND usage.{_COUNTED}
    ORDER BY ALL
"""  # noqa: S608 - no outside text
_WINDOWS = """
    SELECT account_id, meter_id, dimensions, epoch_us(event_window_start),
        event_window_s::BIGINT * 1000000, epoch_us(log_window_end),
        ifnull(is_retraction, false), sum(event_count)::BIGINT,
        starts_with(job_version, 'roll-up')
    FROM metering_windows GROUP BY ALL ORDER BY ALL
"""

_Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which usage is looked at.

    Attributes:
        account_ids: Whose.
        since_us: Periods that end after it.
        until_us: Periods that start before it.
    """

    account_ids: tuple[str, ...]
    since_us: int
    until_us: int


def find_differing(
    rows: duckdb.DuckDBPyConnection,
    chosen: Chosen,
    meters: Mapping[str, Meter],
    adjustments: Sequence[UsageAdjustment],
    wrong: Sequence[tuple[str, str]],
) -> Iterator[DifferingTotal]:
    """Yield the totals whose events come to something else, ordered by their key.

    Args:
        rows: With what `audit.recomputing` leaves, the views of totals and `metering_windows`.
        chosen: Which.
        meters: The configured ones; others are not looked at.
        adjustments: What was approved before.
        wrong: Source and id of events that a person says are wrong.
    """
    _note_wrong(rows, meters, adjustments, wrong)
    choice = {
        "accounts": list(chosen.account_ids),
        "since_us": chosen.since_us,
        "until_us": chosen.until_us,
    }
    rows.execute(_WRONG)
    rows.execute(_DIFFERING, choice)
    adjusted = _adjusted_by_meter(adjustments)
    events, repeats = _by_key(rows, _EVENTS), _by_key(rows, _REPEATS)
    windows: dict[tuple[str, str], list[WindowTotal]] = defaultdict(list)
    for account_id, meter_id, *window in rows.execute(_WINDOWS).fetchall():
        windows[account_id, meter_id].append(WindowTotal(*window))
    named_wrong = set(wrong)
    for row in rows.execute(_TOTALS).fetchall():
        key, (start_us, end_us, timezone, aggregation, unit, is_metered, *sums) = row[:5], row[5:]
        account_id, meter_id, dimensions = key[:3]
        if meter_id not in meters:
            continue
        meter = meters[meter_id]
        before = adjusted.get((account_id, meter_id), frozenset())
        own = tuple(events.get(key, ()))
        yield DifferingTotal(
            PeriodKey(account_id, meter_id, dimensions, start_us, end_us),
            timezone,
            Aggregation(aggregation),
            unit,
            has_parts(meter.aggregation, meter.options),
            KnownTotal(*sums[:2]),
            KnownTotal(*sums[2:]),
            is_metered,
            own,
            tuple(repeats.get(key, ())),
            tuple(each for each in own if _is_wrong(each, named_wrong, before)),
            before,
            tuple(windows.get((account_id, meter_id), ())),
        )


def _is_wrong(
    event: MeteredEvent,
    wrong: set[tuple[str, str]],
    before: frozenset[tuple[AdjustmentKind, bool, EventName]],
) -> bool:
    named = (event.name.source, event.name.id) in wrong and not event.is_retraction
    return named and (AdjustmentKind.WRONGLY_COUNTED, True, event.name) not in before


def _note_wrong(
    rows: duckdb.DuckDBPyConnection,
    meters: Mapping[str, Meter],
    adjustments: Sequence[UsageAdjustment],
    wrong: Sequence[tuple[str, str]],
) -> None:
    """Fill `wrong_events`: of each meter those that were taken out, or are to be."""
    named = {(meter_id, *event) for meter_id in meters for event in wrong}
    named |= {
        (each.meter_id, name.source, name.id)
        for each in adjustments
        if each.kind is AdjustmentKind.WRONGLY_COUNTED
        for name in event_names(each)
    }
    rows.execute(
        "CREATE OR REPLACE TEMP TABLE wrong_events"
        " (meter_id VARCHAR, event_source VARCHAR, event_id VARCHAR)"
    )
    if named:
        rows.executemany("INSERT INTO wrong_events VALUES (?, ?, ?)", [*map(list, sorted(named))])


def _adjusted_by_meter(
    adjustments: Sequence[UsageAdjustment],
) -> dict[tuple[str, str], frozenset[tuple[AdjustmentKind, bool, EventName]]]:
    found: dict[tuple[str, str], set[tuple[AdjustmentKind, bool, EventName]]] = defaultdict(set)
    for each in adjustments:
        names = ((each.kind, each.is_taken_out, name) for name in event_names(each))
        found[each.account_id, each.meter_id].update(names)
    return {name: frozenset(each) for name, each in found.items()}


def _by_key(rows: duckdb.DuckDBPyConnection, query: str) -> dict[_Row, list[MeteredEvent]]:
    found: dict[_Row, list[MeteredEvent]] = defaultdict(list)
    for row in rows.execute(query).fetchall():
        found[row[:5]].append(MeteredEvent(EventName(*row[5:10]), *row[10:]))
    return found
