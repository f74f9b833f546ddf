"""Prints what the audit found, for people."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as TextTable

from audit.difference import REPEAT_BEYOND_HORIZON, Difference
from jobs.reconciling.reconciliation import Reconciliation
from jobs.reconciling.telling import event_text, subject_text
from schemas.instant import to_text, to_us

_SHOWN = 50
_FATES = ("counted", "duplicate", "conflict", "rejected", "retraction", "heartbeat", "batch")
_ENDS = (
    "closed",
    "corrected",
    "expired",
    "unassigned",
    "brought_back",
    "taken_back",
    "rejected",
    "open",
)


def print_reconciliation(console: Console, found: Reconciliation) -> None:
    """Print the law by range, what was noticed, and each difference.

    Args:
        console: Where to.
        found: What one run found.
    """
    _print_records(console, found)
    _print_meters(console, found)
    _print_noticed(console, found)
    _print_differences(console, found.differences)
    settled = "none yet" if found.settled is None else to_text(to_us(found.settled))
    console.print(
        f"Checkpoint {found.checkpoint_id}; rows due until {settled} must be there;"
        f" {found.rows_recomputed:,} rows were worked out from {found.records:,} records."
    )
    if found.difference_count:
        repeats = sum(each.kind == REPEAT_BEYOND_HORIZON for each in found.differences)
        of_them = f", {repeats:,} by repeats beyond the horizon" if repeats else ""
        console.print(f"{found.difference_count:,} differences{of_them}.", style="bold red")
    else:
        console.print("No differences.", style="bold green")


def _print_records(console: Console, found: Reconciliation) -> None:
    table = _table("Records by partition and offsets", ("part.", "from", "to"))
    for name in ("records", "in batches", *_FATES):
        table.add_column(name, justify="right")
    for each in found.counts:
        numbers = [each.records, each.batch_events, *(each.fates.get(name, 0) for name in _FATES)]
        span = (each.kafka_partition, each.begin_offset, each.end_offset)
        table.add_row(*map(str, span), *(f"{number:,}" for number in numbers))
    console.print(table)


def _print_meters(console: Console, found: Reconciliation) -> None:
    """Print where counted events ended, over all ranges."""
    events: dict[str, int] = {}
    ends: dict[str, dict[str, int]] = {}
    for each in found.counts:
        for meter in each.meters:
            events[meter.meter_id] = events.get(meter.meter_id, 0) + meter.events
            own = ends.setdefault(meter.meter_id, {})
            for name, number in meter.ends.items():
                own[name] = own.get(name, 0) + number
    table = _table("Counted events by meter", ("meter",))
    for name in ("events", *_ENDS):
        table.add_column(name.replace("_", " "), justify="right")
    for meter_id in sorted(events):
        numbers = [events[meter_id], *(ends[meter_id].get(name, 0) for name in _ENDS)]
        table.add_row(escape(meter_id), *(f"{number:,}" for number in numbers))
    console.print(table)


def _print_noticed(console: Console, found: Reconciliation) -> None:
    lines = [f"committed twice: {name}, {what}" for name, what in found.repeated_commits]
    if found.repeated_places:
        lines.append(f"{found.repeated_places:,} records stand in the archive more than once")
    lines += [
        f"gap, partition {each.gap.kafka_partition}, offsets {each.gap.begin_offset} to"
        f" {each.gap.end_offset}: {each.why}"
        for each in found.gaps
        if each.is_explained
    ]
    lines += [
        f"conflict: {each.event_source} {each.event_id}:"
        f" {each.counted_fingerprint} at {each.counted_partition}:{each.counted_offset} counts,"
        f" {each.ignored_fingerprint} at {each.ignored_partition}:{each.ignored_offset} does not"
        for each in found.conflicts
    ]
    _print_lines(console, lines)


def _print_differences(console: Console, differences: Sequence[Difference]) -> None:
    lines = []
    for each in differences:
        where = " ".join(word for word in (each.table, subject_text(each)) if word)
        events = ", ".join(map(event_text, each.events))
        more = f" and {each.more_events:,} more" if each.more_events else ""
        by = f" [{each.explained_by}: {events}{more}]" if events else ""
        line = f"{each.kind}, {where}: expected {each.expected}, found {each.found}{by}"
        lines.append(line)
    _print_lines(console, lines)


def _print_lines(console: Console, lines: Sequence[str]) -> None:
    for line in lines[:_SHOWN]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if len(lines) > _SHOWN:
        console.print(f"... {len(lines) - _SHOWN:,} more: --json has all")


def _table(title: str, texts: Sequence[str]) -> TextTable:
    table = TextTable(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE, padding=(0, 1, 0, 0)
    )
    for name in texts:
        table.add_column(name, overflow="fold")
    return table
