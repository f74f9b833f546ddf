"""Thresholds of budgets that were reached."""

from dataclasses import dataclass
from decimal import Decimal

from duckdb import DuckDBPyConnection

_ALERTS = """
    SELECT account_id, meter_id, epoch_us(period_start), epoch_us(period_end), timezone,
        budget_quantity, threshold_percent, quantity, unit, epoch_us(reached)
    FROM budget_alerts
    WHERE $1 IS NULL OR account_id = $1
    ORDER BY account_id, meter_id, period_start, budget_quantity, threshold_percent
"""


@dataclass(frozen=True, slots=True)
class Alert:
    """A threshold of an account's budget of a meter that was reached in a billing period.

    Attributes:
        account_id: The account.
        meter_id: The meter.
        period_start_us: First instant of the period.
        period_end_us: First instant after the period.
        timezone: IANA zone of the period's boundaries.
        budget_quantity: The budget.
        threshold_percent: Which of its thresholds.
        quantity: Running total with which it was reached.
        unit: Unit of both quantities.
        reached_us: End of the log window with which it was reached.
    """

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

    @property
    def is_late(self) -> bool:
        """Whether usage received after the period's end reached it."""
        return self.reached_us > self.period_end_us


def read_alerts(rows: DuckDBPyConnection, account_id: str | None) -> tuple[Alert, ...]:
    """Return the alerts of one account, or of all, ordered by account, meter, period and budget.

    Args:
        rows: From `iceberg.reading.open_rows`.
        account_id: None for all accounts.
    """
    return tuple(Alert(*row) for row in rows.execute(_ALERTS, [account_id]).fetchall())
