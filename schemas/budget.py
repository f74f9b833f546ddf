"""Budgets of an account, with their JSON in its record, and the alert of a threshold reached."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any

from schemas.terms_record import AccountError, read_text, show

DEFAULT_THRESHOLDS = (50, 80, 100)
_MAX_THRESHOLD = 10_000
# As many digits as units may have, so that every quantity fits its column.
_QUANTITY = re.compile(r"(?:0|[1-9][0-9]{0,19})(?:\.[0-9]{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Budget:
    """What an account means to use of a meter in each billing period, over all dimensions.

    Attributes:
        meter_id: Which meter; its aggregation is count or sum.
        quantity: In the meter's unit, above 0.
        thresholds: Whole percents of the quantity at which to alert, ascending.
    """

    meter_id: str
    quantity: Decimal
    thresholds: tuple[int, ...] = DEFAULT_THRESHOLDS


@dataclass(frozen=True, slots=True)
class BudgetAlert:
    """A threshold of a budget that was reached; field for column, as in `schemas.usage_row`.

    Attributes:
        row_id: 32 hex digits, the same in every run over the same log.
        account_id: Whose budget it is.
        meter_id: Of which meter.
        period_start_us: First instant of the period, event time.
        period_end_us: First instant after the period, event time, by the terms of that moment: new
            ones may end the period earlier.
        timezone: IANA zone of the period's boundaries.
        budget_quantity: The budget, in `unit`.
        threshold_percent: Which of its thresholds.
        quantity: Running total with which it was reached.
        unit: Name of the unit.
        reached_us: End of the log window with which it was reached.
    """

    row_id: str
    account_id: str
    meter_id: str
    period_start_us: int
    period_end_us: int
    timezone: str
    budget_quantity: Decimal
    threshold_percent: int
    quantity: Decimal
    unit: str
    reached_us: int


def encode_budget(budget: Budget) -> dict[str, Any]:
    """Return the canonical JSON object of a budget; default thresholds are left out."""
    shape: dict[str, Any] = {"meter": budget.meter_id, "quantity": f"{budget.quantity:f}"}
    if budget.thresholds != DEFAULT_THRESHOLDS:
        shape["thresholds"] = list(budget.thresholds)
    return shape


def decode_budgets(members: Any) -> tuple[Budget, ...]:
    """Read the JSON list of an account's budgets.

    Args:
        members: The value; members of its objects that are not known are ignored.

    Returns:
        The budgets in their order, quantities without zeros that say nothing.

    Raises:
        AccountError: It is no such list; the message says where.
    """
    if not isinstance(members, list):
        raise AccountError(f"budgets: expected a list, found {show(members)}")
    budgets = tuple(_decode(member, f"budgets[{n}]") for n, member in enumerate(members))
    seen: set[str] = set()
    for n, budget in enumerate(budgets):
        if budget.meter_id in seen:
            found = show(budget.meter_id)
            raise AccountError(f"budgets[{n}].meter: expected each meter once, found {found}")
        seen.add(budget.meter_id)
    return budgets


def budget_text(budget: Budget | None) -> str:
    """Return a budget as one text; an empty one of none."""
    return "" if budget is None else json.dumps(encode_budget(budget), separators=(",", ":"))


@lru_cache(maxsize=65_536)
def read_budget(text: str) -> Budget | None:
    """Read back what `budget_text` gave.

    Raises:
        ValueError: The text is damaged.
    """
    return _decode(json.loads(text), "budget") if text else None


def _decode(member: Any, where: str) -> Budget:
    if not isinstance(member, dict):
        raise AccountError(f"{where}: expected an object, found {show(member)}")
    meter_id = read_text(member, "meter", f"{where}.meter")
    quantity = _quantity(member.get("quantity"), f"{where}.quantity")
    thresholds = _thresholds(member.get("thresholds", [*DEFAULT_THRESHOLDS]), where)
    return Budget(meter_id, quantity, thresholds)


def _quantity(value: object, where: str) -> Decimal:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    quantity = Decimal(text) if _QUANTITY.fullmatch(text) else Decimal(0)
    if quantity <= 0:
        raise AccountError(
            f"{where}: expected a whole number or decimal text above 0, of at most 20 digits "
            f"before the point and 9 after it, found {show(value)}"
        )
    # Two texts of one quantity are one budget.
    plain = f"{quantity:f}"
    return Decimal(plain.rstrip("0").rstrip(".") if "." in plain else plain)


def _thresholds(value: object, where: str) -> tuple[int, ...]:
    at = f"{where}.thresholds"
    if not isinstance(value, list) or not value:
        raise AccountError(f"{at}: expected a list that is not empty, found {show(value)}")
    for n, each in enumerate(value):
        if type(each) is not int or not 1 <= each <= _MAX_THRESHOLD:
            expected = f"a whole percent from 1 to {_MAX_THRESHOLD}"
            raise AccountError(f"{at}[{n}]: expected {expected}, found {show(each)}")
    for n, (lower, higher) in enumerate(pairwise(value), start=1):
        if higher <= lower:
            raise AccountError(f"{at}[{n}]: expected more than {lower}, found {higher}")
    return tuple(value)
