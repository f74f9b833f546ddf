"""What the oracle's statements are made of, and what it refuses to price."""

from pathlib import Path
from typing import Any

import pytest

from audit.prices.agreements import read_agreements
from audit.prices.prices import Draws
from audit.prices.statements import price_all
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


@pytest.mark.parametrize(
    ("more", "draws"),
    [
        # Nothing is left for what January costs more.
        (1, {"01": 10_000, "02": 15_000}),
        # January gives its draw back, half of it to February.
        (-1, {"02": 20_000}),
    ],
)
def test_what_was_drawn_stays_drawn(tmp_path: Path, more: int, draws: dict[str, int]) -> None:
    """Of 250 dollars, 100 of January and 150 of February's 200; a correction moves none of it."""
    grant = {"grant_id": "paid", "account_id": "A", "currency": "USD", "amount": 250}
    world = World(grants=[{**grant, "granted": "2012-12-01T00:00:00Z"}])
    world.use("flights", 1)
    world.use("flights", 2, "02-01", "03-01")
    correction = {"correction_end": day("03-10")}
    world.add("usage_corrections", "flights", more, "01-01", "02-01", **correction)
    world.write(tmp_path)
    agreed, drawn = read_agreements(tmp_path), Draws()
    price_all(agreed, world.tables(), day("03-02"), drawn)
    assert drawn == {("paid", day("01-01")): 10_000, ("paid", day("02-01")): 15_000}
    found = price_all(agreed, world.tables(), day("03-11"), drawn)
    assert drawn == {("paid", day(f"{month}-01")): minor for month, minor in draws.items()}
    credits = [line.minor for each in found for line in each.lines if line.kind == "credit"]
    assert credits == [-minor for minor in draws.values()]


def test_what_has_no_price_is_told(tmp_path: Path) -> None:
    """Unless the card says that it is free."""
    world = World()
    world.use("baggage", 1)
    (january, _) = world.price(tmp_path)
    assert january.not_recomputed == "baggage has no price"
    world.cards = [{**CARD, "free_meters": ["baggage"]}]
    assert not any(each.not_recomputed for each in world.price(tmp_path))


def test_usage_without_a_contract_is_told(tmp_path: Path) -> None:
    """Nothing is left out silently."""
    world = World()
    world.use("flights", 1, "01-05", "01-20")
    told = [each for each in world.price(tmp_path) if each.not_recomputed]
    assert [(each.name, each.not_recomputed) for each in told] == [
        (("A", day("01-05"), day("01-20")), "usage in a period that terms and contract lack")
    ]


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"stamp": "red"}, "rate card: stamp"),
        ({"prices": [{**LANDING, "surge": 5}]}, "price: surge"),
        ({"prices": [{**LANDING, "model": {"type": "barter", "goats": 5}}]}, "barter: goats"),
        (
            {"prices": [{**LANDING, "model": {"type": "percentage", "rate": 1, "least_fee": 2}}]},
            "percentage: least_fee",
        ),
    ],
)
def test_what_is_not_recomputed_is_told(tmp_path: Path, members: Item, named: str) -> None:
    """So a card that uses more cannot pass for one that was compared."""
    statements = World([{**CARD, **members}]).price(tmp_path)
    assert {each.not_recomputed for each in statements} == {named}
    assert not any(each.lines for each in statements)
