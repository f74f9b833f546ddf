"""Runs over the same period one after another, and the charges that each adds."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.charge import Charge
from schemas.instant import to_text
from schemas.statement import PricedPeriod
from tests.udfs.pricing.stating import at
from udfs.charging import ChargeRun, charge_changes
from udfs.pricing import price_period

FIRST = ChargeRun("first", at("2026-06-01"))
LATER = ChargeRun("later", at("2026-07-01"))


def charge(
    period: PricedPeriod, before: Sequence[Charge] = (), run: ChargeRun = FIRST
) -> tuple[Charge, ...]:
    """Return what a run adds."""
    return charge_changes(period, price_period(period), before, run)


def shown(charges: Sequence[Charge]) -> list[str]:
    """Return charges as `kind id revision amount = total, due`."""
    return [
        f"{each.kind} {each.line_id} {each.revision} {each.amount_minor} = {each.total_minor},"
        f" {to_text(each.due_us)[:10]}"
        for each in charges
    ]
