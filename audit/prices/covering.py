"""Which meters the cards of a billing period price, and which are free."""

from datetime import datetime

from audit.periods import Period, period_of
from audit.prices.agreements import Agreements
from audit.prices.charged_periods import parts_of


def coverage(
    agreed: Agreements, account_id: str, start: datetime, end: datetime, meter_id: str
) -> str:
    """Return what the cards of a period say of a meter.

    Returns:
        `no contract`, `free`, `priced`, `free in part`, or `no price`, which nothing may have.
    """
    contracts = agreed.contracts.get(account_id, [])
    terms = agreed.terms.get(account_id, [])
    period = period_of(terms, start)
    if not contracts or contracts[0]["effective_from"] > start or period is None:
        return "no contract"
    plan = agreed.plans.get((account_id, period.terms.version))
    parts = parts_of(agreed, contracts, plan, Period(start, end, period.terms))
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
    return "no price" if "no price" in found else "free in part"
