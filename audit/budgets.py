"""Budgets of accounts, as the audit and the oracle read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class OracleBudget:
    """One entry of an account's budgets."""

    meter_id: str
    quantity: Decimal
    thresholds: tuple[int, ...]


def read_budgets(path: Path) -> dict[str, list[OracleBudget]]:
    """Read the budgets of an accounts file, which is known to be right."""
    return {
        entry["account_id"]: budgets_of(entry)
        for entry in yaml.safe_load(path.read_text())["accounts"]
    }


def budgets_of(account: Mapping[str, Any]) -> list[OracleBudget]:
    """Return the budgets of an account's record, which is known to be right."""
    entries: Sequence[Mapping[str, Any]] = account.get("budgets", ())
    return [
        OracleBudget(
            each["meter"],
            Decimal(str(each["quantity"])),
            tuple(each.get("thresholds", (50, 80, 100))),
        )
        for each in entries
    ]
