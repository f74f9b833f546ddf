"""What is taken back of an account that became known too late."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from schemas.aggregation import Aggregation, AggregationOptions
from schemas.metered_usage import MeteredUsage, TakenBack
from schemas.usage_row import UnassignedReason, UnassignedUsage
from tests.udfs.engine import MILES, RULES, at, usage
from udfs.metering import MeteringRules, expire_waiting, given_up, part_ways

SEATS = replace(MILES, meter_id="seats", is_retractable=True)


def rules_of(aggregation: Aggregation) -> MeteringRules:
    """Return the rules of one meter that gives back."""
    options = AggregationOptions(keeps_all=aggregation is not Aggregation.SUM)
    return MeteringRules({"seats": replace(SEATS, aggregation=aggregation, options=options)})


def taken_back(*parts: TakenBack) -> MeteredUsage:
    """Return a row that takes back what had been received in three log windows."""
    row = usage("2013-01-20T10:00", "2013-01-21T10:00", -9, event_count=-4, meter_id="seats")
    return replace(row, taken_back=parts)


FIRST = TakenBack(100, Decimal(-2), -1, 11, 12, 21, 22)
SECOND = TakenBack(200, Decimal(-3), -2, 9, 13, 19, 23)
THIRD = TakenBack(300, Decimal(-4), -1, 15, 16, 25, 26)


def test_each_log_window_goes_its_way() -> None:
    """Up to the last that was given up; both rows say what they hold."""
    rules = rules_of(Aggregation.SUM)
    (gone,), left = part_ways(rules, taken_back(FIRST, SECOND, THIRD), 200)
    assert (gone.reason, gone.is_retraction) == (UnassignedReason.UNKNOWN_ACCOUNT, True)
    assert (gone.quantity, gone.event_count) == (-5, -3)
    assert (gone.first_event_time_us, gone.last_event_time_us) == (9, 13)
    assert (gone.first_log_time_us, gone.last_log_time_us) == (19, 23)
    assert left is not None
    assert (left.quantity, left.event_count, left.taken_back) == (-4, -1, (THIRD,))
    assert (left.first_event_us, left.last_event_us) == (15, 16)
    assert (left.first_log_us, left.last_log_us) == (25, 26)
    assert part_ways(rules, taken_back(FIRST, SECOND, THIRD), 300)[1] is None


@pytest.mark.parametrize(
    ("aggregation", "quantity"), [(Aggregation.MAX, -3), (Aggregation.MIN, -2)]
)
def test_extremes_are_merged_below_zero(aggregation: Aggregation, quantity: int) -> None:
    """The greatest of events, negated, is the least."""
    (gone,), _ = part_ways(rules_of(aggregation), taken_back(FIRST, SECOND, THIRD), 200)
    assert gone.quantity == quantity


def test_what_nobody_gave_up_stays_as_it_is() -> None:
    """Usage itself, too, and what an older savepoint held."""
    rules, row = rules_of(Aggregation.SUM), taken_back(SECOND)
    for each, given_up_us in (
        (row, None),
        (row, 199),
        (usage("2013-01-20T10:00", "2013-01-20T10:01"), 900),
    ):
        assert part_ways(rules, each, given_up_us) == ((), each)
    assert part_ways(rules, taken_back(), 900) == ((), taken_back())


def test_what_was_given_up_is_remembered_where_it_may_come_back() -> None:
    """The latest log window of an account, of meters that give back; no retraction counts."""
    waited = [
        usage("2013-01-20T10:00", "2013-01-20T10:02", meter_id="seats"),
        usage("2013-01-20T10:00", "2013-01-20T10:01", meter_id="seats"),
        usage("2013-01-20T10:00", "2013-01-20T10:05", -1, event_count=-1, meter_id="seats"),
        usage("2013-01-20T10:00", "2013-01-20T10:04", account_id="B1"),
    ]
    rules = MeteringRules({**RULES.meters, "seats": SEATS})
    rows: tuple[UnassignedUsage, ...]
    rows, _ = expire_waiting(rules, waited, at("2013-01-22T00:00"))
    assert given_up(rules, rows) == {"A1": at("2013-01-20T10:02")}
