"""Running totals and alerts from the events alone: each total is formed anew from all so far."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from audit.budgets import OracleBudget
from audit.counting import Unit, live, outcome
from audit.periods import Period

_KINDS = ("count", "sum", "max", "min", "average")


@dataclass(frozen=True, order=True)
class Alert:
    """One row of budget_alerts, by the names of its columns."""

    account_id: str
    meter_id: str
    period_start: datetime
    period_end: datetime
    timezone: str
    budget_quantity: Decimal
    threshold_percent: int
    quantity: Decimal
    unit: str
    reached: datetime


@dataclass(frozen=True, order=True)
class Total:
    """The last value of one key of the running totals, by the names of its members."""

    account_id: str
    meter_id: str
    period_start: datetime
    period_end: datetime
    timezone: str
    aggregation: str
    quantity: Decimal | None
    unit: str
    event_count: int
    as_of: datetime


def watch(
    accepted: Iterable[tuple[Unit, Period]], budgets: Mapping[str, Sequence[OracleBudget]]
) -> tuple[list[Alert], list[Total]]:
    """Return an alert for each threshold reached, and the last total of each period and meter.

    Args:
        accepted: Each event that a meter counts into a period, with the period.
        budgets: By account.
    """
    groups: dict[tuple[str, str, datetime], list[tuple[Unit, Period]]] = defaultdict(list)
    for unit, period in accepted:
        has_parts = unit.meter.retractable and unit.meter.aggregation in ("max", "min")
        if unit.meter.aggregation in _KINDS and not has_parts:
            groups[unit.account_id, unit.meter.meter_id, period.start].append((unit, period))
    alerts, totals = [], []
    for (account_id, meter_id, _), members in groups.items():
        totals.append(_total(members))
        for budget in budgets.get(account_id, ()):
            if budget.meter_id == meter_id:
                alerts += _alerts(members, budget)
    return sorted(alerts), sorted(totals)


def _alerts(members: Sequence[tuple[Unit, Period]], budget: OracleBudget) -> list[Alert]:
    """Return the alerts of one budget in one period."""
    found = []
    ends = sorted({unit.window_end for unit, _ in members})
    for percent in budget.thresholds:
        for end in ends:
            so_far = [unit for unit, _ in members if unit.window_end <= end]
            amount = outcome(so_far)[0]
            if amount * 100 >= budget.quantity * percent:
                first, period = members[0]
                alert = Alert(
                    account_id=first.account_id,
                    meter_id=first.meter.meter_id,
                    period_start=period.start,
                    period_end=period.end,
                    timezone=period.terms.timezone,
                    budget_quantity=budget.quantity,
                    threshold_percent=percent,
                    quantity=amount,
                    unit=first.meter.unit,
                    reached=end,
                )
                found.append(alert)
                break
    return found


def _total(members: Sequence[tuple[Unit, Period]]) -> Total:
    """Return the total of one period and meter when all is there."""
    units, (first, period) = [unit for unit, _ in members], members[0]
    is_any = bool(live(units))
    return Total(
        account_id=first.account_id,
        meter_id=first.meter.meter_id,
        period_start=period.start,
        period_end=period.end,
        timezone=period.terms.timezone,
        aggregation=first.meter.aggregation,
        # An average of nothing is none.
        quantity=outcome(units)[0] if is_any or first.meter.aggregation != "average" else None,
        unit=first.meter.unit,
        event_count=len(live(units)),
        as_of=max(unit.window_end for unit in units),
    )
