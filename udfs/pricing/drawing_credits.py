"""Draws on credit: what a period owes is paid from grants, as long as they last."""

from __future__ import annotations

from schemas.statement import CreditBalance, Line, LineKey, LineKind, PricedPeriod
from udfs.pricing.lining import divide_by_product, minor_line, sum_by_product, sum_minor, whole_run

Lines = tuple[Line, ...]


def draw_credits(period: PricedPeriod, lines: Lines) -> Lines:
    """Draw on grants: by priority, then those that expire first, then by id.

    What earlier runs have drawn stays drawn as far as it is still owed, so a correction gives back,
    or draws, the difference alone. Credit that was paid for pays the whole; what was given away is
    taken from each product, as a discount is.
    """
    run = whole_run(period)
    added: list[Line] = []
    for balance, drawn in _draws(period.credits, max(sum_minor(lines), 0)):
        grant = balance.grant
        sums = sum_by_product((*lines, *added))
        parts = [("", -drawn)] if grant.is_paid else divide_by_product(-drawn, sums)
        for product, part in parts:
            key = LineKey(LineKind.CREDIT, grant.grant_id, product, period.period_start_us)
            added.append(minor_line(run, key, part, "credit"))
    return (*lines, *added)


def _draws(credits: tuple[CreditBalance, ...], owed: int) -> list[tuple[CreditBalance, int]]:
    """Return what is drawn on each grant, those without left out."""
    ordered = sorted(credits, key=_order)
    draws: dict[str, int] = {}
    for balance in ordered:
        kept = min(balance.drawn_minor, owed)
        draws[balance.grant.grant_id] = kept
        owed -= kept
    for balance in ordered:
        more = min(balance.available_minor - draws[balance.grant.grant_id], owed)
        draws[balance.grant.grant_id] += more
        owed -= more
    drawn = [(balance, draws[balance.grant.grant_id]) for balance in ordered]
    return [(balance, amount) for balance, amount in drawn if amount]


def _order(balance: CreditBalance) -> tuple[int, bool, int, str]:
    grant = balance.grant
    return (grant.priority, grant.expires_us is None, grant.expires_us or 0, grant.grant_id)
