"""Which meters the cards of a billing period price, and which are free."""

from datetime import datetime

from audit.periods import Period, period_of
from audit.prices.agreements import Agreements
from audit.prices.charged_periods import Part, parts_or_none


def coverage(
    agreed: Agreements, account_id: str, start: datetime, end: datetime, meter_id: str
) -> str:
    """Return what the cards of a period say of a meter.

    Returns:
        `no contract`, `free`, `priced`, `free in part`, or `no price`, which nothing may have.
    """
    contracts = agreed.contracts.get(account_id, [])
    period = period_of(agreed.terms.get(account_id, []), start)
    if not contracts or contracts[0]["effective_from"] > start or period is None:
        return "no contract"
    parts = parts_between(agreed, account_id, start, end)
    found = {
        "priced"
        if any(price["meter_id"] == meter_id for price in part.card["prices"])
        else "free"
        if meter_id in part.card.get("free_meters", [])
        else "no price"
        for part in parts
    }
    if len(found) == 1:
        return found.pop()
    return "no price" if "no price" in found or not found else "free in part"


def parts_between(
    agreed: Agreements, account_id: str, start: datetime, end: datetime
) -> list[Part]:
    """Return the parts of a period; none where no contract or no card holds in some of it."""
    period = period_of(agreed.terms.get(account_id, []), start)
    if period is None:
        return []
    plan = None if period.why_not else agreed.plans.get((account_id, period.terms.version))
    contracts = agreed.contracts.get(account_id, [])
    return parts_or_none(agreed, contracts, plan, Period(start, end, period.terms))
