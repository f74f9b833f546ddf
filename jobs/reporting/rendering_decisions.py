"""Prints what people decide on: usage that counts nowhere, and what was brought back of it."""

from collections.abc import Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as TextTable

from jobs.reporting.report import plain
from schemas.brought_back_usage import BroughtBackUsage, SourceRow
from schemas.instant import EPOCH, MICROSECOND, to_text
from schemas.usage_row import ExpiredUsage


def print_brought_back(console: Console, rows: Sequence[BroughtBackUsage]) -> None:
    """Print what people brought back, with who and why; nothing where there is nothing.

    Args:
        console: Where to.
        rows: What to print.
    """
    if not rows:
        return
    texts = ("account", "meter", "period from", "quantity", "events", "by", "reason", "on")
    table = _table("Brought back by people: expired or unassigned usage that counts again", texts)
    for each in rows:
        table.add_row(
            escape(each.account_id),
            escape(each.meter_id),
            _local_day(each.period_start_us, each.timezone),
            _quantity(each.quantity),
            f"{each.event_count:,}",
            escape(each.decided_by),
            escape(each.reason),
            _day(each.decided_at_us),
        )
    console.print(table)


def print_pending(console: Console, rows: Sequence[SourceRow]) -> None:
    """Print the rows that nobody has brought back, with the ids by which one is.

    Args:
        console: Where to; ids need 32 columns.
        rows: What to print.
    """
    if not rows:
        console.print("Nothing waits: no usage expired or was unassigned, or all was brought back.")
        return
    texts = ("row", "account", "meter", "period or reason", "quantity", "received")
    table = _table("Usage that counts nowhere until a person decides", texts)
    for each in rows:
        why = str(each.reason) if not isinstance(each, ExpiredUsage) else _from(each)
        table.add_row(
            escape(each.row_id),
            escape(each.account_id),
            escape(each.meter_id),
            why,
            f"{_quantity(each.quantity)} {escape(each.unit)}",
            _day(each.last_log_time_us),
        )
    console.print(table)


def _table(title: str, texts: Sequence[str]) -> TextTable:
    table = TextTable(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE, padding=(0, 1, 0, 0)
    )
    for name in texts:
        is_whole = name in ("row", "period from", "received", "on")
        table.add_column(name, no_wrap=is_whole, overflow="fold")
    return table


def _from(row: ExpiredUsage) -> str:
    return f"from {_local_day(row.period_start_us, row.timezone)}"


def _day(instant_us: int) -> str:
    return to_text(instant_us)[:10]


def _local_day(instant_us: int, timezone: str) -> str:
    moment = EPOCH + instant_us * MICROSECOND
    return moment.astimezone(ZoneInfo(timezone)).date().isoformat()


def _quantity(quantity: Decimal) -> str:
    return plain(quantity, ",f")
