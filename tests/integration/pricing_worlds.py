"""Worlds of tables to price: accounts of all sorts, and what has to be refused."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from iceberg.decided_tables import BROUGHT_BACK_USAGE
from iceberg.tables import CLOSED_USAGE, METERING_WINDOWS
from tests.iceberg.filling import append
from tests.iceberg.rows import brought_back
from tests.jobs.pricing_rows import closed, corrected, day, window
from tests.jobs.pricing_world import CARDS, CONTRACTS, MONTHS, World, make_priced_world

ACCOUNTS = ("A", "B", "C", "D", "E")
# The first five landings cost 3.00 each from the middle of January on.
CHANGED_CARDS = CARDS.replace("version: 1", "version: 2").replace("2013-01-01", "2013-01-16")
MORE_CONTRACTS = CONTRACTS.replace(
    "credit_grants:",
    """\
  - {account_id: C, version: 1, effective_from: 2013-01-01T00:00:00Z, currency: USD, card_id: miles}
  - {account_id: D, version: 1, effective_from: 2013-01-01T00:00:00Z, currency: USD}
  - account_id: E
    version: 1
    effective_from: 2013-01-01T00:00:00Z
    trial_until: 2013-01-10T00:00:00Z
    currency: USD
one_off_fees:
  - {fee_id: setup, account_id: D, currency: USD, amount: '99.99', at: 2013-01-03T00:00:00Z,
     product: setup}
credit_grants:""",
)
MILES = """\
rate_cards:
  - card_id: miles
    currency: USD
    version: 1
    effective_from: 2013-01-01T00:00:00Z
    prices:
      - {price_id: seven, meter_id: longest, product: miles,
         model: {type: per_unit, unit_price: '0.0000007'}}
"""


def make_rich_world(folder: Path) -> World:
    """Make accounts of all sorts: D uses nothing, E is on trial, C is priced in fractions."""
    folder.mkdir()
    world = make_priced_world(folder)
    world.load(MILES, MORE_CONTRACTS)
    world.load(CHANGED_CARDS.replace("unit_price: 2", "unit_price: 3"), MORE_CONTRACTS)
    for offset, account_id in enumerate("CDE", start=2):
        world.take_account(account_id, MONTHS, offset=offset)
    return world


def meter_january(world: World) -> None:
    """Let January close: with windows, a row brought back, and commits that came twice."""
    rows = [closed(account_id, 1, flights) for account_id, flights in (("A", 8), ("B", 3))]
    rows.append(closed("E", 1, 2))
    average = {"row_id": "C1", "meter_id": "longest", "unit": "mile", "aggregation": "average"}
    breakdown = '{"sum":"7000000.000000001","count":3}'
    quantity = Decimal("2333333.333333334")
    rows.append(closed("C", 1, 3, **average, breakdown=breakdown) | {"quantity": quantity})
    windows = [
        window("A", day(1, 5), 5),
        window("A", day(1, 16), 3),
        # Rolled up into a day; one of its hours was committed again.
        _rolled_up(window("B", day(1, 6), 2)),
        window("B", day(1, 6, hour=7), 1),
        window("B", day(1, 20), 1),
        window("E", day(1, 9), 1),
        window("E", day(1, 11), 1),
        # Too late for the closed row: it waits for a correction.
        window("A", day(1, 30), 1) | {"log_window_end": day(2, 3)},
    ]
    world.meter(day(2, 2), closed_usage=rows, metering_windows=windows)
    append(world.catalog, CLOSED_USAGE, rows[:2])
    append(world.catalog, METERING_WINDOWS, windows[:1])
    back = {"quantity": Decimal(2), "event_count": 2, "first_event_time": day(1, 17)}
    append(world.catalog, BROUGHT_BACK_USAGE, [brought_back("e1", account_id="B", **back)])
    world.commit(world.checkpoint)


def _rolled_up(row: dict[str, object]) -> dict[str, object]:
    wide = {"event_window_s": 86_400, "job_version": "roll-up 1"}
    return row | wide | {"log_window_end": day(1, 25)}


def meter_march(world: World) -> None:
    """Let February close and January be corrected, once up, once down."""
    late = [
        corrected("A", 1, 1, flights=9, delta=1, end=day(2, 4)),
        corrected("B", 1, 1, flights=2, delta=-1, end=day(2, 5)),
        # Known only after the instant that is asked for.
        corrected("A", 1, 2, flights=11, delta=2, end=day(3, 5)),
    ]
    windows = [window("B", day(1, 6, hour=9), -1) | {"log_window_end": day(2, 4)}]
    windows[0]["is_retraction"] = True
    world.meter(
        day(3, 2),
        closed_usage=[closed("A", 2, 40), closed("E", 2, 1)],
        usage_corrections=late,
        metering_windows=windows,
    )


def _usage_of_f(world: World) -> None:
    world.take_account("F", MONTHS, offset=9)
    world.meter(day(2, 2), closed_usage=[closed("A", 1, 1), closed("F", 1, 2)])


def _gap(world: World) -> None:
    late = corrected("A", 1, 2, 3, 1, end=day(2, 1, hour=2))
    world.meter(day(2, 2), closed_usage=[closed("A", 1, 2)], usage_corrections=[late])


def _without_windows(world: World) -> None:
    world.load(CHANGED_CARDS, CONTRACTS)
    world.meter(day(2, 2), closed_usage=[closed("A", 1, 8)])


def lose_a_file(world: World) -> None:
    """Let a file of usage be lost, which no reader can do without."""
    world.meter(day(2, 2))
    for path in append(world.catalog, CLOSED_USAGE, [closed("A", 1, 8)]):
        Path(path).unlink()
    world.commit(world.checkpoint)


REFUSED: dict[str, Callable[[World], None]] = {
    "no contract": _usage_of_f,
    "a gap": _gap,
    "no windows": _without_windows,
}
