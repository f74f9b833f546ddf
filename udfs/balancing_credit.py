"""What the billing periods of an account draw on its credit, and what is left for each."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from schemas.charge import Charge
from schemas.contract import Contract, CreditGrant
from schemas.statement import CreditBalance, Line, LineKind, Segment
from udfs.rounding import to_minor

Draws = dict[tuple[str, int, int], int]
"""Minor units by grant, and start and end of the period."""


def balances_of(
    grants: Sequence[CreditGrant],
    contract: Contract,
    segment: Segment,
    span: tuple[int, int],
    drawn: Draws,
) -> tuple[CreditBalance, ...]:
    """Return what a period may draw on: grants that are there when it ends."""
    balances = []
    for grant in sorted(grants, key=lambda each: each.grant_id):
        is_there = grant.granted_us < span[1] and (
            grant.expires_us is None or grant.expires_us >= span[1]
        )
        own = drawn.get((grant.grant_id, *span), 0)
        if grant.currency != contract.currency or not (is_there or own):
            continue
        others = sum(
            amount
            for (name, *other), amount in drawn.items()
            if name == grant.grant_id and tuple(other) != span
        )
        granted = to_minor(Fraction(grant.amount), grant.currency, segment.card.rounding)
        balances.append(CreditBalance(grant, max(granted - others, own), own))
    return tuple(balances)


def draws_of(charges: Sequence[Charge]) -> Draws:
    """Return what each period has drawn on each grant until now."""
    drawn: Draws = {}
    for each in charges:
        if each.kind is LineKind.CREDIT:
            name = (each.line_id, each.period_start_us, each.period_end_us)
            drawn[name] = drawn.get(name, 0) - each.amount_minor
    return drawn


def note_draws(drawn: Draws, span: tuple[int, int], lines: Sequence[Line]) -> None:
    """Note what a period draws now, in place of what it drew before."""
    for name in [each for each in drawn if each[1:] == span]:
        del drawn[name]
    for line in lines:
        if line.key.kind is LineKind.CREDIT:
            name = (line.key.line_id, *span)
            drawn[name] = drawn.get(name, 0) - line.amount_minor
