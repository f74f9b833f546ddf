"""Reconciles the demo's year: usage, charges, ledger and invoices, by the audit's own pricing."""

from rich.console import Console

from jobs.reconcile_charges import reconcile_charges
from jobs.reconciling.charge_reconciliation import ChargeReconciliation, totals_of
from jobs.reporting.rendering_charge_reconciliation import verdict
from jobs.settings import Settings


def reconcile_year(settings: Settings, at_us: int) -> ChargeReconciliation:
    """Return whether all adds up.

    Args:
        settings: Of the demo.
        at_us: Clock of the demo.
    """
    return reconcile_charges(settings, None, at_us)


def reconciled_problems(found: ChargeReconciliation) -> list[str]:
    """Return one line for what does not add up; none where all does."""
    return [] if found.holds else [f"reconciliation: {verdict(found)}"]


def print_reconciled(console: Console, found: ChargeReconciliation) -> None:
    """Print the result in one line."""
    style = "bold green" if found.holds else "bold red"
    line = f"Usage, charges, ledger and invoices: {verdict(found)}"
    console.print(line, style=style, highlight=False, soft_wrap=True)


def reconciled_members(found: ChargeReconciliation) -> dict[str, object]:
    """Return the same for JSON."""
    return {"reconciled": {"holds": found.holds, **totals_of(found)}}
