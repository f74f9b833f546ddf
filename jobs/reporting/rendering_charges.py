"""Shows charges for people, and what a pricing run did."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as TextTable

from jobs.pricing.running import PricingReport
from jobs.reporting.amounts import grouped_text
from jobs.reporting.rendering_freezes import frozen_line
from schemas.instant import EPOCH, MICROSECOND, to_text
from udfs.aggregating import plain_text

_SUMS = {
    "usage": "usage_minor",
    "fees": "fees_minor",
    "minimum": "bounds_minor",
    "discounts": "discounts_minor",
    "credit": "credits_minor",
    "total": "total_minor",
    "corrected": "corrected_minor",
}
"""Columns of the sums by their names; those of no account are left out."""


def print_pricing(console: Console, report: PricingReport) -> None:
    """Print a run's report, a line each."""

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    for run_id in report.finished_run_ids:
        say(f"run {run_id} had died and is finished now")
    if report.until_us is None:
        say("no usage yet: the metering job has not made two checkpoints of every table")
        return
    say(f"usage priced up to {to_text(report.until_us)}, {report.accounts:,} accounts")
    if report.frozen:
        say(frozen_line(report.frozen))
    if report.run_id is None:
        say("nothing to charge: all of it was charged before")
        return
    say(f"run {report.run_id}: {report.charges:,} charges")
    for currency, amount_minor in sorted((report.amount_minor or {}).items()):
        say(f"  {grouped_text(amount_minor, currency)} {currency}")


def print_sums(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print what each account was charged.

    Args:
        console: Where to.
        rows: From `iceberg.charge_sums.sum_charges`.
    """
    if not rows:
        console.print("Nothing was charged yet.")
        return
    for currency in sorted({row["currency"] for row in rows}):
        _print_currency(console, currency, [row for row in rows if row["currency"] == currency])


def _print_currency(console: Console, currency: str, rows: Sequence[Mapping[str, Any]]) -> None:
    shown = {title: name for title, name in _SUMS.items() if any(row[name] for row in rows)}
    title = f"Charges by account, {currency}; what was corrected is part of the total"
    table = _table(title, ("account",), shown)
    for row in rows:
        amounts = [_amount(row[name], currency) for name in shown.values()]
        table.add_row(escape(row["account_id"]), *amounts)
    console.print(table)


def print_account(console: Console, account_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the charges of an account, a row each.

    Args:
        console: Where to.
        account_id: Whose they are.
        rows: From `iceberg.charge_sums.list_charges`.
    """
    currencies = ", ".join(sorted({row["currency"] for row in rows}))
    table = _table(
        f"Charges of {account_id}, {currencies or 'none'}",
        ("period from", "for", "line", "of"),
        ("quantity", "amount", "rev.", "due", "card"),
    )
    for row in rows:
        zone = ZoneInfo(row["timezone"])
        quantity = f"{plain_text(row['quantity'])} {row['unit']}" if row["quantity"] else ""
        table.add_row(
            _day(row["period_start_us"], zone),
            row["kind"],
            escape(row["line_id"]),
            escape(row["product"] if row["group"] == "{}" else row["group"]),
            escape(quantity),
            _amount(row["amount_minor"], row["currency"]),
            str(row["revision"]),
            _day(row["due_us"], zone),
            str(row["card_version"]),
        )
    console.print(table)


def _amount(amount_minor: int | None, currency: str) -> str:
    return grouped_text(amount_minor, currency) if amount_minor else ""


def _day(instant_us: int, zone: ZoneInfo) -> str:
    local: datetime = (EPOCH + instant_us * MICROSECOND).astimezone(zone)
    return local.date().isoformat()


def _table(title: str, texts: Iterable[str], amounts: Iterable[str]) -> TextTable:
    table = TextTable(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE, padding=(0, 1, 0, 0)
    )
    for name in texts:
        table.add_column(name, no_wrap=True)
    for name in amounts:
        table.add_column(name, justify="right", no_wrap=True)
    return table
