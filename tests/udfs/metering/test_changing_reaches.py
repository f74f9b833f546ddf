"""A meter's grace or correction horizon is changed, and what was forgotten stays forgotten."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from schemas.instant import DAY_US, HOUR_US
from schemas.usage_row import (
    ClosedUsage,
    DimensionOverflow,
    ExpiredUsage,
    UsageCorrection,
    UsageRow,
)
from tests.udfs.engine import MILES, Engine, at, started, usage
from udfs.metering import MeteringRules

# Grace and horizon of MILES.
REACH_US = HOUR_US + 3 * DAY_US


def change(engine: Engine, until: str, horizon_us: int, *before: tuple[int, int]) -> None:
    """Let the meter have another horizon from a log time on."""
    earlier = (*before, (at(until), REACH_US))
    rules = {"miles": replace(MILES, correction_horizon_us=horizon_us)}
    engine.rules = MeteringRules(rules, earlier_reaches={"miles": earlier})


def kinds(rows: list[UsageRow]) -> list[type[UsageRow]]:
    """Return what the rows are."""
    return [type(row) for row in rows]


def quantities(rows: list[UsageRow]) -> list[Decimal]:
    """Return their quantities."""
    return [row.quantity for row in rows if not isinstance(row, DimensionOverflow)]


@pytest.mark.parametrize("changed_at", ["2013-02-20T00:00", "2013-02-02T00:00"])
def test_a_longer_horizon_brings_no_forgotten_period_back(changed_at: str) -> None:
    """Whether the entry was forgotten before the change or after it: a person decides.

    It would be a second revision 1, of the late usage alone.
    """
    engine = started()
    engine.deliver(usage("2013-01-20T10:00", "2013-01-20T10:01", 5))
    engine.deliver(usage("2013-01-20T10:00", "2013-02-01T10:01", 7))
    engine.advance(at(changed_at))
    change(engine, changed_at, 90 * DAY_US)
    engine.advance(at("2013-02-20T00:00"))
    engine.deliver(usage("2013-01-20T10:00", "2013-02-20T10:01", 1))
    engine.advance()
    assert kinds(engine.rows) == [ClosedUsage, UsageCorrection, ExpiredUsage]
    assert quantities(engine.rows) == [5, 12, 1]


def test_an_open_entry_keeps_its_horizon() -> None:
    """Also a shorter one, while the longer one of a period opened later holds for that."""
    engine = started()
    engine.deliver(usage("2013-01-20T10:00", "2013-01-20T10:01", 5))
    change(engine, "2013-01-25T00:00", 90 * DAY_US)
    engine.deliver(usage("2013-02-20T10:00", "2013-02-20T10:01", 2))
    engine.advance(at("2013-02-20T10:00"))
    engine.deliver(usage("2013-01-20T10:00", "2013-02-20T10:01", 1))
    engine.deliver(usage("2013-02-20T10:00", "2013-05-20T10:01", 4))
    engine.advance()
    assert kinds(engine.rows) == [ClosedUsage, ExpiredUsage, ClosedUsage, UsageCorrection]
    assert quantities(engine.rows)[-1] == 6


def test_the_shortest_reach_since_the_period_began_counts() -> None:
    """An entry may have been opened, and forgotten, under any of them."""
    engine = started()
    change(engine, "2013-01-25T00:00", 90 * DAY_US, (at("2012-12-25T00:00"), HOUR_US))
    engine.deliver(usage("2013-01-20T10:00", "2013-02-04T01:00", 1))
    engine.deliver(usage("2013-01-20T10:00", "2013-02-04T01:01", 2))
    engine.advance()
    # The first one opens an entry with the horizon of now, which takes the second one.
    assert kinds(engine.rows) == [UsageCorrection, UsageCorrection]
    engine = started()
    change(engine, "2013-01-25T00:00", 90 * DAY_US, (at("2013-01-05T00:00"), HOUR_US))
    engine.deliver(usage("2013-01-20T10:00", "2013-02-01T01:01", 1))
    engine.advance()
    assert kinds(engine.rows) == [ExpiredUsage]
