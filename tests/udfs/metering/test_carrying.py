"""How a level passes from one billing period to the next; see also properties/test_levels."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from schemas.aggregation import Aggregation, AggregationOptions, Readings
from schemas.instant import DAY_US, HOUR_US
from schemas.meter import Meter
from schemas.usage_row import ClosedUsage, UsageCorrection
from tests.udfs.engine import Engine, at, started, usage
from udfs.metering import MeterChangedError, MeteringRules

HOURLY = AggregationOptions(readings=Readings.DELTA, per_us=HOUR_US)
DISK = Meter(
    "disk",
    "disk.resized",
    Aggregation.TIME_WEIGHTED_SUM,
    "gb",
    "gb-hour",
    (),
    HOUR_US,
    3 * DAY_US,
    HOURLY,
)
RULES = MeteringRules({"disk": DISK})
PATIENT = MeteringRules({"disk": replace(DISK, correction_horizon_us=60 * DAY_US)})


def resize(engine: Engine, event: str, window_end: str, units: int, place: int = 0) -> None:
    """Deliver one event that changes the size of a disk."""
    engine.deliver(usage(event, window_end, units, meter_id="disk", part=f"0:{place}"))


def test_a_level_fills_periods_without_events() -> None:
    """Half of January, then all of February, and its row says that it has no events."""
    engine = started(RULES)
    resize(engine, "2013-01-31T12:00", "2013-01-31T12:01", 2)
    january, february = engine.advance(at("2013-03-01T02:00"))
    assert isinstance(january, ClosedUsage)
    assert isinstance(february, ClosedUsage)
    assert (january.quantity, january.event_count) == (Decimal(24), 1)
    assert (february.quantity, february.event_count) == (Decimal(2 * 28 * 24), 0)
    assert february.first_event_time_us is february.last_log_time_us is None
    assert february.breakdown == (
        '{"level_microseconds":"4838400000000","opening_level":"2","closing_level":"2"}'
    )


def test_a_late_event_corrects_the_periods_after_its_own() -> None:
    """January changed after February closed: one correction each, February's without events."""
    engine = started(PATIENT)
    resize(engine, "2013-01-31T12:00", "2013-01-31T12:01", 2)
    engine.advance(at("2013-03-01T02:00"))
    resize(engine, "2013-01-31T23:00", "2013-03-02T00:00", -1, place=1)
    january, february = engine.advance(at("2013-03-03T00:00"))
    assert isinstance(january, UsageCorrection)
    assert isinstance(february, UsageCorrection)
    assert (january.quantity_delta, january.event_count_delta) == (Decimal(-1), 1)
    assert (february.quantity_delta, february.event_count_delta) == (Decimal(-28 * 24), 0)
    assert february.first_event_time_us is None
    assert february.revision == 1


def test_a_level_of_zero_opens_no_period() -> None:
    """What rose and fell again leaves nothing behind but its own period."""
    engine = started(RULES)
    resize(engine, "2013-01-10T00:00", "2013-01-10T00:01", 2)
    resize(engine, "2013-01-20T00:00", "2013-01-20T00:01", -2, place=1)
    assert len(engine.advance(at("2013-02-01T02:00"))) == 1
    assert len(engine.entries["A1"]) == 1
    engine.advance()
    assert not engine.entries["A1"]
    assert not engine.chains


def test_a_meter_that_is_removed_ends_its_level() -> None:
    """Open periods close, none is opened."""
    engine = started(RULES)
    resize(engine, "2013-01-10T00:00", "2013-01-10T00:01", 2)
    engine.rules = MeteringRules({})
    engine.advance()
    assert len(engine.rows) == 1
    assert not engine.entries["A1"]


def test_a_meter_that_counts_otherwise_needs_a_new_name() -> None:
    """It stops when the level would pass on."""
    engine = started(RULES)
    resize(engine, "2013-01-10T00:00", "2013-01-10T00:01", 2)
    other = replace(DISK, options=replace(HOURLY, per_us=DAY_US))
    engine.rules = MeteringRules({"disk": other})
    with pytest.raises(MeterChangedError, match="give it a new meter_id"):
        engine.advance(at("2013-02-01T02:00"))


def test_periods_are_forgotten_in_their_order() -> None:
    """A shorter horizon of later periods does not tear the chain."""
    engine = started(PATIENT)
    resize(engine, "2013-01-10T00:00", "2013-01-10T00:01", 2)
    engine.rules = RULES
    resize(engine, "2013-02-10T00:00", "2013-02-10T00:01", -2, place=1)
    engine.advance(at("2013-03-20T00:00"))
    assert len(engine.entries["A1"]) == 2
    resize(engine, "2013-01-20T00:00", "2013-03-20T00:00:10", 1, place=2)
    engine.advance(at("2013-03-21T00:00"))
    corrected = [row.period_start_us for row in engine.rows if isinstance(row, UsageCorrection)]
    assert corrected[:2] == [at("2013-01-01T00:00"), at("2013-02-01T00:00")]
    engine.rules = MeteringRules({})
    engine.advance()
    assert not engine.entries["A1"]
    assert not engine.chains
