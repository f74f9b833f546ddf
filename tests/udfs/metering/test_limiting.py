"""The limit of dimensions of an account and meter; see also properties/test_limit."""

from __future__ import annotations

from dataclasses import replace

from schemas.instant import DAY_US
from schemas.usage_row import ClosedUsage, DimensionOverflow, UsageCorrection
from tests.udfs.engine import MILES, Engine, at, started, usage
from udfs.metering import MeteringRules

LIMITED = replace(MILES, dimensions=("origin",), max_dimensions=2)
RULES = MeteringRules({"miles": LIMITED})


def fly(engine: Engine, origin: str, window_end: str, miles: int) -> None:
    """Deliver one flight of 20 January."""
    dimensions = f'{{"origin":"{origin}"}}'
    engine.deliver(usage("2013-01-20T10:00", window_end, miles, dimensions=dimensions))


def quantities(engine: Engine) -> dict[str, int]:
    """Return the closed quantities by origin."""
    closed = [row for row in engine.rows if isinstance(row, ClosedUsage)]
    return {row.dimensions.split('"')[3]: int(row.quantity) for row in closed}


def test_the_third_of_two_dimensions_counts_under_the_overflow() -> None:
    """A row of its own says so once, and no mile is lost."""
    engine = started(RULES)
    for n, origin in enumerate(["JFK", "EWR", "LGA", "BOS", "JFK"]):
        fly(engine, origin, f"2013-01-20T10:0{n}", 10**n)
        engine.advance(at(f"2013-01-20T10:0{n}"))
    assert len(engine.entries["A1"]) == 3
    engine.advance()
    assert quantities(engine) == {"JFK": 10001, "EWR": 10, "__overflow__": 1100}
    (overflow,) = [row for row in engine.rows if isinstance(row, DimensionOverflow)]
    assert (overflow.max_dimensions, overflow.full_since_us) == (2, at("2013-01-20T10:01"))


def test_once_full_a_new_dimension_opens_no_entry() -> None:
    """It goes to the overflow at once, before any timer."""
    engine = started(RULES)
    for n, origin in enumerate(["JFK", "EWR", "LGA"]):
        fly(engine, origin, f"2013-01-20T10:0{n}", 1)
    engine.advance(at("2013-01-20T10:05"))
    fly(engine, "BOS", "2013-01-20T10:06", 1)
    assert len(engine.entries["A1"]) == 3


def test_the_overflow_s_own_value_takes_no_place() -> None:
    """An event that names it counts there, and is none of the two."""
    engine = started(RULES)
    for n, origin in enumerate(["__overflow__", "EWR", "LGA"]):
        fly(engine, origin, f"2013-01-20T10:0{n}", 1)
    engine.advance()
    assert quantities(engine) == {"__overflow__": 1, "EWR": 1, "LGA": 1}
    assert not any(isinstance(row, DimensionOverflow) for row in engine.rows)


def test_a_lower_limit_takes_back_no_closed_row() -> None:
    """What was emitted stays and is corrected; only what is new overflows."""
    engine = started(MeteringRules({"miles": replace(LIMITED, max_dimensions=3)}))
    for n, origin in enumerate(["JFK", "EWR", "LGA"]):
        fly(engine, origin, f"2013-01-20T10:0{n}", 1)
    engine.advance(at("2013-02-01T02:00"))
    engine.rules = MeteringRules({"miles": replace(LIMITED, max_dimensions=1)})
    fly(engine, "BOS", "2013-02-01T03:00", 7)
    fly(engine, "LGA", "2013-02-01T03:00", 5)
    engine.advance()
    rows = [row for row in engine.rows if isinstance(row, UsageCorrection)]
    corrected = {row.dimensions: int(row.quantity) for row in rows}
    assert corrected == {'{"origin":"LGA"}': 6, '{"origin":"__overflow__"}': 7}


def test_each_period_begins_with_none() -> None:
    """The limit is of a period; the next one keeps others."""
    engine = started(RULES)
    for n, origin in enumerate(["JFK", "EWR", "LGA"]):
        fly(engine, origin, f"2013-01-20T10:0{n}", 1)
    engine.advance(at("2013-02-01T02:00"))
    engine.deliver(usage("2013-02-05T10:00", "2013-02-05T10:01", 4, dimensions='{"origin":"LGA"}'))
    engine.advance(at("2013-02-05T10:01") + 40 * DAY_US)
    assert quantities(engine)["LGA"] == 4


def test_a_dimension_that_came_to_nothing_keeps_its_place() -> None:
    """What was taken back in the hour it came in was there first all the same."""
    engine = started(RULES)
    fly(engine, "JFK", "2013-01-20T10:01", 1)
    for miles in (2, -2):
        dimensions = '{"origin":"EWR"}'
        late = usage("2013-01-20T10:00", "2013-02-02T03:10", miles, dimensions=dimensions)
        engine.deliver(late if miles > 0 else replace(late, event_count=-1))
    engine.advance(at("2013-02-02T12:00"))
    fly(engine, "LGA", "2013-02-02T12:10", 3)
    fly(engine, "EWR", "2013-02-02T12:20", 4)
    engine.advance()
    rows = [row for row in engine.rows if isinstance(row, UsageCorrection)]
    corrected = {row.dimensions: int(row.quantity) for row in rows}
    assert corrected == {'{"origin":"EWR"}': 4, '{"origin":"__overflow__"}': 3}
