"""Prints balances of the ledger for people."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as TextTable

from schemas.journal import Balance, TrialLine
from udfs.exporting import amount_text


def print_balances(console: Console, moved: Sequence[Balance]) -> None:
    """Print what each day moved on each ledger account, and what it left there.

    Args:
        console: Where to.
        moved: Of one customer; nothing is printed where there is none.
    """
    if not moved:
        return
    table = _table("Balances by day", ("ledger account", "day"), ("change", "balance"))
    for each in moved:
        table.add_row(
            escape(each.ledger_account),
            each.day,
            f"{amount_text(each.change_minor, each.currency)} {each.currency}",
            f"{amount_text(each.balance_minor, each.currency)} {each.currency}",
        )
    console.print(table)


def print_trial_balance(console: Console, lines: Sequence[TrialLine]) -> None:
    """Print what stands on each ledger account, on the side of debits or credits.

    Args:
        console: Where to.
        lines: Ordered by currency.
    """
    if not lines:
        console.print("The journal has no entries.")
        return
    table = _table("Trial balance", ("ledger account", ""), ("debit", "credit"))
    for line in lines:
        amount = amount_text(abs(line.balance_minor), line.currency)
        sides = ("", amount) if line.balance_minor < 0 else (amount, "")
        table.add_row(escape(line.ledger_account), line.currency, *sides)
    console.print(table)


def _table(title: str, texts: Sequence[str], amounts: Sequence[str]) -> TextTable:
    table = TextTable(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE, padding=(0, 1, 0, 0)
    )
    for name in texts:
        table.add_column(name, overflow="fold")
    for name in amounts:
        table.add_column(name, justify="right", no_wrap=True)
    return table
