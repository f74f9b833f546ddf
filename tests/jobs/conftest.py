"""The data set, read once, and a small world to price, made once."""

from dataclasses import replace

import pytest

from jobs.flights.departures import Departure, read_departure, read_flights
from tests.jobs.pricing_rows import closed, day
from tests.jobs.pricing_world import KeptWorld, World, make_priced_world


@pytest.fixture(scope="session")
def year() -> list[Departure]:
    """All departures of the year, in the data set's order."""
    return [read_departure(row) for row in read_flights()]


@pytest.fixture(scope="session")
def kept_worlds(tmp_path_factory: pytest.TempPathFactory) -> tuple[KeptWorld, KeptWorld]:
    """A world in which nothing was metered, and the same with January closed."""
    world = make_priced_world(tmp_path_factory.mktemp("world"))
    unmetered = world.keep()
    world.meter(day(2, 2), closed_usage=[closed("A", 1, 8), closed("B", 1, 3)])
    return unmetered, world.keep()


@pytest.fixture(scope="session")
def kept_priced(kept_worlds: tuple[KeptWorld, KeptWorld]) -> KeptWorld:
    """The world with January closed, and priced."""
    world = replace(kept_worlds[1].again(), checkpoint=2)
    world.price()
    return world.keep("priced")


@pytest.fixture
def unmetered(kept_worlds: tuple[KeptWorld, KeptWorld]) -> World:
    """Accounts A and B, and their prices; nothing is metered."""
    return replace(kept_worlds[0].again(), checkpoint=0)


@pytest.fixture
def january(kept_worlds: tuple[KeptWorld, KeptWorld]) -> World:
    """The same with January closed: 8 flights of A and 3 of B; it is the second of February."""
    return replace(kept_worlds[1].again(), checkpoint=2)


@pytest.fixture
def priced(kept_priced: KeptWorld) -> World:
    """The same, priced."""
    return replace(kept_priced.again(), checkpoint=2)
