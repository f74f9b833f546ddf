"""Shows freezes of billing: who decided what, and whose charges wait."""

from collections.abc import Sequence

from rich.console import Console

from jobs.pricing.account_inputs import HeldAccount
from schemas.freeze import FreezeDecision, FreezeScope
from schemas.instant import to_text

_NAMED = 10


def print_freezes(console: Console, decisions: Sequence[FreezeDecision]) -> None:
    """Print decisions, two lines each."""

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    if not decisions:
        say("No freeze stands: all that is due is priced and invoiced.")
    for each in decisions:
        at = to_text(each.decided_at_us)
        say(f"{each.freeze_id} {each.action.value} by {each.decided_by} at {at}: {each.reason}")
        say(f"  {scope_text(each.scope)}")


def scope_text(scope: FreezeScope) -> str:
    """Return whose periods a freeze names, in one line."""
    accounts = "accounts " + ", ".join(scope.account_ids) if scope.account_ids else "all accounts"
    meters = "" if not scope.meter_ids else f", priced by {', '.join(scope.meter_ids)}"
    since = "" if scope.since_us is None else f", that end after {to_text(scope.since_us)}"
    until = "" if scope.until_us is None else f", that start before {to_text(scope.until_us)}"
    return f"periods of {accounts}{meters}{since}{until}"


def frozen_line(frozen: Sequence[HeldAccount]) -> str:
    """Return how many periods a run has left out, and whose; of many accounts the first ten."""
    periods = sum(each.periods for each in frozen)
    names = ", ".join(f"{each.account_id} ({each.periods})" for each in frozen[:_NAMED])
    more = f", and {len(frozen) - _NAMED:,} more" if len(frozen) > _NAMED else ""
    return f"frozen: {periods:,} billing periods of {len(frozen):,} accounts wait: {names}{more}"
