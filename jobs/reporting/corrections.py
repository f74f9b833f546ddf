"""Corrections of closed periods, and what caused them: how late their events were received."""

from dataclasses import dataclass
from decimal import Decimal

from duckdb import DuckDBPyConnection

from schemas.instant import DAY_US

# Upper bounds of the classes of lateness, after the cut.
LATENESS_US = (DAY_US, 7 * DAY_US, 30 * DAY_US, 90 * DAY_US)

_BY_METER = """
    SELECT meter_id, count(*), count(DISTINCT (account_id, period_start, period_end)),
        sum(event_count_delta)::BIGINT,
        min(epoch_us(first_log_time) - epoch_us(cut)), max(epoch_us(last_log_time) - epoch_us(cut))
    FROM usage_corrections
    WHERE $1 IS NULL OR account_id = $1
    GROUP BY meter_id
    ORDER BY meter_id
"""
_BY_LATENESS = """
    SELECT meter_id, len(list_filter($2, lambda bound: bound < late_us))::INTEGER AS class,
        sum(event_count_delta)::BIGINT
    FROM (SELECT *, epoch_us(last_log_time) - epoch_us(cut) AS late_us FROM usage_corrections)
    WHERE $1 IS NULL OR account_id = $1
    GROUP BY ALL
    ORDER BY ALL
"""
_LARGEST = """
    SELECT account_id, meter_id, dimensions, epoch_us(period_start), epoch_us(period_end),
        timezone, revision, quantity - quantity_delta, quantity, unit, event_count_delta,
        epoch_us(last_log_time) - epoch_us(cut)
    FROM usage_corrections
    WHERE ($1 IS NULL OR account_id = $1) AND quantity_delta <> 0
    QUALIFY row_number() OVER (PARTITION BY meter_id ORDER BY abs(quantity_delta) DESC, row_id) = 1
    ORDER BY meter_id
"""


@dataclass(frozen=True, slots=True)
class MeterCorrections:
    """The corrections of one meter.

    Attributes:
        meter_id: The meter.
        corrections: Number of correction rows.
        periods: Number of accounts' periods that they correct.
        late_events: Number of events received after the cut.
        least_late_us: Log time after the cut, of the first of them.
        most_late_us: Log time after the cut, of the last of them.
        late_events_by_class: Number of events in each class of `LATENESS_US`, and above the last.
    """

    meter_id: str
    corrections: int
    periods: int
    late_events: int
    least_late_us: int
    most_late_us: int
    late_events_by_class: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LargestCorrection:
    """The correction that changed a meter's quantity most.

    Attributes:
        account_id: The account.
        meter_id: The meter.
        dimensions: Canonical JSON text.
        period_start_us: First instant of the period.
        period_end_us: First instant after the period.
        timezone: IANA zone of the period's boundaries.
        revision: Of the correction.
        quantity_before: Of the revision before, or 0.
        quantity_after: With this correction.
        unit: Unit of both.
        late_events: Number of events that caused it.
        late_us: Log time after the cut, of the last of them.
    """

    account_id: str
    meter_id: str
    dimensions: str
    period_start_us: int
    period_end_us: int
    timezone: str
    revision: int
    quantity_before: Decimal
    quantity_after: Decimal
    unit: str
    late_events: int
    late_us: int


@dataclass(frozen=True, slots=True)
class Corrections:
    """All corrections by meter, the largest of each, and the bounds of the classes of lateness."""

    class_bounds_us: tuple[int, ...]
    by_meter: tuple[MeterCorrections, ...]
    largest: tuple[LargestCorrection, ...]


def read_corrections(rows: DuckDBPyConnection, account_id: str | None) -> Corrections:
    """Return the corrections of one account, or of all, ordered by meter.

    Args:
        rows: From `iceberg.reading.open_rows`.
        account_id: None for all accounts.
    """
    by_class: dict[str, list[int]] = {}
    classes = rows.execute(_BY_LATENESS, [account_id, list(LATENESS_US)]).fetchall()
    for meter_id, number, events in classes:
        by_class.setdefault(meter_id, [0] * (len(LATENESS_US) + 1))[number] = events
    by_meter = rows.execute(_BY_METER, [account_id]).fetchall()
    largest = rows.execute(_LARGEST, [account_id]).fetchall()
    return Corrections(
        LATENESS_US,
        tuple(MeterCorrections(*(*row, tuple(by_class[row[0]]))) for row in by_meter),
        tuple(LargestCorrection(*row) for row in largest),
    )
