"""What the oracle's statements are made of, and what it refuses to price."""

from pathlib import Path
from typing import Any

import pytest

from tests.oracle.priced_by_hand import CARD, LANDING, World, day, lines_of

Item = dict[str, Any]


def test_all_that_is_known_counts_once(tmp_path: Path) -> None:
    """Closed usage, corrections up to the day and what was brought back; a repeated row once."""
    world = World()
    world.use("flights", 10)
    world.rows["closed_usage"] *= 2
    world.add("usage_corrections", "flights", -3, "01-01", "02-01")
    world.add("usage_corrections", "flights", 50, "01-01", "02-01", correction_end=day("02-03"))
    world.add("brought_back_usage", "flights", 1, "01-01", "02-01")
    assert lines_of(world.price(tmp_path)) == ["usage landing-fee landing 01-01 80000"]


def test_what_has_no_price_is_told(tmp_path: Path) -> None:
    """Unless the card says that it is free."""
    world = World()
    world.use("baggage", 1)
    (january, _) = world.price(tmp_path)
    assert january.problems == ["A 2013-01-01: baggage has no price"]
    world.cards = [{**CARD, "free_meters": ["baggage"]}]
    assert not any(each.problems for each in world.price(tmp_path))


def test_usage_without_a_contract_is_refused(tmp_path: Path) -> None:
    """Nothing is left out silently."""
    world = World()
    world.use("flights", 1, "01-05", "01-20")
    with pytest.raises(ValueError, match="usage in periods that no contract has"):
        world.price(tmp_path)


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"rounding": "down"}, "rate card: ['rounding']"),
        ({"prices": [{**LANDING, "minimum": 5}]}, "price: ['minimum']"),
        ({"prices": [{**LANDING, "model": {"type": "flat", "amount": 5}}]}, "flat: "),
    ],
)
def test_what_is_not_recomputed_is_refused(tmp_path: Path, members: Item, named: str) -> None:
    """So a card that uses more cannot pass for one that was compared."""
    with pytest.raises(ValueError, match="is not recomputed") as error:
        World([{**CARD, **members}]).price(tmp_path)
    assert named in str(error.value)
