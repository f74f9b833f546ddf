"""Late usage: corrections of closed periods, and usage that comes after the horizon."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from schemas.aggregation import Aggregation
from schemas.instant import HOUR_US
from schemas.usage_row import ClosedUsage, ExpiredUsage, UsageCorrection
from tests.udfs.engine import MILES, Engine, at, started, usage
from udfs.metering import MeteringRules


def corrections(engine: Engine) -> list[UsageCorrection]:
    """Return all corrections emitted so far."""
    return [row for row in engine.rows if isinstance(row, UsageCorrection)]


def test_late_usage_is_gathered_by_log_hour() -> None:
    """All late usage of one log hour is one correction, emitted at the hour's end.

    log hour    | cut 01:00 |  02:00      |  03:00
    quantity    |      10 ->| +1 at 01:10 | +4 at 02:10
                |           | +2 at 02:00 |
    rows        |  closed 10| 1: +3 -> 13 | 2: +4 -> 17
    """
    engine = started()
    engine.deliver(usage("2013-01-20T10:00", "2013-01-20T10:01", 10))
    engine.deliver(usage("2013-01-20T10:00", "2013-02-01T01:10", 1))
    engine.deliver(usage("2013-01-20T10:07", "2013-02-01T02:00", 2))
    (closed,) = engine.advance(at("2013-02-01T02:00") - 1)
    (first,) = engine.advance(at("2013-02-01T02:00"))
    engine.deliver(usage("2013-01-20T10:00", "2013-02-01T02:10", 4))
    (second,) = engine.advance()
    assert isinstance(closed, ClosedUsage)
    assert first == UsageCorrection(
        row_id="ffa1b28adf8dc3b7ca98022e75834e2b",
        corrected_row_id=closed.row_id,
        account_id="A1",
        meter_id="miles",
        dimensions="{}",
        period_start_us=at("2013-01-01T00:00"),
        period_end_us=at("2013-02-01T00:00"),
        timezone="UTC",
        aggregation=Aggregation.SUM,
        quantity=Decimal(13),
        quantity_delta=Decimal(3),
        breakdown=None,
        unit="mile",
        event_count=3,
        event_count_delta=2,
        revision=1,
        cut_us=at("2013-02-01T01:00"),
        correction_end_us=at("2013-02-01T02:00"),
        first_event_time_us=at("2013-01-20T10:00"),
        last_event_time_us=at("2013-01-20T10:07"),
        first_log_time_us=at("2013-02-01T01:10") - 1,
        last_log_time_us=at("2013-02-01T02:00") - 1,
        terms_version=7,
    )
    assert isinstance(second, UsageCorrection)
    assert (second.quantity_delta, second.quantity) == (Decimal(4), Decimal(17))
    assert (second.revision, second.corrected_row_id, second.event_count) == (2, first.row_id, 4)


def test_a_cut_within_a_log_hour() -> None:
    """A bucket ends with the log hour, wherever the cut is; a window's end counts to its hour.

    log time   01:00 ... cut 01:30 . x 01:40 ... 02:00 | x 02:00:10 ... 03:00
    """
    engine = started(MeteringRules({"miles": replace(MILES, grace_us=HOUR_US * 3 // 2)}))
    engine.deliver(usage("2013-01-20T10:00", "2013-02-01T01:40"))
    engine.deliver(usage("2013-01-20T10:00", "2013-02-01T02:00:10"))
    engine.advance()
    ends = [row.correction_end_us for row in corrections(engine)]
    assert ends == [at("2013-02-01T02:00"), at("2013-02-01T03:00")]


def test_nothing_was_closed() -> None:
    """A period whose usage is all late has no closed row; its first correction corrects none.

    log time     cut     x                   x
    rows          -      1: +4, corrects -   2: +1, corrects 1
    """
    engine = started()
    engine.deliver(usage("2013-01-20T10:00", "2013-02-01T09:10", 4))
    engine.deliver(usage("2013-01-20T10:00", "2013-02-02T09:10", 1))
    first, second = engine.advance()
    assert isinstance(first, UsageCorrection)
    assert isinstance(second, UsageCorrection)
    assert (first.quantity, first.quantity_delta) == (Decimal(4), Decimal(4))
    assert (first.revision, first.corrected_row_id) == (1, None)
    assert (second.revision, second.corrected_row_id) == (2, first.row_id)


@pytest.mark.parametrize(
    ("aggregation", "quantities", "deltas"),
    [
        (Aggregation.COUNT, (10, 1, 5), (1, 5)),
        (Aggregation.SUM, (10, -3, 5), (-3, 5)),
        (Aggregation.MAX, (10, 4, 15), (0, 5)),
        (Aggregation.MIN, (10, 14, 7), (0, -3)),
    ],
)
def test_deltas(
    aggregation: Aggregation, quantities: tuple[int, int, int], deltas: tuple[int, int]
) -> None:
    """A delta is new less old cumulative value, so it can be zero or negative."""
    name = None if aggregation is Aggregation.COUNT else "miles"
    meter = replace(MILES, aggregation=aggregation, property=name)
    engine = started(MeteringRules({"miles": meter}))
    for log, quantity in zip(
        ("2013-01-20T10:01", "2013-02-01T05:01", "2013-02-02T05:01"), quantities, strict=True
    ):
        engine.deliver(usage("2013-01-20T10:00", log, quantity))
    engine.advance()
    assert [row.quantity_delta for row in corrections(engine)] == list(map(Decimal, deltas))
    assert all(row.event_count_delta == 1 for row in corrections(engine))


def test_the_horizon_ends_corrections() -> None:
    """Up to the horizon usage corrects; after it, it expires at once, closed period or not.

    log time    cut ........ cut + 3 days
    usage                              x|          x
    rows                     correction +1         expired 2
    """
    engine = started()
    engine.deliver(usage("2013-01-20T10:00:30", "2013-02-04T01:00:10", 2))
    (expired,) = engine.rows
    assert expired == ExpiredUsage(
        row_id="26c8fcf33e11c105899cdfa7d6c6dbc0",
        account_id="A1",
        meter_id="miles",
        dimensions="{}",
        period_start_us=at("2013-01-01T00:00"),
        period_end_us=at("2013-02-01T00:00"),
        timezone="UTC",
        event_window_start_us=at("2013-01-20T10:00"),
        part=None,
        quantity=Decimal(2),
        unit="mile",
        event_count=1,
        first_event_time_us=at("2013-01-20T10:00:30"),
        last_event_time_us=at("2013-01-20T10:00:30"),
        first_log_time_us=at("2013-02-04T01:00:10") - 1,
        last_log_time_us=at("2013-02-04T01:00:10") - 1,
        log_window_end_us=at("2013-02-04T01:00:10"),
        is_retraction=False,
    )
    assert not engine.entries.get("A1")
    engine.deliver(usage("2013-01-20T10:00", "2013-02-04T01:00", 1))
    (correction,) = engine.advance()
    assert isinstance(correction, UsageCorrection)
    assert correction.correction_end_us == at("2013-02-04T01:00")


def test_the_last_bucket_outlives_the_horizon() -> None:
    """A bucket that ends after the horizon is emitted before its entry is removed.

    log time    cut 01:30 ... cut + 3 days = 01:30   02:00
    usage                             x 01:20        correction
    entry                             kept .........|gone
    """
    engine = started(MeteringRules({"miles": replace(MILES, grace_us=HOUR_US * 3 // 2)}))
    engine.deliver(usage("2013-01-20T10:00", "2013-02-04T01:20"))
    assert engine.advance(at("2013-02-04T02:00") - 1) == []
    assert len(engine.entries["A1"]) == 1
    assert len(engine.advance(at("2013-02-04T02:00"))) == 1
    assert not engine.entries.get("A1")


def test_no_horizon_at_all() -> None:
    """Without a horizon a period closes and is forgotten at its cut; late usage expires."""
    engine = started(MeteringRules({"miles": replace(MILES, correction_horizon_us=0)}))
    engine.deliver(usage("2013-01-20T10:00", "2013-02-01T01:00"))
    assert len(engine.advance(at("2013-02-01T01:00"))) == 1
    assert not engine.entries.get("A1")
    engine.deliver(usage("2013-01-20T10:00", "2013-02-01T01:00:10"))
    assert isinstance(engine.rows[-1], ExpiredUsage)


def test_a_late_timer_emits_each_revision() -> None:
    """When time jumps, the revisions come one by one, as if it had not."""
    slow, fast = started(), started()
    for engine in (slow, fast):
        for hour in range(2, 20):
            engine.deliver(usage("2013-01-20T10:00", f"2013-02-01T{hour:02}:00", hour))
    slow.advance()
    fast.timers = [(at("2013-02-05T00:00"), "A1")]
    fast.advance()
    assert fast.rows == slow.rows
    assert len(fast.rows) == 18
