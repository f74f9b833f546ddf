"""One run of the audit, from the tables to what it found."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from duckdb import DuckDBPyConnection

from audit.comparing import (
    compare_usage,
    find_reject_differences,
    find_row_differences,
    find_waited_differences,
)
from audit.comparing_aside import compare_aside, find_aside_differences
from audit.conserving import (
    count_ranges,
    find_broken_laws,
    find_conflicts,
    find_contradictions,
    find_gaps,
    gap_difference,
)
from audit.difference import Difference
from audit.judging import EPOCH
from audit.recomputing import judge_records, meter_usage
from audit.repeating import find_repeats_beyond_horizon
from audit.settling import leave_out_settled
from iceberg.auditing import AuditedTables, open_audit
from iceberg.cutting import Cut
from jobs.reconciling.explaining_gaps import explain_gaps
from jobs.reconciling.reading_rules import instant_of, read_rules, read_unjudged, read_watermark
from jobs.reconciling.reconciliation import Reconciliation, ToldGap, Wanted
from jobs.settings import Settings

_COUNTED = ("row_differences", "waited_differences", "aside_differences", "reject_differences")


class NoCutError(Exception):
    """The job has not committed yet what could be compared; the message is one line."""


def reconcile(settings: Settings, tables: AuditedTables, wanted: Wanted) -> Reconciliation:
    """Recompute usage from the archive, and hold the tables against it.

    Args:
        settings: The job's.
        tables: Where they are.
        wanted: What to look at.

    Raises:
        NoCutError: There is no checkpoint that all tables have reached.
        BrokenRowsError: Two rows of running usage have one identity and differ.
    """
    cut = tables.find_cut(settings.kafka.partitions)
    if cut is None:
        raise NoCutError(
            f"{settings.catalog.namespace}: expected a checkpoint that closed_usage,"
            " usage_corrections, metering_windows and raw_events have all reached, found none;"
            " let the job run on"
        )
    with (
        TemporaryDirectory(prefix="meterclose-audit-") as folder,
        closing(open_audit(Path(folder), wanted.memory_mb)) as rows,
    ):
        tables.load_found(rows, cut)
        rules = read_rules(rows, settings)
        judge_records(rows, tables.archive(cut), rules)
        watermark = read_watermark(rows, settings)
        rules = replace(rules, clocks=replace(rules.clocks, watermark=watermark))
        meter_usage(rows, rules, wanted.buckets)
        settled = min(settled_until(settings, cut), watermark)
        compare_usage(rows, settled)
        unjudged = read_unjudged(rows, settings)
        compare_aside(rows, unjudged)
        leave_out_settled(rows)
        horizon = timedelta(days=settings.metering.dedupe_ttl_days)
        repeats = find_repeats_beyond_horizon(rows, rules, horizon, settled, unjudged)
        _narrow(rows, wanted)
        counts = count_ranges(rows, wanted.ranges)
        known = frozenset(tables.explained_gaps().gaps)
        gaps = explain_gaps(settings.kafka, find_gaps(rows), known)
        differences = (
            *find_row_differences(rows, wanted.most, repeats),
            *find_waited_differences(rows, wanted.most, repeats),
            *find_aside_differences(rows, wanted.most, repeats),
            *find_reject_differences(rows, wanted.most),
            *_in_archive(rows, gaps, wanted.most),
            *find_broken_laws(counts),
        )
        return Reconciliation(
            checkpoint_id=cut.checkpoint_id,
            snapshot_ids=cut.snapshot_ids,
            settled=None if settled == EPOCH else settled,
            watermark=watermark,
            rows_recomputed=_number(rows, "audit_rows"),
            counts=counts,
            gaps=gaps,
            conflicts=find_conflicts(rows),
            repeats=repeats,
            repeated_commits=tuple(
                (name, f"{repeated.kind} {repeated.name}")
                for name, repeated in tables.repeated_commits()
            ),
            repeated_places=_number(rows, "audit_repeated_places"),
            differences=differences,
            difference_count=_count(rows, gaps, differences),
        )


def settled_until(settings: Settings, cut: Cut) -> datetime:
    """Return the log time up to which every row that was due has come by a cut.

    The watermark follows the log time that had been read when the checkpoint before was made, by
    the slack; timers may be spread by the jitter of closes.
    """
    if cut.received_until_us is None:
        return EPOCH
    metering = settings.metering
    late_us = metering.watermark_slack_ms * 1000 + metering.close_jitter_s * 1_000_000
    return max(EPOCH, instant_of(cut.received_until_us - late_us))


def _narrow(rows: DuckDBPyConnection, wanted: Wanted) -> None:
    """Leave out the differences that nobody asked for."""
    asked = {"accounts": [*wanted.accounts]}
    if wanted.accounts:
        for table in _COUNTED[:3]:
            rows.execute(
                f"DELETE FROM {table} WHERE NOT list_contains($accounts, account_id)",  # noqa: S608
                asked,
            )
    columns = (
        ("row_differences", "period_start"),
        ("waited_differences", "event_window_start"),
        ("aside_differences", "since"),
    )
    for instant, condition in ((wanted.since, "<"), (wanted.until, ">=")):
        for table, column in columns if instant is not None else ():
            rows.execute(
                f"DELETE FROM {table} WHERE {column} {condition} ?",  # noqa: S608 - names of ours
                [instant],
            )


def _in_archive(
    rows: DuckDBPyConnection, gaps: tuple[ToldGap, ...], most: int
) -> Iterator[Difference]:
    unexplained = (gap_difference(each.gap, each.why) for each in gaps if not each.is_explained)
    return islice(chain(find_contradictions(rows), unexplained), most)


def _count(
    rows: DuckDBPyConnection, gaps: tuple[ToldGap, ...], differences: tuple[Difference, ...]
) -> int:
    """Return how many differences there are, those that are not told one by one included."""
    in_tables = sum(_number(rows, table) for table in _COUNTED)
    contradicting = _number(rows, "audit_repeated_places WHERE contents > 1")
    unexplained = sum(not each.is_explained for each in gaps)
    broken = sum(each.kind == "broken_law" for each in differences)
    return in_tables + contradicting + unexplained + broken


def _number(rows: DuckDBPyConnection, table: str) -> int:
    (number,) = rows.execute(f"SELECT count(*) FROM {table}").fetchall()[0]  # noqa: S608
    return int(number)
