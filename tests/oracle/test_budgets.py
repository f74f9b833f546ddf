"""The oracle's totals and alerts, against a log small enough to work out by hand."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from audit.budgets import OracleBudget, read_budgets
from audit.shapes import OracleMeter, RawRecord
from tests.oracle.recompute import Expected, recompute
from tests.oracle.test_recompute import CLOCKS, COUNT, DAY, JULY, JUNE, MAX, SUM, TERMS, sent

MEAN = replace(COUNT, meter_id="mean", aggregation="average", property="units")
DISTINCT = replace(COUNT, meter_id="distinct", aggregation="unique_count", property="place")
WINDOW = timedelta(seconds=10)


def found(*records: RawRecord, quantity: str = "10") -> Expected:
    """Recompute with one account, A, which has a budget of its gigabytes."""
    meters: list[OracleMeter] = [SUM, MAX, COUNT, MEAN, DISTINCT]
    budgets = {"A": [OracleBudget("gb", Decimal(quantity), (50, 100))]}
    return recompute(records, meters, {"A": [TERMS]}, CLOCKS, budgets=budgets)


def test_a_total_is_over_all_dimensions() -> None:
    """As of the end of the last log window; only of what running totals are enough for."""
    other: Any = {"data": {"units": "4", "place": "y"}}
    records = sent(1, JUNE + DAY, JUNE), sent(2, JULY + DAY, JUNE, **other)
    totals = {total.meter_id: total for total in found(*records).totals}
    assert {name: str(total.quantity) for name, total in totals.items()} == {
        "gb": "5.000000000",
        "mean": "2.500000000",
        "peak": "4.000000000",
        "uses": "2.000000000",
    }
    assert {(each.event_count, each.as_of) for each in totals.values()} == {
        (2, JULY + DAY + WINDOW)
    }
    assert (totals["gb"].period_start, totals["gb"].period_end) == (JUNE, JULY)


def test_the_first_log_window_that_is_enough_is_named() -> None:
    """It counts as a whole; what falls again takes nothing back."""
    alerts = found(
        sent(1, JUNE + DAY, JUNE, 4),
        sent(2, JUNE + 2 * DAY, JUNE, 7),
        sent(3, JUNE + 2 * DAY, JUNE, -1),
        sent(4, JUNE + 3 * DAY, JUNE, -9),
        sent(5, JUNE + 4 * DAY, JUNE, 20),
    ).alerts
    second = JUNE + 2 * DAY + WINDOW
    assert [(a.threshold_percent, str(a.quantity), a.reached) for a in alerts] == [
        (50, "10.000000000", second),
        (100, "10.000000000", second),
    ]


def test_what_expired_reaches_nothing() -> None:
    """But what came late enough to be a correction does."""
    horizon = JULY + timedelta(hours=1) + 10 * DAY
    inside = sent(1, horizon - WINDOW, JUNE, 5)
    (alert,) = found(inside, sent(2, horizon, JUNE, 5)).alerts
    assert (alert.threshold_percent, alert.reached) == (50, horizon)


def test_budgets_are_read_from_the_accounts_file(tmp_path: Path) -> None:
    """Thresholds have their defaults, accounts without budgets none."""
    path = tmp_path / "accounts.yaml"
    path.write_text(
        "accounts:\n- {account_id: A, budgets: [{meter: gb, quantity: '1.5'}]}\n- {account_id: B}\n"
    )
    assert read_budgets(path) == {
        "A": [OracleBudget("gb", Decimal("1.5"), (50, 80, 100))],
        "B": [],
    }
