"""The fate of every record: the conservation law, told from the tables.

Each record of the archive is exactly one of: rejected, heartbeat, retraction, counted, duplicate,
or a batch, and then each of its events is one of these.
Each distinct event is, for each meter that listens to its type, exactly one of: closed, corrected,
expired, unassigned, brought back, taken back, rejected for that meter, or still in an open period.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from schemas.heartbeat import HEARTBEAT_TYPE
from schemas.meter import Meter
from schemas.retraction import RETRACTION_TYPE

_CREATE_FATES = """
    CREATE OR REPLACE TEMP TABLE fates AS
    WITH rejected AS (
        SELECT kafka_partition, kafka_offset, batch_index, reason FROM rejected_events
        WHERE meter_id IS NULL
    ), records AS (
        SELECT raw_events.*, reason FROM raw_events LEFT JOIN rejected
            ON raw_events.kafka_partition = rejected.kafka_partition
            AND raw_events.kafka_offset = rejected.kafka_offset AND batch_index IS NULL
    ), elements AS (
        SELECT * EXCLUDE (batch, reason), unnest(batch) AS envelope,
            generate_subscripts(batch, 1) - 1 AS batch_index
        FROM records WHERE batch IS NOT NULL AND reason IS NULL
    ), events AS (
        SELECT kafka_partition, kafka_offset, NULL::INT AS batch_index, log_time, reason,
            event_type, event_source, event_id, event_time,
            batch IS NOT NULL AND reason IS NULL AS is_batch
        FROM records
        UNION ALL
        SELECT kafka_partition, kafka_offset, batch_index::INT, log_time, rejected.reason,
            envelope[1], envelope[2], envelope[3], TRY_CAST(envelope[4] AS TIMESTAMPTZ), false
        FROM elements LEFT JOIN rejected USING (kafka_partition, kafka_offset, batch_index)
    ), classed AS (
        SELECT *, CASE WHEN reason IS NOT NULL THEN 'rejected'
            WHEN is_batch THEN 'batch'
            WHEN event_type = $1 THEN 'heartbeat'
            WHEN event_source IS NULL OR event_id IS NULL THEN 'unreadable'
            ELSE 'valid' END AS class
        FROM events
    )
    SELECT event_type, reason, CASE WHEN class <> 'valid' THEN class
        WHEN row_number() OVER (PARTITION BY class, event_source, event_id
            ORDER BY log_time, kafka_partition, kafka_offset, batch_index) > 1 THEN 'duplicate'
        WHEN event_type = $2 THEN 'retraction'
        ELSE 'counted' END AS fate,
        event_source, event_id, event_time, kafka_partition, kafka_offset, batch_index, log_time
    FROM classed
"""
REPEATED = "repeated"
"""The table of the records whose identity has more than one."""
_CREATE_REPEATED = f"""
    CREATE OR REPLACE TEMP TABLE {REPEATED} AS
    SELECT fates.* EXCLUDE (event_type, event_time, reason) FROM fates
    SEMI JOIN (SELECT event_source, event_id FROM fates WHERE fate = 'duplicate') AS duplicates
        USING (event_source, event_id)
    WHERE fate IN ('counted', 'duplicate')
"""  # noqa: S608 - no outside text
_RECORDS = """
    SELECT fate, reason, count(*), count(*) FILTER (batch_index IS NULL) FROM fates
    GROUP BY fate, reason ORDER BY fate, reason
"""
_PARTITIONS = """
    SELECT kafka_partition, min(kafka_offset), max(kafka_offset) + 1, count(*)
    FROM raw_events GROUP BY kafka_partition ORDER BY kafka_partition
"""
_STRAYS = """
    SELECT count(*) FROM rejected_events
    ANTI JOIN raw_events USING (kafka_partition, kafka_offset)
"""
_EVENTS = "SELECT event_type, count(*) FROM fates WHERE fate = 'counted' GROUP BY ALL ORDER BY ALL"
_WITHOUT_EFFECT = """
    SELECT count(*) FROM retractions WHERE NOT EXISTS (
        FROM retracted_usage AS taken
        WHERE taken.event_source = retracted_source AND taken.event_id = retracted_id
    )
"""
_METERED = """
    SELECT meter_id, sum(closed)::BIGINT, sum(corrected)::BIGINT, sum(expired)::BIGINT,
        sum(unassigned)::BIGINT, sum(brought_back)::BIGINT, sum(taken_back)::BIGINT,
        sum(rejected)::BIGINT
    FROM (
        SELECT meter_id, event_count AS closed, 0 AS corrected, 0 AS expired, 0 AS unassigned,
            0 AS brought_back, 0 AS taken_back, 0 AS rejected FROM closed_usage
        UNION ALL SELECT meter_id, 0, event_count_delta, 0, 0, 0, 0, 0 FROM usage_corrections
        UNION ALL SELECT meter_id, 0, 0, event_count, 0, 0, 0, 0 FROM expired_usage
        UNION ALL SELECT meter_id, 0, 0, 0, event_count, 0, 0, 0 FROM unassigned_usage
        UNION ALL SELECT meter_id, 0, 0,
            CASE source_table WHEN 'expired_usage' THEN -event_count ELSE 0 END,
            CASE source_table WHEN 'unassigned_usage' THEN -event_count ELSE 0 END,
            event_count, 0, 0 FROM brought_back_usage
        UNION ALL SELECT meter_id, 0, 0, 0, 0, 0, 1, 0 FROM retracted_usage
        -- A repeat of the event may be rejected again.
        UNION ALL SELECT meter_id, 0, 0, 0, 0, 0, 0, count(DISTINCT (event_source, event_id))
            FROM rejected_events WHERE meter_id IS NOT NULL GROUP BY meter_id
    )
    GROUP BY meter_id
    ORDER BY meter_id
"""
_ENDS = (
    "closed",
    "corrected",
    "expired",
    "unassigned",
    "brought_back",
    "taken_back",
    "rejected",
)
_METER_REASONS = """
    SELECT meter_id, reason, count(DISTINCT (event_source, event_id)) FROM rejected_events
    WHERE meter_id IS NOT NULL GROUP BY ALL ORDER BY ALL
"""


@dataclass(frozen=True, slots=True)
class PartitionRange:
    """The records of one partition; `end_offset` is one after the last."""

    kafka_partition: int
    begin_offset: int
    end_offset: int
    records: int


@dataclass(frozen=True, slots=True)
class MeterFates:
    """What became of the distinct events of one meter.

    Attributes:
        meter_id: The meter.
        events: Distinct events of its type; None where the configuration has no such meter.
        closed: Events in closed periods, received up to the cut.
        corrected: Events received after the cut, in corrections.
        expired: Events received after the correction horizon, and not brought back.
        unassigned: Events without account or terms, and not brought back.
        brought_back: Events that expired or were unassigned, and that people brought back.
        taken_back: Events that a retraction took back, out of whichever of these.
        rejected: Events that this meter cannot count.
        open: Events in periods that have not closed, or on their way; negative is an error.
    """

    meter_id: str
    events: int | None
    closed: int
    corrected: int
    expired: int
    unassigned: int
    brought_back: int
    taken_back: int
    rejected: int
    open: int | None


@dataclass(frozen=True, slots=True)
class MeterRejections:
    """How many distinct events one meter rejects for one reason."""

    meter_id: str
    reason: str
    events: int


@dataclass(frozen=True, slots=True)
class Fates:
    """What became of every record and event.

    Attributes:
        records: Number of records in the archive.
        batches: Records that are a batch, without those rejected as a whole.
        batch_events: Events in batches; each has one of the fates below, as has every other record.
        counted: Events that were the first of their identity.
        duplicates: Events that were not.
        conflicts: Duplicates whose content is not that of the event that counted.
        heartbeats: Events that carry no usage.
        retractions: Events that ask to take another back, the first of their identity.
        retractions_without_effect: Those of them that found no event to take back.
        rejected: Number of records and events rejected as a whole, by reason, in order.
        rejected_for_a_meter: Events that one meter rejects, ordered by meter and reason.
        unreadable: Valid records whose identity the archive does not show; always 0.
        not_archived: Rejected records that the archive lacks; always 0 where the job is at rest.
        partitions: Ranges of the archive, by partition.
        meters: By meter, in the configuration's order, then meters that it no longer has.
    """

    records: int
    batches: int
    batch_events: int
    counted: int
    duplicates: int
    conflicts: int
    heartbeats: int
    retractions: int
    retractions_without_effect: int
    rejected: Mapping[str, int]
    rejected_for_a_meter: tuple[MeterRejections, ...]
    unreadable: int
    not_archived: int
    partitions: tuple[PartitionRange, ...]
    meters: tuple[MeterFates, ...]

    @property
    def rejected_records(self) -> int:
        """Number of records and events rejected as a whole."""
        return sum(self.rejected.values())


def tell_fates(rows: DuckDBPyConnection) -> None:
    """Create the table `fates`: of every record its fate, identity, place and both times.

    And that of those records whose identity has more than one: `REPEATED`.

    Args:
        rows: From `iceberg.reading.open_rows`.
    """
    rows.execute(_CREATE_FATES, [HEARTBEAT_TYPE, RETRACTION_TYPE])
    rows.execute(_CREATE_REPEATED)


def read_fates(rows: DuckDBPyConnection, meters: Iterable[Meter], conflicts: int) -> Fates:
    """Return the fate of every record and of each meter's events.

    Args:
        rows: With the table of `tell_fates`.
        meters: The configured ones: they say which events each meter listens to.
        conflicts: How many of the duplicates are conflicts.
    """
    found = rows.execute(_RECORDS).fetchall()
    totals = {fate: number for fate, reason, number, _ in found if reason is None}
    records = sum(number for *_, number in found)
    strays = rows.execute(_STRAYS).fetchall()
    without_effect = rows.execute(_WITHOUT_EFFECT).fetchall()
    return Fates(
        records=records,
        batches=totals.get("batch", 0),
        batch_events=sum(number for _, _, number, _ in found) - records,
        counted=totals.get("counted", 0),
        duplicates=totals.get("duplicate", 0),
        conflicts=conflicts,
        heartbeats=totals.get("heartbeat", 0),
        retractions=totals.get("retraction", 0),
        retractions_without_effect=without_effect[0][0],
        rejected={reason: number for _, reason, number, _ in found if reason is not None},
        rejected_for_a_meter=tuple(
            MeterRejections(*row) for row in rows.execute(_METER_REASONS).fetchall()
        ),
        unreadable=totals.get("unreadable", 0),
        not_archived=strays[0][0],
        partitions=tuple(PartitionRange(*row) for row in rows.execute(_PARTITIONS).fetchall()),
        meters=_meter_fates(rows, meters),
    )


def _meter_fates(rows: DuckDBPyConnection, meters: Iterable[Meter]) -> tuple[MeterFates, ...]:
    events: dict[str, int] = dict(rows.execute(_EVENTS).fetchall())
    ended: dict[str, dict[str, int]] = {
        meter_id: dict(zip(_ENDS, counts, strict=True))
        for meter_id, *counts in rows.execute(_METERED).fetchall()
    }
    fates = []
    for meter in meters:
        received = events.get(meter.event_type, 0)
        counts = ended.pop(meter.meter_id, dict.fromkeys(_ENDS, 0))
        still_open = received - sum(counts.values())
        fates.append(MeterFates(meter.meter_id, received, **counts, open=still_open))
    removed = [MeterFates(name, None, **counts, open=None) for name, counts in ended.items()]
    return (*fates, *removed)
