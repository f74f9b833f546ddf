"""Shows a reconciliation of charges for people: each equation with its sides, and what differs."""

from collections.abc import Sequence
from fractions import Fraction

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as TextTable

from audit.books.differences import Difference, Equation, WaitingUsage
from audit.prices.charges import Comparison
from jobs.reconciling.charge_reconciliation import ChargeReconciliation
from jobs.reporting.amounts import grouped_text
from jobs.reporting.report import plain
from schemas.instant import to_text
from schemas.money import MINOR_DIGITS

_SHOWN = 40


def print_reconciliation(console: Console, found: ChargeReconciliation) -> None:
    """Print what was compared and what came of it."""
    _say(console, _what(found))
    for name in found.cut.not_kept:
        _say(console, f"{name}: the snapshot that the run has read has expired; read as it is now")
    _print_equations(console, found.equations)
    rows = ", ".join(f"{count:,} {fate}" for fate, count in found.reconciled.explained.items())
    if rows:
        _say(console, f"rows of usage: {rows}")
    for line in waiting_lines(found.reconciled.waiting):
        _say(console, line)
    _print_compared(console, found.compared)
    _print_differences(console, found.differences)
    _say(console, "")
    style = "bold green" if found.holds else "bold red"
    console.print(verdict(found), style=style, highlight=False, soft_wrap=True)


def verdict(found: ChargeReconciliation) -> str:
    """Return the result in one line."""
    equations = found.equations
    held = sum(each.holds for each in equations)
    wrong = sum(found.counts.values())
    priced = f"{found.compared.lines:,} lines priced twice"
    if found.holds:
        return f"{held} equations hold, {priced}, no difference."
    return f"{held} of {len(equations)} equations hold, {priced}, {wrong:,} differences."


def waiting_lines(waiting: WaitingUsage) -> list[str]:
    """Return what waits behind freezes of billing, a line for the periods and one for each meter.

    Nothing is said where nothing waits.
    """
    if not waiting.periods:
        return []
    return [
        f"frozen: {waiting.periods:,} billing periods of {waiting.accounts:,} accounts wait",
        *(
            f"frozen: {plain(used, ',f')} of {meter_id} in {number:,} rows of usage are not charged"
            for meter_id, (number, used) in sorted(waiting.usage.items())
        ),
    ]


def _what(found: ChargeReconciliation) -> str:
    if not found.cut.runs:
        return "nothing was priced yet"
    last = found.cut.runs[-1]
    return f"up to run {last.run_id}, which priced usage up to {to_text(last.until_us)}"


def _print_equations(console: Console, equations: Sequence[Equation]) -> None:
    table = _table("Equations")
    table.add_column("equation", overflow="fold")
    table.add_column("of", no_wrap=True)
    table.add_column("left", justify="right", no_wrap=True)
    table.add_column("right", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for each in equations:
        sides = (_side(each, plain(each.left, ",f")), _side(each, plain(each.right, ",f")))
        verdict_of = "[green]holds[/]" if each.holds else "[bold red]differs[/]"
        texts = map(escape, (f"{each.name}: {each.left_is} = {each.right_is}", each.of))
        table.add_row(*texts, *sides, verdict_of)
    console.print(table)


def _side(each: Equation, text: str) -> str:
    if each.of not in MINOR_DIGITS:
        return text
    number = each.left if text == plain(each.left, ",f") else each.right
    return grouped_text(int(number), each.of)


def _print_compared(console: Console, compared: Comparison) -> None:
    _say(
        console,
        f"priced again: {compared.lines:,} lines of {compared.periods:,} periods of accounts",
    )
    for why, number in sorted(compared.not_recomputed.items()):
        _say(console, f"not recomputed: {number:,} periods of accounts: {why}")
    for currency, (covered, whole) in sorted(compared.gross_minor.items()):
        # Rounded down: 100 % says that all of it was.
        share = Fraction(10_000 * covered, whole) // 1 if whole else 10_000
        _say(
            console,
            f"amounts priced again, {currency}: {grouped_text(covered, currency)} of"
            f" {grouped_text(whole, currency)}, {share // 100}.{share % 100:02d} %",
        )


def _print_differences(console: Console, differences: Sequence[Difference]) -> None:
    if not differences:
        return
    table = _table("Differences")
    for name in ("kind", "account", "period from", "expected", "found"):
        table.add_column(name, overflow="fold")
    for each in differences[:_SHOWN]:
        start = "" if each.period_start is None else f"{each.period_start:%Y-%m-%d}"
        texts = (each.kind.value, each.account_id or "", start, each.expected, each.found)
        table.add_row(*map(escape, texts))
    console.print(table)
    if len(differences) > _SHOWN:
        _say(console, f"{len(differences) - _SHOWN:,} more: --json, and in the table")


def _table(title: str) -> TextTable:
    return TextTable(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE, padding=(0, 1, 0, 0)
    )


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
