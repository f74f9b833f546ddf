"""Who may bring which row back, and what it then counts as."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from schemas.aggregation import KEEPS_ALL, Aggregation
from schemas.brought_back_usage import (
    BringBackDecision,
    BringBackRefusal,
    BroughtBackUsage,
    PeriodKey,
    RefusedRow,
    SourceRow,
    SourceTable,
)
from schemas.cadence import Cadence
from schemas.instant import DAY_US, HOUR_US, MINUTE_US, to_us
from schemas.meter import Meter
from schemas.terms import Recurring, Terms
from schemas.usage_row import ExpiredUsage, UnassignedReason, UnassignedUsage
from udfs.bringing_back import Known, bring_back

JANUARY = to_us(datetime(2026, 1, 1, tzinfo=UTC))
FEBRUARY, MARCH = JANUARY + 31 * DAY_US, JANUARY + 59 * DAY_US
WINDOW = FEBRUARY + 5 * DAY_US
DECISION = BringBackDecision("ada", "the gateway was cut off", MARCH)
MONTHLY = (
    Terms(3, JANUARY, "UTC", Recurring(Cadence(months=1), datetime(2026, 1, 1)), "standard"),
)
EVENTS = {
    "row_id": "r1",
    "account_id": "A",
    "meter_id": "m",
    "dimensions": '{"region":"eu"}',
    "event_window_start_us": WINDOW,
    "part": None,
    "quantity": Decimal("7.5"),
    "unit": "unit",
    "event_count": 2,
    "first_event_time_us": WINDOW + 1,
    "last_event_time_us": WINDOW + 2,
    "first_log_time_us": MARCH - 9,
    "last_log_time_us": MARCH - 8,
    "log_window_end_us": MARCH,
    "is_retraction": False,
}


def expired(**changes: object) -> ExpiredUsage:
    """Return a row that expired in January, whatever its window says."""
    period = {"period_start_us": JANUARY, "period_end_us": FEBRUARY, "timezone": "Asia/Tokyo"}
    return ExpiredUsage(**{**EVENTS, **period, **changes})  # type: ignore[arg-type]


def unassigned(**changes: object) -> UnassignedUsage:
    """Return a row of February without a period."""
    reason = {"reason": UnassignedReason.UNKNOWN_ACCOUNT}
    return UnassignedUsage(**{**EVENTS, **reason, **changes})  # type: ignore[arg-type]


def meter(aggregation: Aggregation = Aggregation.SUM, **changes: object) -> Meter:
    """Return the meter of the rows."""
    units = None if aggregation is Aggregation.COUNT else "units"
    plain = Meter("m", "t", aggregation, units, "unit", ("region",), HOUR_US, DAY_US)
    return replace(plain, **changes)  # type: ignore[arg-type]


def known(*sources: SourceRow, of: Meter | None = None, **changes: object) -> Known:
    """Return what is known around some rows; nothing was brought back or metered before."""
    meters = {"m": of or meter()}
    everything = Known({row.row_id: row for row in sources}, {}, meters, {"A": MONTHLY}, {})
    return replace(everything, **changes)  # type: ignore[arg-type]


def brought(*sources: SourceRow, of: Meter | None = None) -> tuple[BroughtBackUsage, ...]:
    """Bring all of the rows back."""
    rows = bring_back([row.row_id for row in sources], known(*sources, of=of), DECISION)
    assert not isinstance(rows, RefusedRow), rows
    return rows


def test_an_expired_row_keeps_its_period() -> None:
    """Period and zone are the row's own, so no version of terms stands behind them."""
    (row,) = brought(expired())
    assert row == BroughtBackUsage(
        row_id=row.row_id,
        source_table=SourceTable.EXPIRED_USAGE,
        source_row_id="r1",
        account_id="A",
        meter_id="m",
        dimensions='{"region":"eu"}',
        period_start_us=JANUARY,
        period_end_us=FEBRUARY,
        timezone="Asia/Tokyo",
        aggregation=Aggregation.SUM,
        quantity=Decimal("7.5"),
        unit="unit",
        event_count=2,
        first_event_time_us=WINDOW + 1,
        last_event_time_us=WINDOW + 2,
        first_log_time_us=MARCH - 9,
        last_log_time_us=MARCH - 8,
        terms_version=None,
        decided_by="ada",
        reason="the gateway was cut off",
        decided_at_us=MARCH,
    )


def test_an_unassigned_row_gets_the_period_of_the_terms() -> None:
    """That of its event window, by the terms of now, with their version."""
    (row,) = brought(unassigned())
    assert (row.source_table, row.terms_version) == (SourceTable.UNASSIGNED_USAGE, 3)
    assert (row.period_start_us, row.period_end_us) == (FEBRUARY, MARCH)
    assert row.timezone == "UTC"


def test_the_id_is_that_of_the_source_row() -> None:
    """Whoever brings it back, and when: the same id; of another row another one."""
    (first,) = brought(expired())
    later = BringBackDecision("bob", "again", MARCH + 1)
    again = bring_back(["r1"], known(expired()), later)
    (other,) = brought(expired(row_id="r2"))
    assert isinstance(again, tuple)
    assert again[0].row_id == first.row_id != other.row_id
    assert len(first.row_id) == 32


def test_rows_come_in_the_order_asked_for_and_once() -> None:
    """A row that is named twice is one."""
    rows = bring_back(["b", "a", "b"], known(expired(row_id="a"), expired(row_id="b")), DECISION)
    assert isinstance(rows, tuple)
    assert [row.source_row_id for row in rows] == ["b", "a"]


@pytest.mark.parametrize(
    "aggregation",
    [
        Aggregation.COUNT,
        Aggregation.SUM,
        Aggregation.MAX,
        Aggregation.MIN,
        Aggregation.AVERAGE,
    ],
)
def test_what_adds_up_comes_back(aggregation: Aggregation) -> None:
    """The five aggregations without parts, under the meter's own name and unit."""
    (row,) = brought(expired(), of=meter(aggregation))
    assert (row.aggregation, row.unit) == (aggregation, "unit")


@pytest.mark.parametrize("aggregation", ["count", "sum", "average"])
def test_usage_below_zero_comes_back(aggregation: str) -> None:
    """What a retraction took back too late is taken out after all."""
    row = expired(is_retraction=True, quantity=Decimal("-7.5"), event_count=-2)
    (back,) = brought(row, of=meter(Aggregation(aggregation)))
    assert (back.quantity, back.event_count) == (Decimal("-7.5"), -2)


def test_usage_of_a_meter_that_was_not_there_comes_back() -> None:
    """It has no unit of its own, and gets that of the meter as it is configured by now."""
    row = unassigned(unit="", reason=UnassignedReason.UNKNOWN_METER)
    assert brought(row)[0].unit == "unit"


BEFORE = replace(brought(expired())[0], decided_by="bob", decided_at_us=JANUARY)
PERIOD = PeriodKey("A", "m", '{"region":"eu"}', JANUARY, FEBRUARY)
AGAIN = "send the events again under new identities"
OPEN = f"{AGAIN}, with a time in an open period"
KEEPS = {"options": KEEPS_ALL, "is_retractable": True}
REFUSALS = [
    (
        known(),
        BringBackRefusal.NO_SUCH_ROW,
        "expected a row of expired_usage or unassigned_usage, found none",
    ),
    (
        known(expired(), brought_back={"r1": BEFORE}),
        BringBackRefusal.BROUGHT_BACK_BEFORE,
        "expected one that was not brought back before, "
        "found that bob did so at 2026-01-01T00:00:00Z",
    ),
    (
        known(expired(), meters={}),
        BringBackRefusal.UNKNOWN_METER,
        "expected the meter m in the meters file, found none",
    ),
    (
        known(expired(part="x"), of=meter(Aggregation.UNIQUE_COUNT)),
        BringBackRefusal.HAS_PARTS,
        f"expected usage that adds up without its parts, for unique_count of m, "
        f"found a part of it; {OPEN}",
    ),
    (
        known(expired(), of=meter(Aggregation.MAX, **KEEPS)),
        BringBackRefusal.HAS_PARTS,
        f"expected usage that adds up without its parts, for max of m, found a part of it; {OPEN}",
    ),
    (
        known(expired(part="x")),
        BringBackRefusal.HAS_PARTS,
        f"expected usage that adds up without its parts, for sum of m, found a part of it; {OPEN}",
    ),
    (
        known(expired(unit="mile")),
        BringBackRefusal.OTHER_UNIT,
        "expected the unit unit, as the meters file has it, found mile",
    ),
    (
        known(unassigned(unit="mile")),
        BringBackRefusal.OTHER_UNIT,
        "expected the unit unit, as the meters file has it, found mile",
    ),
    (
        known(expired(), counted_as={PERIOD: ("count", "unit")}),
        BringBackRefusal.OTHER_AGGREGATION,
        "expected the meter to be count of unit, as its period is counted, "
        "found sum of unit in the meters file",
    ),
    (
        known(expired(is_retraction=True), of=meter(Aggregation.MIN)),
        BringBackRefusal.NO_EXTREME,
        f"expected usage for min, found usage that was taken back; {OPEN}",
    ),
    (
        known(unassigned(unit=""), of=meter(Aggregation.MAX)),
        BringBackRefusal.NO_EXTREME,
        f"expected the max of its events, found their sum: the meter was not there; {AGAIN}",
    ),
    (
        known(unassigned(), terms={"A": "expected terms, found none"}),
        BringBackRefusal.NO_TERMS,
        "account A: expected terms, found none",
    ),
    (
        known(unassigned(event_window_start_us=JANUARY - MINUTE_US)),
        BringBackRefusal.NO_PERIOD,
        "expected a period of account A at 2025-12-31T23:59:00Z, found none (no_terms)",
    ),
]


@pytest.mark.parametrize(
    ("around", "reason", "detail"),
    REFUSALS,
    ids=[f"{each[1]}-{n}" for n, each in enumerate(REFUSALS)],
)
def test_each_refusal_has_its_reason(around: Known, reason: BringBackRefusal, detail: str) -> None:
    """In one line, with what was expected and found."""
    assert bring_back(["r1"], around, DECISION) == RefusedRow("r1", reason, detail)


def test_every_reason_is_shown() -> None:
    """The list is closed, and each of it occurs."""
    assert {reason for _, reason, _ in REFUSALS} == set(BringBackRefusal)


def test_one_refused_row_refuses_all() -> None:
    """Nothing of a call is brought back in part."""
    rows = bring_back(["r1", "none"], known(expired()), DECISION)
    assert isinstance(rows, RefusedRow)
    assert rows.row_id == "none"
