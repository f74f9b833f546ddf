"""The report as a whole, and what in it does not add up."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from duckdb import DuckDBPyConnection

from iceberg.checking import TableState
from jobs.reporting.alerts import Alert, read_alerts
from jobs.reporting.brought_back import count_without_source, read_brought_back
from jobs.reporting.conflicts import read_conflicts
from jobs.reporting.corrections import Corrections, read_corrections
from jobs.reporting.fates import Fates, read_fates
from jobs.reporting.manifest import Comparison, compare
from jobs.reporting.usage import Usage, read_usage
from schemas.brought_back_usage import BroughtBackUsage
from schemas.instant import to_text
from schemas.meter import Meter

_INSTANTS = ("_start_us", "_end_us", "_time_us", "_at_us", "reached_us")


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that `show_usage` shows.

    Attributes:
        usage: By account, period and meter.
        corrections: Of closed periods.
        alerts: Thresholds of budgets that were reached.
        brought_back: What people brought back of expired and unassigned usage; part of `usage`.
        fates: Of every record and event, whatever account was asked for.
        published: Beside what the publisher says; empty without its manifest.
        tables: Where the rows are, and how many.
        problems: One line for each thing that does not add up; empty where all is well.
    """

    usage: tuple[Usage, ...]
    corrections: Corrections
    alerts: tuple[Alert, ...]
    brought_back: tuple[BroughtBackUsage, ...]
    fates: Fates
    published: tuple[Comparison, ...]
    tables: tuple[TableState, ...]
    problems: tuple[str, ...]


def build_report(
    rows: DuckDBPyConnection,
    tables: Sequence[TableState],
    meters: Sequence[Meter],
    kinds: Mapping[str, int] | None,
    account_id: str | None,
) -> Report:
    """Read the report from the tables.

    Args:
        rows: From `iceberg.reading.open_rows`, with what `read_conflicts` needs.
        tables: From `iceberg.checking.read_states`.
        meters: The configured ones.
        kinds: Number of records by kind, from the publisher's manifest, if there is one.
        account_id: Narrows usage, corrections, alerts and what was brought back to one account;
            None for all.

    Raises:
        BrokenRowsError: Corrections do not add up.
    """
    fates = read_fates(rows, meters, len(read_conflicts(rows)))
    without_source = count_without_source(rows)
    published = () if kinds is None else compare(fates, kinds)
    return Report(
        usage=read_usage(rows, account_id),
        corrections=read_corrections(rows, account_id),
        alerts=read_alerts(rows, account_id),
        brought_back=read_brought_back(rows, account_id),
        fates=fates,
        published=published,
        tables=tuple(tables),
        problems=(
            *_problems(fates, published),
            *_strays(without_source),
            *_repeats(tables),
        ),
    )


def _problems(fates: Fates, published: Sequence[Comparison]) -> list[str]:
    problems = [
        f"{each.fate}: {each.published:,} published, {each.found:,} found"
        for each in published
        if each.published != each.found
    ]
    for part in fates.partitions:
        if part.records != part.end_offset - part.begin_offset:
            problems.append(
                f"raw_events: partition {part.kafka_partition} has {part.records:,} records at"
                f" offsets {part.begin_offset:,} to {part.end_offset - 1:,}"
            )
    if fates.unreadable:
        problems.append(f"raw_events: {fates.unreadable:,} records neither rejected nor readable")
    if fates.not_archived:
        problems.append(f"rejected_events: {fates.not_archived:,} rows that raw_events lacks")
    for meter in fates.meters:
        if meter.open is not None and meter.open < 0:
            problems.append(f"{meter.meter_id}: {-meter.open:,} more events metered than received")
    return problems


def _strays(without_source: int) -> list[str]:
    line = f"brought_back_usage: {without_source:,} rows whose source row is not there"
    return [line] if without_source else []


def _repeats(tables: Sequence[TableState]) -> list[str]:
    return [
        f"{table.name}: {repeat.kind} {repeat.name} was committed {len(repeat.snapshot_ids)} times;"
        " readers take each row once"
        for table in tables
        for repeat in table.repeated
    ]


def to_json(report: Any) -> dict[str, object]:
    """Return the report, or one shape of it, as plain JSON.

    Decimals become text, as they are exact; a period's bounds and other instants become RFC 3339
    under their name without `_us`; durations stay integer microseconds.
    """
    return _members(report)


def _members(shape: Any) -> dict[str, object]:
    members: dict[str, object] = {}
    for field in dataclasses.fields(shape):
        content = getattr(shape, field.name)
        if field.name.endswith(_INSTANTS) and content is not None:
            members[field.name.removesuffix("_us")] = to_text(content)
        else:
            members[field.name] = _json(content)
    return members


def _json(value: object) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, tuple):
        return [_json(each) for each in value]
    return _members(value) if dataclasses.is_dataclass(value) else value


def plain(quantity: Decimal, form: str = "f") -> str:
    """Return a decimal in full, without zeros that say nothing: `12.5`, `1000`.

    Args:
        quantity: Any finite decimal; it is not rounded.
        form: `f`, or `,f` to group the digits.
    """
    text = format(quantity, form)
    return text.rstrip("0").rstrip(".") if "." in text else text
