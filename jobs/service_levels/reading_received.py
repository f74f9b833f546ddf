"""Reads what service levels say of records: their fates, delays and gaps, and whether any is lost.

A record of the archive is settled when the metering job has passed its log window: then its usage
must be in the tables. That is so up to the log time that was read at the last but one checkpoint,
less the watermark's slack (`iceberg.cutting`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from jobs.service_levels.ranking import rank
from schemas.explained_gaps import ExplainedGaps
from schemas.instant import HOUR_US, SECOND_US
from schemas.meter import Meter
from schemas.service_facts import MeterCount, ReceivedFacts, SettledFacts
from schemas.service_level import MeasuredWindow, Unmeasured
from schemas.service_levels import INGESTION_DELAY
from schemas.usage_adjustment import AdjustmentKind

BEFORE_ALL_US = -(2**62)
"""Before any instant that a table can hold."""

_IN_WINDOW = "epoch_us(log_time) >= $start_us AND epoch_us(log_time) < $end_us"
_FATES = f"""
    SELECT fate, reason, count(*) FROM fates WHERE {_IN_WINDOW} GROUP BY ALL ORDER BY ALL
"""  # noqa: S608 - no outside text
# Without gaps that are explained, and what lies behind the end up to which they are judged.
_GAPS = f"""
    WITH spans AS (
        SELECT raw_events.kafka_partition, min(kafka_offset) AS first_offset,
            max(kafka_offset) FILTER (judged) AS last_offset, count(*) FILTER (judged) AS records
        FROM (
            SELECT *, coalesce(kafka_offset < end_offset, true) AS judged
            FROM raw_events LEFT JOIN judged_offsets USING (kafka_partition)
        ) AS raw_events
        WHERE {_IN_WINDOW} GROUP BY ALL
    ), explained AS (
        SELECT kafka_partition, sum(
            greatest(0, least(end_offset, last_offset) - greatest(begin_offset, first_offset))
        ) AS offsets
        FROM spans JOIN explained_gaps USING (kafka_partition) GROUP BY ALL
    )
    SELECT kafka_partition,
        coalesce(last_offset - first_offset + 1 - records - coalesce(offsets, 0), 0)::BIGINT
    FROM spans LEFT JOIN explained USING (kafka_partition) ORDER BY kafka_partition
"""  # noqa: S608 - no outside text
# The counted record is rejected for the meter at its own place; repeats of it may be, too.
_EXPECTED = f"""
    WITH first_seen AS (
        SELECT meter_id, min(first_log_time) AS since FROM metering_windows GROUP BY meter_id
    ), counted AS (
        SELECT kafka_partition, kafka_offset, batch_index, event_type, log_time FROM fates
        WHERE fate = 'counted' AND {_IN_WINDOW}
    ), refused AS (
        SELECT DISTINCT meter_id, kafka_partition, kafka_offset, batch_index
        FROM rejected_events WHERE meter_id IS NOT NULL
    )
    SELECT configured.meter_id, count(*) FILTER (refused.meter_id IS NULL)
    FROM configured
    JOIN counted USING (event_type)
    LEFT JOIN first_seen ON first_seen.meter_id = configured.meter_id
    LEFT JOIN refused ON refused.meter_id = configured.meter_id
        AND refused.kafka_partition = counted.kafka_partition
        AND refused.kafka_offset = counted.kafka_offset
        AND refused.batch_index IS NOT DISTINCT FROM counted.batch_index
    WHERE since IS NULL OR counted.log_time >= since
    GROUP BY configured.meter_id
"""  # noqa: S608 - no outside text
# A person may have added what was lost, and taken out what was counted twice.
_REPAIRS = ", ".join(
    f"'{each}'" for each in (AdjustmentKind.LOST_USAGE, AdjustmentKind.REPEAT_BEYOND_HORIZON)
)
_FOUND = f"""
    SELECT meter_id, sum(event_count)::BIGINT FROM (
        SELECT meter_id, event_count FROM metering_windows
        WHERE NOT coalesce(is_retraction, false)
            AND epoch_us(first_log_time) >= $start_us AND epoch_us(log_window_end) <= $end_us
        UNION ALL
        SELECT decided.meter_id, decided.event_count FROM brought_back_usage AS decided
        JOIN usage_adjustments AS adjusted ON adjusted.row_id = source_row_id
        WHERE source_table = 'usage_adjustments' AND kind IN ({_REPAIRS})
            AND epoch_us(decided.first_log_time) >= $start_us
            AND epoch_us(decided.last_log_time) < $end_us
    ) GROUP BY meter_id
"""  # noqa: S608 - no outside text
_ROLLED_ACROSS = """
    SELECT count(*) FROM metering_windows
    WHERE epoch_us(first_log_time) < $start_us AND epoch_us(last_log_time) >= $start_us
        OR epoch_us(first_log_time) < $end_us AND epoch_us(log_window_end) > $end_us
"""
# Reconciliations run once a day; the alert ReconciliationOld has the same bound.
_OVERDUE_US = 25 * HOUR_US
_BINS = (1, 2, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400, 604_800)
DELAY_BOUNDS_US = tuple(seconds * SECOND_US for seconds in _BINS)
"""Upper bounds of the bins of delays, exclusive; there is one more bin above the last."""


@dataclass(frozen=True, slots=True)
class MeteringFacts:
    """What of the configuration decides how levels are measured.

    Attributes:
        is_live: Whether the broker stamps the records.
        keeps_windows: Whether running usage is kept.
        log_window_us: Width of the windows of log time.
        meters: The configured ones.
        settled_us: Log time that every partition was read up to, less the slack; None: unknown.
        explained: What reconciliations have found of gaps in offsets.
    """

    is_live: bool
    keeps_windows: bool
    log_window_us: int
    meters: tuple[Meter, ...]
    settled_us: int | None
    explained: ExplainedGaps


def bounds(window: MeasuredWindow, until_us: int | None = None) -> dict[str, int]:
    """Return a window's bounds as parameters of SQL; until an earlier end, if one is given."""
    start_us = BEFORE_ALL_US if window.start_us is None else window.start_us
    end_us = window.end_us if until_us is None else min(window.end_us, until_us)
    return {"start_us": start_us, "end_us": end_us}


def read_received(
    rows: DuckDBPyConnection,
    metering: MeteringFacts,
    window: MeasuredWindow,
    conflict_times_us: Sequence[int],
) -> ReceivedFacts:
    """Return what was received in the window.

    Args:
        rows: From `iceberg.service_rows.open_service_rows`, with the fates of all records
            (`jobs.reporting.fates.tell_fates`).
        metering: What is configured.
        window: What is looked at.
        conflict_times_us: Log time of each conflict.
    """
    within = bounds(window)
    _load_gaps(rows, metering.explained, window.measured_at_us)
    fates = rows.execute(_FATES, within).fetchall()
    totals = {fate: number for fate, reason, number in fates if reason is None}
    delays = _delays(window)
    partitions = rows.execute(_GAPS, within).fetchall()
    percents = tuple(INGESTION_DELAY)
    return ReceivedFacts(
        is_live=metering.is_live,
        counted=totals.get("counted", 0),
        duplicates=totals.get("duplicate", 0),
        conflicts=sum(within["start_us"] <= each < within["end_us"] for each in conflict_times_us),
        retractions=totals.get("retraction", 0),
        rejected={reason: number for _, reason, number in fates if reason is not None},
        missing_offsets=dict(partitions),
        delay=rank(rows, delays, percents),
        delay_by_partition={
            partition: rank(rows, f"{delays} AND kafka_partition = {partition:d}", percents)
            for partition, _ in partitions
        },
        settled=_read_settled(rows, metering, window),
    )


def read_delay_bins(rows: DuckDBPyConnection, window: MeasuredWindow) -> tuple[int, ...]:
    """Return how many counted events of the window have a delay in each bin."""
    cases = " ".join(f"WHEN delay_us < {bound} THEN {n}" for n, bound in enumerate(DELAY_BOUNDS_US))
    found = rows.execute(
        f"SELECT CASE {cases} ELSE {len(DELAY_BOUNDS_US)} END AS bin, count(*)"  # noqa: S608
        f" FROM ({_delays(window)}) AS delays (delay_us) GROUP BY bin"
    ).fetchall()
    counts = dict(found)
    return tuple(counts.get(n, 0) for n in range(len(DELAY_BOUNDS_US) + 1))


def _load_gaps(rows: DuckDBPyConnection, explained: ExplainedGaps, at_us: int) -> None:
    """Fill the gaps that are explained, and the ends up to which others are judged.

    Where transactions leave offsets without records, those behind the newest reconciliation wait
    for the next, unless it is overdue: nobody could tell them from records that are missing.
    """
    waits = (
        explained.has_markers
        and explained.at_us is not None
        and at_us - explained.at_us <= _OVERDUE_US
    )
    ends = explained.looked_at if waits and explained.looked_at else {}
    rows.execute(
        "CREATE OR REPLACE TEMP TABLE explained_gaps"
        " (kafka_partition INTEGER, begin_offset BIGINT, end_offset BIGINT)"
    )
    rows.execute(
        "CREATE OR REPLACE TEMP TABLE judged_offsets (kafka_partition INTEGER, end_offset BIGINT)"
    )
    if explained.gaps:
        columns = zip(*explained.gaps, strict=True)
        rows.execute(
            "INSERT INTO explained_gaps SELECT unnest($1), unnest($2), unnest($3)",
            [*map(list, columns)],
        )
    if ends:
        rows.execute(
            "INSERT INTO judged_offsets SELECT unnest($1), unnest($2)", [[*ends], [*ends.values()]]
        )


def _delays(window: MeasuredWindow) -> str:
    within = bounds(window)
    return (
        "SELECT epoch_us(log_time) - epoch_us(event_time) FROM fates"  # noqa: S608 - whole numbers
        " WHERE fate = 'counted' AND event_time IS NOT NULL"
        f" AND epoch_us(log_time) >= {within['start_us']:d}"
        f" AND epoch_us(log_time) < {within['end_us']:d}"
    )


def _read_settled(
    rows: DuckDBPyConnection, metering: MeteringFacts, window: MeasuredWindow
) -> SettledFacts | Unmeasured:
    if not metering.keeps_windows:
        return Unmeasured.WINDOWS_NOT_KEPT
    if metering.settled_us is None:
        return Unmeasured.NO_CHECKPOINTS
    width_us = metering.log_window_us
    until_us = min(metering.settled_us, window.end_us) // width_us * width_us
    within = bounds(window, until_us)
    ((across,),) = rows.execute(_ROLLED_ACROSS, within).fetchall()
    if across:
        return Unmeasured.WINDOWS_ROLLED_UP
    fates = rows.execute(_FATES, within).fetchall()
    return SettledFacts(
        until_us=until_us,
        records=sum(number for *_, number in fates),
        unreadable=sum(number for fate, _, number in fates if fate == "unreadable"),
        missing_offsets=sum(missing for _, missing in rows.execute(_GAPS, within).fetchall()),
        meters=_meter_counts(rows, metering.meters, within),
    )


def _meter_counts(
    rows: DuckDBPyConnection, meters: Sequence[Meter], within: dict[str, int]
) -> tuple[MeterCount, ...]:
    rows.execute("CREATE OR REPLACE TEMP TABLE configured (meter_id VARCHAR, event_type VARCHAR)")
    for each in meters:
        rows.execute("INSERT INTO configured VALUES ($1, $2)", [each.meter_id, each.event_type])
    expected = dict(rows.execute(_EXPECTED, within).fetchall())
    found = dict(rows.execute(_FOUND, within).fetchall())
    names = [each.meter_id for each in meters]
    return tuple(MeterCount(each, expected.get(each, 0), found.get(each, 0)) for each in names)
