"""Freezes of billing: what stands, and which billing periods wait.

A freeze is nothing but runs that did not take place for its periods. No row is written, changed or
taken back for them while it stands; the first run after it prices them from all that is known by
then, as if it were the first that had come to them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from schemas.account_pricing import AccountPricing
from schemas.freeze import (
    FreezeAction,
    FreezeDecision,
    FreezeRefusal,
    FreezeScope,
    RefusedFreeze,
)
from schemas.instant import to_text
from schemas.statement import Segment
from udfs.identifying import digest
from udfs.segmenting import UnknownTermsError

Span = tuple[int, int]


def standing(decisions: Iterable[FreezeDecision]) -> tuple[FreezeDecision, ...]:
    """Return the freezes that nobody has lifted, the oldest first."""
    known = list(decisions)
    lifted = {each.freeze_id for each in known if each.action is FreezeAction.LIFT}
    begun = [each for each in known if each.action is FreezeAction.FREEZE]
    return tuple(
        sorted(
            (each for each in begun if each.freeze_id not in lifted),
            key=lambda each: (each.decided_at_us, each.freeze_id),
        )
    )


def begin_freeze(
    scope: FreezeScope, decisions: Iterable[FreezeDecision], by: str, reason: str, at_us: int
) -> FreezeDecision | RefusedFreeze:
    """Return the decision that freezes a scope, or why it is refused.

    Args:
        scope: What is to wait.
        decisions: All until now.
        by: Who decides.
        reason: Why.
        at_us: When.
    """
    scope = replace(
        scope,
        account_ids=tuple(sorted(set(scope.account_ids))),
        meter_ids=tuple(sorted(set(scope.meter_ids))),
    )
    since_us, until_us = scope.since_us, scope.until_us
    if since_us is not None and until_us is not None and until_us <= since_us:
        return RefusedFreeze(
            FreezeRefusal.EMPTY_SPAN,
            f"expected an end after {to_text(since_us)}, found {to_text(until_us)}",
        )
    for each in standing(decisions):
        if each.scope == scope:
            found = f"{each.freeze_id} of {each.decided_by} from {to_text(each.decided_at_us)} on"
            return RefusedFreeze(
                FreezeRefusal.FROZEN_BEFORE, f"expected none of the same scope, found {found}"
            )
    texts = (*scope.account_ids, "", *scope.meter_ids, "", str(since_us), str(until_us))
    freeze_id = digest("freeze", str(at_us), *texts)
    return FreezeDecision(freeze_id, FreezeAction.FREEZE, scope, by, reason, at_us)


def lift_freeze(
    freeze_id: str, decisions: Iterable[FreezeDecision], by: str, reason: str, at_us: int
) -> FreezeDecision | RefusedFreeze:
    """Return the decision that lifts a freeze, or why it is refused; as `begin_freeze`."""
    of_it = {each.action: each for each in decisions if each.freeze_id == freeze_id}
    if FreezeAction.FREEZE not in of_it:
        return RefusedFreeze(
            FreezeRefusal.NO_SUCH_FREEZE, f"expected a freeze {freeze_id}, found none"
        )
    if (before := of_it.get(FreezeAction.LIFT)) is not None:
        found = f"that {before.decided_by} lifted it at {to_text(before.decided_at_us)}"
        return RefusedFreeze(
            FreezeRefusal.LIFTED_BEFORE, f"expected one that stands, found {found}"
        )
    scope = of_it[FreezeAction.FREEZE].scope
    return FreezeDecision(freeze_id, FreezeAction.LIFT, scope, by, reason, at_us)


def waiting_spans(
    freezes: Iterable[FreezeScope],
    account: AccountPricing,
    spans: Collection[Span],
    segments_of: Callable[[Span], Sequence[Segment]],
) -> set[Span]:
    """Return the billing periods of an account that wait.

    They are those that a freeze names, and where the account has credit all later ones: periods
    draw on credit in their order, so a later one that was priced first would draw what the frozen
    one finds when it is its turn.

    Args:
        freezes: That stand.
        account: Its usage and charges are not looked at.
        spans: Start and end of its periods.
        segments_of: Returns how a period is priced, where a freeze names meters; a period of which
            nobody can tell (`UnknownTermsError`) waits.
    """
    own = [
        each for each in freezes if not each.account_ids or account.account_id in each.account_ids
    ]
    frozen = {span for span in spans if any(_names(each, span, segments_of) for each in own)}
    if not frozen or not account.grants:
        return frozen
    first = min(frozen)
    return {span for span in spans if span >= first}


def _names(
    scope: FreezeScope, span: Span, segments_of: Callable[[Span], Sequence[Segment]]
) -> bool:
    if scope.since_us is not None and span[1] <= scope.since_us:
        return False
    if scope.until_us is not None and span[0] >= scope.until_us:
        return False
    if not scope.meter_ids:
        return True
    try:
        cards = [each.card for each in segments_of(span)]
    except UnknownTermsError:
        return True
    priced = {price.meter_id for card in cards for price in card.prices}
    free = {meter_id for card in cards for meter_id in card.free_meters}
    return not (priced | free).isdisjoint(scope.meter_ids)
