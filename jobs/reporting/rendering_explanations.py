"""Shows an explanation for people as a tree of tables, and as members of JSON."""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table as TextTable
from rich.text import Text
from rich.tree import Tree

from jobs.proofs.explanation import (
    ExplainedCharge,
    ExplainedEvent,
    ExplainedLine,
    ExplainedRow,
    Explanation,
)
from jobs.reporting.amounts import grouped_text
from schemas.instant import to_text
from schemas.statement import LineKind
from udfs.aggregating import plain_text

_SHOWN_EVENTS = 10


def explanation_members(explanation: Explanation) -> dict[str, Any]:
    """Return an explanation as JSON has it: decimals as text, instants as RFC 3339."""
    members: dict[str, Any] = _members(explanation)
    return members


def _members(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {
            each.name.removesuffix("_us"): _instant(each.name, getattr(value, each.name))
            for each in fields(value)
        }
    if isinstance(value, tuple):
        return [_members(each) for each in value]
    if isinstance(value, Decimal):
        return plain_text(value)
    return str(value) if isinstance(value, Fraction) else value


def _instant(name: str, value: Any) -> Any:
    return to_text(value) if name.endswith("_us") and value is not None else _members(value)


def print_explanation(console: Console, explanation: Explanation, every_event: bool) -> None:
    """Print an explanation as a tree.

    Args:
        console: Where to.
        explanation: What to print.
        every_event: False prints the first ten events of each row.
    """
    invoice = explanation.invoice
    if invoice is None:
        for each in explanation.charges:
            console.print(_charge_tree(each, every_event))
    else:
        currency = invoice.terms.currency
        name = invoice.number or invoice.invoice_id
        payable = grouped_text(invoice.payable_minor, currency)
        title = f"{invoice.kind.replace('_', ' ')} {name} of {invoice.terms.account_id}: {payable}"
        tree = Tree(Text(f"{title} {currency}, {invoice.state}"))
        for line in explanation.lines:
            tree.add(_line_tree(line, currency, every_event))
        console.print(tree)
    if not explanation.faults:
        console.print(Text("All of it adds up.", style="bold"))


def _line_tree(explained: ExplainedLine, currency: str, every_event: bool) -> Tree:
    line = explained.line
    amount = f"{grouped_text(line.amount_minor, currency)} {currency}"
    tree = Tree(Text(f"line {explained.number}: {line.kind} {line.line_id}, {amount}"))
    for each in explained.charges:
        tree.add(_charge_tree(each, every_event))
    return tree


def _charge_tree(explained: ExplainedCharge, every_event: bool) -> Tree:
    charge = explained.charge
    amount = grouped_text(charge.amount_minor, charge.currency)
    total = grouped_text(charge.total_minor, charge.currency)
    period = f"{to_text(charge.period_start_us)} to {to_text(charge.period_end_us)}"
    head = [
        f"charge {charge.charge_id}, revision {charge.revision}: {amount} {charge.currency}",
        f"{charge.kind} {charge.line_id} of {charge.account_id}, {period} ({charge.timezone})",
        f"by rate card {charge.card_id}, version {charge.card_version}",
    ]
    steps = _table(("step", 0), ("quantity", 1), ("price", 1), ("amount", 1))
    for each in explained.steps:
        price = "" if each.unit_price is None else plain_text(each.unit_price)
        steps.add_row(Text(each.label), plain_text(each.quantity), price, _amount(each.amount))
    steps.add_section()
    steps.add_row(f"all revisions up to {charge.revision}", "", "", f"{total} {charge.currency}")
    tree = Tree(Group(Text("\n".join(head)), steps))
    if charge.kind is not LineKind.USAGE:
        return tree
    for row in explained.rows:
        tree.add(_row_tree(row, every_event))
    return tree


def _row_tree(row: ExplainedRow, every_event: bool) -> Tree:
    what = "brought back" if row.revision is None else f"revision {row.revision}"
    seal = "not sealed" if row.root is None else f"seal {row.root}"
    head = [
        f"{row.table} {row.row_id}, {what}, {row.dimensions}, log time up to {to_text(row.due_us)}",
        f"adds {plain_text(row.quantity_delta)} {row.unit} of {row.event_count_delta} events,"
        f" now {plain_text(row.quantity)} of {row.event_count}",
        seal,
    ]
    tree = Tree(Text("\n".join(head)))
    if row.windows:
        tree.add(_windows_table(row))
    shown = row.events if every_event else row.events[:_SHOWN_EVENTS]
    parts: list[RenderableType] = [_events_table(shown)] if shown else []
    if len(shown) < len(row.events):
        parts.append(Text(f"... {len(row.events) - len(shown):,} more events (--all-events)"))
    if parts:
        tree.add(Group(*parts))
    return tree


def _windows_table(row: ExplainedRow) -> TextTable:
    """Return the windows, or what they come to where they are many."""
    table = _table(("window from", 0), ("width", 1), ("log window to", 0), ("events", 1))
    for each in row.windows[:_SHOWN_EVENTS]:
        table.add_row(
            to_text(each.event_window_start_us),
            f"{each.event_window_s} s",
            to_text(each.log_window_end_us),
            f"{each.event_count:,}",
        )
    if len(row.windows) > 1:
        table.add_section()
        count = sum(each.event_count for each in row.windows)
        table.add_row(f"{len(row.windows):,} windows", "", "", f"{count:,}")
    return table


def _events_table(events: Sequence[ExplainedEvent]) -> TextTable:
    names = (("event", 0), ("of", 0), ("time", 0), ("received", 0), ("place", 0), ("quantity", 1))
    table = _table(*names)
    for each in events:
        index = "" if each.batch_index is None else f"/{each.batch_index}"
        taken = " (taken back)" if each.is_retraction else ""
        table.add_row(
            Text(f"{each.event_id}{taken}"),
            Text(each.source),
            to_text(each.event_time_us),
            to_text(each.log_time_us),
            f"{each.kafka_partition}/{each.kafka_offset}{index}",
            plain_text(each.quantity),
        )
    return table


def _amount(exact: Fraction) -> str:
    """Return an exact amount: a decimal where it is one."""
    digits = 12
    scaled = exact * 10**digits
    if scaled.denominator != 1:
        return str(exact)
    return plain_text(Decimal(scaled.numerator).scaleb(-digits))


def _table(*columns: tuple[str, int]) -> TextTable:
    table = TextTable(box=box.SIMPLE, padding=(0, 1, 0, 0))
    for name, is_number in columns:
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    return table
