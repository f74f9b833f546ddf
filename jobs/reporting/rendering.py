"""Prints a report for people: tables and a plot, at most 100 columns wide."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

import plotext
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as TextTable

from jobs.reporting.alerts import Alert
from jobs.reporting.conflicts import Conflict
from jobs.reporting.corrections import Corrections
from jobs.reporting.fates import Fates
from jobs.reporting.report import Report, plain
from jobs.reporting.usage import Usage, meters_of
from schemas.instant import DAY_US, EPOCH, MICROSECOND, to_text

WIDTH = 100
# Periods of an account that are shown: a year of months with both of its stubs, but not of weeks.
_SHOWN_PERIODS = 14
_ENDS = 3
_METERS_ABREAST = 6
_MARKS = ("closed", "corrected", "expired", "unassigned", "taken back", "rejected")
_PERCENTS_ABREAST = 4
_BROUGHT_BACK = "brought back"


def print_usage(console: Console, report: Report, every_period: bool) -> None:
    """Print usage per account and period, one column for each meter.

    Args:
        console: Where to.
        report: What to print.
        every_period: False leaves out the middle of an account with more than 14 periods.
    """
    meters = list(meters_of(report.usage).items())
    for first in range(0, len(meters), _METERS_ABREAST):
        abreast = meters[first : first + _METERS_ABREAST]
        headings = [f"{meter_id}\n({unit})" for meter_id, unit in abreast]
        table = _table("Metered usage", ["account", "from", "to"], headings)
        for account_id, usage in groupby(report.usage, key=lambda each: each.account_id):
            lines = _period_lines(account_id, usage, [meter_id for meter_id, _ in abreast])
            if len(lines) > _SHOWN_PERIODS and not every_period:
                left_out = f"... {len(lines) - 2 * _ENDS} more"
                lines[_ENDS:-_ENDS] = [[account_id, left_out]]
            for line in lines:
                table.add_row(*line, end_section=line is lines[-1])
        console.print(table)


def _period_lines(
    account_id: str, usage: Iterable[Usage], meters: Sequence[str]
) -> list[list[str]]:
    lines = []
    periods = groupby(usage, key=lambda each: (each.period_start_us, each.period_end_us))
    for (start_us, end_us), in_period in periods:
        present = list(in_period)
        quantities = {each.label: each.quantity for each in present}
        timezone = present[0].timezone
        cells = [_quantity(quantities.get(meter_id)) for meter_id in meters]
        lines.append([account_id, _date(start_us, timezone), _date(end_us, timezone), *cells])
    return lines


def print_plot(console: Console, report: Report) -> None:
    """Print one account's usage of one meter as bars, one for each period.

    The account with the most events, and its meter that counts events, or else its first one.
    """
    if not report.usage:
        return
    events: dict[str, int] = {}
    for each in report.usage:
        events[each.account_id] = events.get(each.account_id, 0) + each.event_count
    account_id = max(events, key=lambda name: events[name])
    of_account = [each for each in report.usage if each.account_id == account_id]
    by_count = [each for each in of_account if each.aggregation == "count"] or of_account
    label = max(by_count, key=lambda each: each.event_count).label
    shown = [each for each in of_account if each.label == label]
    figure = plotext.figure
    figure.clear()
    figure.plot_size(WIDTH, 14)
    figure.theme("colorless")
    figure.title(f"{account_id}: {label} per billing period, by its first day")
    days = [_date(each.period_start_us, each.timezone) for each in shown]
    top = max(each.quantity for each in shown) or Decimal(1)
    # The plot gets no quantity, only its share of the largest: plotext counts in floats.
    figure.draw(figure.bar(days, [int(1000 * each.quantity / top) for each in shown], width=0.6))
    figure.ruler("y").ticks([0, 500, 1000], ["0", _quantity(top / 2), _quantity(top)])
    console.print(plotext.uncolorize(str(figure.build())), highlight=False, markup=False)


def print_corrections(console: Console, corrections: Corrections) -> None:
    """Print what changed after periods had closed, and how late its cause was received."""
    if not corrections.by_meter:
        console.print("Corrections: none. Nothing was received after a period's cut.\n")
        return
    days = [bound_us // DAY_US for bound_us in corrections.class_bounds_us]
    between = [f"{lower}-{upper} d" for lower, upper in pairwise([0, *days])]
    title = "Corrections, caused by events received so long after their period's cut"
    table = _table(
        title, ["meter"], ["rows", "periods", "events", *between, f"> {days[-1]} d", "latest"]
    )
    for each in corrections.by_meter:
        counts = (each.corrections, each.periods, each.late_events, *each.late_events_by_class)
        table.add_row(each.meter_id, *map(_number, counts), _duration(each.most_late_us))
    console.print(table)
    table = _table(
        "The largest correction of each meter",
        ["meter", "account", "period of", "dimensions"],
        ["before", "after", "events", "late by"],
    )
    for large in corrections.largest:
        table.add_row(
            large.meter_id,
            large.account_id,
            _date(large.period_start_us, large.timezone),
            large.dimensions,
            _quantity(large.quantity_before),
            _quantity(large.quantity_after),
            _number(large.late_events),
            _duration(large.late_us),
        )
    console.print(table)


def print_alerts(console: Console, alerts: Sequence[Alert]) -> None:
    """Print when each threshold of a budget was reached: a line for each budget and period.

    What was received after the period's end is marked. The middle of a long list is left out.
    """
    if not alerts:
        console.print("Budget alerts: none. No threshold of a budget was reached.\n")
        return
    percents = sorted({each.threshold_percent for each in alerts})
    for first in range(0, len(percents), _PERCENTS_ABREAST):
        abreast = percents[first : first + _PERCENTS_ABREAST]
        title = "Budget alerts: when a threshold was reached, + after the period's end"
        headings = ["budget", *(f"{percent} %" for percent in abreast)]
        table = _table(title, ["account", "meter", "period of"], headings)
        for _, of_budget in groupby(alerts, key=_budget_of):
            lines = _alert_lines(of_budget, abreast)
            if len(lines) > 2 * _ENDS + 1:
                left_out = f"... {len(lines) - 2 * _ENDS} more"
                lines[_ENDS:-_ENDS] = [[*lines[0][:2], left_out]]
            for line in lines:
                table.add_row(*line, end_section=line is lines[-1])
        console.print(table)


def _budget_of(alert: Alert) -> tuple[str, str]:
    return alert.account_id, alert.meter_id


def _alert_lines(alerts: Iterable[Alert], percents: Sequence[int]) -> list[list[str]]:
    lines = []
    for (start_us, budget_quantity), in_period in groupby(
        alerts, key=lambda each: (each.period_start_us, each.budget_quantity)
    ):
        present = list(in_period)
        days = {
            each.threshold_percent: _date(each.reached_us, each.timezone) + "+" * each.is_late
            for each in present
        }
        first = present[0]
        names = [first.account_id, first.meter_id, _date(start_us, first.timezone)]
        cells = [days.get(percent, "-") for percent in percents]
        lines.append([*names, f"{_quantity(budget_quantity)} {first.unit}", *cells])
    return lines


def print_fates(console: Console, report: Report) -> None:
    """Print what became of every record, then of each meter's events."""
    fates = report.fates
    published = {each.fate: _number(each.published) for each in report.published}
    columns = ["records", "published"] if published else ["records"]
    table = _table("Every record by its fate", ["fate"], columns)
    for fate, number in _fate_lines(fates):
        table.add_row(fate, _number(number), *([published.get(fate, "")] if published else []))
    console.print(table)
    # One column more where somebody brought something back; then two words take two lines.
    decided = [_BROUGHT_BACK] if any(each.brought_back for each in fates.meters) else []
    marks = [*_MARKS[:-1], *decided, _MARKS[-1]]
    table = _table(
        "Distinct events of each meter",
        ["meter"],
        ["events", *(mark.replace(" ", "\n") if decided else mark for mark in marks), "open"],
    )
    for each in fates.meters:
        counts = [getattr(each, name.replace(" ", "_")) for name in marks]
        table.add_row(
            each.meter_id, _number(each.events), *map(_number, counts), _number(each.open)
        )
    console.print(table)
    for rejections in fates.rejected_for_a_meter:
        console.print(
            f"  {rejections.meter_id} rejects {rejections.events:,}: {rejections.reason}",
            highlight=False,
        )
    console.print()


def _fate_lines(fates: Fates) -> list[tuple[str, int]]:
    lines = [("counted", fates.counted), ("duplicates", fates.duplicates)]
    lines.append(("  of other content", fates.conflicts))
    lines.append(("rejected", fates.rejected_records))
    lines += [(f"  {reason}", number) for reason, number in fates.rejected.items()]
    lines.append(("heartbeats", fates.heartbeats))
    if fates.retractions:
        lines.append(("retractions", fates.retractions))
        lines.append(("  without effect", fates.retractions_without_effect))
    if fates.batches:
        lines.append(("batches", fates.batches))
        lines.append(("  events in them, counted above", fates.batch_events))
    if fates.unreadable:
        lines.append(("unreadable", fates.unreadable))
    return [*lines, ("records", fates.records)]


def print_conflicts(console: Console, conflicts: Sequence[Conflict]) -> None:
    """Print two lines for each conflict: the record that counts, and the one that does not."""
    if not conflicts:
        console.print("Conflicts: none. All records of one identity have the same content.")
        return
    table = _table(
        "Records that have the identity of another, and other content",
        ["source", "id", "record", "partition:offset", "log time", "account", "fingerprint"],
        [],
    )
    for each in conflicts:
        for name, record in (("counted", each.counted), ("ignored", each.ignored)):
            is_first = record is each.counted
            identity = (each.event_source, each.event_id) if is_first else ("", "")
            place = f"{record.kafka_partition}:{record.kafka_offset}"
            place += "" if record.batch_index is None else f":{record.batch_index}"
            cells = (place, to_text(record.log_time_us), record.account_id, record.fingerprint[:12])
            table.add_row(*map(escape, (*identity, name, *cells)), end_section=not is_first)
    console.print(table)
    console.print(f"Conflicts: {len(conflicts):,}. The first record of an identity counts.")


def print_tables(console: Console, report: Report) -> None:
    """Print where the tables are and what they hold."""
    table = _table("Tables", ["table"], ["rows", "files", "MB", "snapshots"])
    for each in report.tables:
        megabytes = f"{each.size_bytes / 1e6:,.1f}"
        counts = (each.rows, each.data_files)
        table.add_row(each.name, *map(_number, counts), megabytes, _number(each.snapshots))
    console.print(table)


def _table(title: str, texts: Sequence[str], numbers: Sequence[str]) -> TextTable:
    table = TextTable(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE, padding=(0, 1, 0, 0)
    )
    for name in texts:
        table.add_column(name, no_wrap=True, overflow="ellipsis")
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True, overflow="ellipsis")
    return table


def _number(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def _quantity(quantity: Decimal | None) -> str:
    return "-" if quantity is None else plain(quantity, ",f")


def _date(instant_us: int, timezone: str) -> str:
    moment = EPOCH + instant_us * MICROSECOND
    return moment.astimezone(ZoneInfo(timezone)).date().isoformat()


def _duration(duration_us: int) -> str:
    duration = timedelta(microseconds=duration_us)
    hours, _ = divmod(duration.seconds, 3600)
    return f"{duration.days} d {hours} h"
