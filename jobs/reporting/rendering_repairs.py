"""Shows proposals of adjustments, and what applying one did."""

from collections import defaultdict
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as TextTable

from jobs.repairing.applying import Applied
from schemas.adjustment_proposal import Proposal
from schemas.instant import to_text
from schemas.usage_adjustment import UsageAdjustment
from udfs.encoding_proposals import proposal_id


def print_proposal(console: Console, proposal: Proposal, path: str | None) -> None:
    """Print what is proposed, by account, meter and period, and what stays wrong.

    Args:
        console: Where to.
        proposal: What to print.
        path: File that it was written to; None: none.
    """

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    if proposal.adjustments:
        _print_sums(console, proposal.adjustments)
        say(f"proposal {proposal_id(proposal)}: {len(proposal.adjustments):,} adjustments")
        if path is not None:
            say(f"written to {path}; read it, then --apply it with --by and --reason")
    else:
        say("Nothing to adjust: the tables say what the events come to.")
    for each in proposal.refused:
        key = each.key
        name = (
            f"{key.account_id} {key.meter_id} {key.dimensions} from {to_text(key.period_start_us)}"
        )
        say(f"not adjusted, {name}: {each.reason}: {each.detail}")


def print_applied(console: Console, applied: Applied) -> None:
    """Print what applying did, or who had done so."""

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    count = f"{len(applied.adjustments):,} adjustments"
    if applied.is_new:
        say(f"proposal {applied.proposal_id}: {count} count from now on")
        if applied.records:
            say(f"{applied.records:,} records were added to the archive, in backfilled_events")
    elif applied.adjustments:
        first = applied.adjustments[0]
        at = to_text(first.decided_at_us)
        say(f"nothing to do: {first.decided_by} approved its {count} at {at}, and they count")
    else:
        say("nothing to do: it proposes nothing")


def applied_members(applied: Applied) -> dict[str, Any]:
    """Return what applying did as members of JSON."""
    members = asdict(applied)
    for each in members["adjustments"]:
        each["quantity"] = str(each["quantity"])
    return members


def _print_sums(console: Console, rows: tuple[UsageAdjustment, ...]) -> None:
    """Print how many events are put in or taken out, by period and reason."""
    events: dict[tuple[str, ...], int] = defaultdict(int)
    for each in rows:
        key = (each.account_id, each.meter_id, each.dimensions, to_text(each.period_start_us))
        events[*key, each.kind.value] += each.event_count
    table = TextTable(title="Proposed adjustments", title_justify="left", box=box.SIMPLE)
    for title in ("account", "meter", "dimensions", "period from", "why"):
        table.add_column(title, overflow="fold")
    table.add_column("events", justify="right")
    for name, count in events.items():
        table.add_row(*map(escape, name), f"{count:+,}")
    console.print(table)
