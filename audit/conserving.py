"""The conservation law: every record has one fate, every counted event one end for each meter."""

from collections.abc import Iterator

import duckdb

from audit.conservation import Conflict, Gap, MeterEnds, RangeCounts
from audit.difference import Difference, EventPlace
from audit.recomputing import sql_of

RANGE_OFFSETS = 100_000
"""So many offsets are a range unless a number of ranges is asked for."""

_CONFLICTS = """
    SELECT ignored.event_source, ignored.event_id, counted.kafka_partition, counted.kafka_offset,
        counted.batch_index, counted.fingerprint, ignored.kafka_partition, ignored.kafka_offset,
        ignored.batch_index, ignored.fingerprint
    FROM audit_records AS ignored JOIN audit_records AS counted USING (event_source, event_id)
    WHERE ignored.fate = 'conflict' AND counted.fate IN ('counted', 'retraction')
    ORDER BY ALL
"""


def count_ranges(rows: duckdb.DuckDBPyConnection, ranges: int | None) -> tuple[RangeCounts, ...]:
    """Return what became of the records of each range, ordered by partition and offset.

    Args:
        rows: With what `audit.recomputing` leaves, and the tables expired_usage, unassigned_usage
            and brought_back_usage as they were found.
        ranges: Into how many ranges a partition is cut; None: one for each 100,000 offsets.
    """
    rows.execute("SET VARIABLE range_offsets = ?::BIGINT", [None if ranges else RANGE_OFFSETS])
    rows.execute("SET VARIABLE range_count = ?::BIGINT", [ranges or 1])
    rows.execute(sql_of("conserved"))
    fates: dict[tuple[int, int], list[tuple[str, str | None, int, int]]] = {}
    for partition, begin, *fate in rows.execute("FROM audit_range_fates ORDER BY ALL").fetchall():
        fates.setdefault((partition, begin), []).append((fate[0], fate[1], fate[2], fate[3]))
    meters = _count_meters(rows)
    spans = rows.execute("FROM audit_range_records ORDER BY ALL").fetchall()
    return tuple(_range(span, fates.get(span[:2], []), meters.get(span[:2], ())) for span in spans)


def _count_meters(
    rows: duckdb.DuckDBPyConnection,
) -> dict[tuple[int, int], tuple[MeterEnds, ...]]:
    ends: dict[tuple[int, int, str], dict[str, int]] = {}
    for partition, begin, meter_id, ended, events in rows.execute(
        "FROM audit_range_meters ORDER BY ALL"
    ).fetchall():
        ends.setdefault((partition, begin, meter_id), {})[ended] = events
    listened = {
        tuple(key): events
        for *key, events in rows.execute("FROM audit_range_listened ORDER BY ALL").fetchall()
    }
    found: dict[tuple[int, int], tuple[MeterEnds, ...]] = {}
    for partition, begin, meter_id in sorted({*ends, *listened}):
        key = (partition, begin, meter_id)
        each = MeterEnds(meter_id, listened.get(key, 0), ends.get(key, {}))
        found[partition, begin] = (*found.get((partition, begin), ()), each)
    return found


def _range(
    span: tuple[int, int, int, int],
    fates: list[tuple[str, str | None, int, int]],
    meters: tuple[MeterEnds, ...],
) -> RangeCounts:
    partition, begin, end, records = span
    totals: dict[str, int] = {}
    for fate, _, events, _ in fates:
        totals[fate] = totals.get(fate, 0) + events
    return RangeCounts(
        kafka_partition=partition,
        begin_offset=begin,
        end_offset=end,
        records=records,
        batch_events=sum(in_batches for *_, in_batches in fates),
        fates=totals,
        rejected={reason: events for _, reason, events, _ in fates if reason is not None},
        meters=meters,
    )


def find_gaps(rows: duckdb.DuckDBPyConnection) -> tuple[Gap, ...]:
    """Return the offsets that the archive lacks below its last ones, after `count_ranges`."""
    found = rows.execute("FROM audit_gaps ORDER BY ALL").fetchall()
    return tuple(Gap(*row) for row in found)


def find_conflicts(rows: duckdb.DuckDBPyConnection) -> tuple[Conflict, ...]:
    """Return the records that repeat an identity with other content. They are no differences."""
    return tuple(Conflict(*row) for row in rows.execute(_CONFLICTS).fetchall())


def find_contradictions(rows: duckdb.DuckDBPyConnection) -> Iterator[Difference]:
    """Yield the places that the archive has twice with two contents; the first read one counted."""
    found = rows.execute(
        "SELECT kafka_partition, kafka_offset, contents FROM audit_repeated_places"
        " WHERE contents > 1 ORDER BY ALL"
    ).fetchall()
    for partition, offset, contents in found:
        place = (EventPlace("", "", partition, offset),)
        yield _in_archive(
            "contradicting_records",
            f"one record at partition {partition}, offset {offset}",
            f"{contents} contents",
            place,
        )


def find_broken_laws(counts: tuple[RangeCounts, ...]) -> Iterator[Difference]:
    """Yield the ranges of which something has no fate, or more than one."""
    for each in counts:
        where = (
            f"partition {each.kafka_partition}, offsets {each.begin_offset} to {each.end_offset}"
        )
        if not each.holds:
            expected = f"{where}: {each.records + each.batch_events} records and events"
            yield _in_archive("broken_law", expected, f"{sum(each.fates.values())} with a fate")
        for meter in each.meters:
            if not meter.holds:
                expected = f"{where}, meter {meter.meter_id}: {meter.events} events"
                found = f"{sum(meter.ends.values())} with an end"
                yield _in_archive("broken_law", expected, found)


def gap_difference(gap: Gap, found: str) -> Difference:
    """Return the difference that a gap is, of which nobody knows that it held no record."""
    where = f"partition {gap.kafka_partition}, offsets {gap.begin_offset} to {gap.end_offset}"
    return _in_archive("unexplained_gap", f"{where}: every record of the topic", found)


def _in_archive(
    kind: str, expected: str, found: str, events: tuple[EventPlace, ...] = ()
) -> Difference:
    nothing = (None,) * 6
    why = "place" if events else ""
    return Difference(kind, "raw_events", *nothing, expected, found, events, 0, why)
