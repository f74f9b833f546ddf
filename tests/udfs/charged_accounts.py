"""An account that is charged, for tests: what holds, what it used, and what runs add."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from schemas.account_pricing import AccountPricing, PeriodUsage
from schemas.aggregation import Aggregation
from schemas.charge import Charge
from schemas.contract import Contract
from schemas.instant import DAY_US, HOUR_US, to_text
from schemas.price_model import PerUnit
from schemas.priced_usage import UsageDetail, UsageTotal
from schemas.rate_card import Due, MeterPrice, RateCard, RecurringFee
from schemas.terms import Terms
from tests.udfs.pricing.stating import at
from tests.udfs.schedules import monthly
from udfs.charging_accounts import PricingRules, charge_account

D = Decimal
START = at("2026-01-01")
FEES = (
    RecurringFee("desk", "desks", D(31), Due.ADVANCE),
    RecurringFee("support", "support", D(10)),
)
CARD = RateCard(
    "standard",
    "USD",
    1,
    START,
    prices=(MeterPrice("calls", "calls", "calls", PerUnit(D(2))),),
    fees=FEES,
)
CONTRACT = Contract("acme", 1, START, None, "USD")
JANUARY, FEBRUARY, MARCH, APRIL = (at(f"2026-0{month}-01") for month in range(1, 5))


def rules(until: str, grace_us: int = HOUR_US, **more: Any) -> PricingRules:
    """Return what holds in a run up to an instant."""
    cards = {("standard", "USD"): more.pop("cards", (CARD,))}
    return PricingRules(cards, at(until), grace_us, "run", **more)


def account(*terms: Terms, **more: Any) -> AccountPricing:
    """Return an account with a contract, by calendar months of UTC unless terms are given."""
    known = {"contracts": (CONTRACT,), **more}
    return AccountPricing("acme", terms or (monthly(START),), **known)


def used(start_us: int, end_us: int, calls: int) -> PeriodUsage:
    """Return calls of a period."""
    span = (start_us, end_us, "UTC")
    total = UsageTotal(
        "acme", *span, "calls", "{}", "call", D(calls), calls, Aggregation.COUNT, ("r0",)
    )
    return PeriodUsage((total,))


def detailed(usage: PeriodUsage, *days: int) -> PeriodUsage:
    """Return usage with its windows, of an equal number of calls on each of some days."""
    total = usage.totals[0]
    count = total.event_count // len(days)
    details = (
        UsageDetail("calls", "{}", total.period_start_us + day * DAY_US, "", D(count), count)
        for day in days
    )
    return replace(usage, details=tuple(details))


def price(known: AccountPricing, *untils: str, **more: Any) -> tuple[Charge, ...]:
    """Return all charges after runs up to some instants."""
    for until in untils:
        added = charge_account(rules(until, **more), known)
        known = replace(known, before=(*known.before, *added))
    return known.before


def sums(charges: tuple[Charge, ...]) -> dict[tuple[str, str, str], int]:
    """Return minor units by start and end of the period, and line; those of nothing left out."""
    found: dict[tuple[str, str, str], int] = {}
    for each in charges:
        days = (to_text(each.period_start_us)[5:10], to_text(each.period_end_us)[5:10])
        found[*days, each.line_id] = found.get((*days, each.line_id), 0) + each.amount_minor
    return {name: minor for name, minor in found.items() if minor}
