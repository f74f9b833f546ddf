"""Shows invoices, what a program did to them, and what is unbilled."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console

from jobs.reporting.amounts import grouped_text
from schemas.chart_of_accounts import UNBILLED_USAGE
from schemas.invoice import Invoice
from schemas.journal import JournalEntry
from udfs.posting import ledger_account


@dataclass(frozen=True, slots=True)
class Unbilled:
    """What an account was charged and is on no issued invoice, by the ledger.

    Attributes:
        account_id: The account.
        currency: ISO 4217 code.
        amount_minor: In minor units; 0 where all is invoiced.
    """

    account_id: str
    currency: str
    amount_minor: int


def find_unbilled(entries: Iterable[JournalEntry]) -> tuple[Unbilled, ...]:
    """Return what is unbilled of each account that ever was charged, ordered by account."""
    clearing = ledger_account(UNBILLED_USAGE)
    sums: dict[tuple[str, str], int] = {}
    for entry in entries:
        for posting in entry.postings:
            if posting.ledger_account == clearing:
                key = (entry.account_id, entry.currency)
                sums[key] = sums.get(key, 0) + posting.amount_minor
    return tuple(Unbilled(*key, minor) for key, minor in sorted(sums.items()))


def invoice_members(invoice: Invoice) -> dict[str, object]:
    """Return an invoice in short, as JSON has it."""
    return {
        "invoice_id": invoice.invoice_id,
        "number": invoice.number or None,
        "state": invoice.state.value,
        "kind": invoice.kind.value,
        "account_id": invoice.terms.account_id,
        "currency": invoice.terms.currency,
        "net_minor": invoice.net_minor,
        "tax_minor": invoice.tax_minor,
        "total_minor": invoice.total_minor,
        "credit_minor": invoice.credit_minor,
        "payable_minor": invoice.payable_minor,
        "issue_date": invoice.issue_date or None,
        "due_date": invoice.due_date or None,
    }


def print_steps(console: Console, steps: Mapping[str, Sequence[Invoice]]) -> None:
    """Print what became of invoices: a heading for each step, and a line for each invoice."""
    for step, invoices in steps.items():
        _say(console, f"{step}: {len(invoices)}")
        print_invoices(console, invoices)


def print_invoices(console: Console, invoices: Iterable[Invoice]) -> None:
    """Print a line for each invoice."""
    for each in invoices:
        terms = each.terms
        name = each.number or each.invoice_id
        amount = grouped_text(each.payable_minor, terms.currency)
        due = f", due {each.due_date}" if each.due_date else ""
        what = f"{each.state} {each.kind.replace('_', ' ')}"
        _say(console, f"  {name}  {what}  {terms.account_id}  {amount} {terms.currency}{due}")


def print_unbilled(console: Console, unbilled: Sequence[Unbilled]) -> None:
    """Print what is unbilled of each account that has some."""
    some = [each for each in unbilled if each.amount_minor]
    _say(console, f"unbilled usage: {len(some)} of {len(unbilled)} accounts have some")
    for each in some:
        amount = grouped_text(each.amount_minor, each.currency)
        _say(console, f"  {each.account_id}  {amount} {each.currency}")


def print_lines(console: Console, lines: Iterable[str]) -> None:
    """Print lines as they are."""
    for line in lines:
        _say(console, line)


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
