"""Usage is priced: charges, the journal and the runs, in tables as the metering job leaves them."""

from collections.abc import Iterator

import pytest

from tests.jobs.pricing_world import World, closed, day, make_priced_world

# A: 5 flights at 2.00 and 3 at 1.50 are 14.50; support 10.00; a desk 31.00, also for February.
# B: 3 flights at 2.00; support and desk alike: 47.00, less 10 %, divided by product; of 42.30 the
# prepaid 5.00 is paid. February's desk is 31.00 less 3.10.
JANUARY = {
    ("A", 1, "recurring_fee", "desk", "desks"): 3100,
    ("A", 1, "recurring_fee", "support", "support"): 1000,
    ("A", 1, "usage", "landing", "landing"): 1450,
    ("A", 2, "recurring_fee", "desk", "desks"): 3100,
    ("B", 1, "credit", "prepaid", ""): -500,
    ("B", 1, "discount", "partner", "desks"): -310,
    ("B", 1, "discount", "partner", "landing"): -60,
    ("B", 1, "discount", "partner", "support"): -100,
    ("B", 1, "recurring_fee", "desk", "desks"): 3100,
    ("B", 1, "recurring_fee", "support", "support"): 1000,
    ("B", 1, "usage", "landing", "landing"): 600,
    ("B", 2, "discount", "partner", "desks"): -310,
    ("B", 2, "recurring_fee", "desk", "desks"): 3100,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world whose January has closed; made once."""
    world = make_priced_world(tmp_path_factory.mktemp("world"))
    world.keep()
    return world


@pytest.fixture
def world(made: World) -> Iterator[World]:
    """The world with nothing priced, and nothing metered."""
    yield made.go_back()


def meter_january(world: World) -> None:
    """Let January close, with 8 flights of A and 3 of B."""
    world.meter(day(2, 2), closed_usage=[closed("A", 1, 8), closed("B", 1, 3)])


def test_closed_usage_is_priced(world: World) -> None:
    """Amounts reckoned by hand; each charge has its entry; the run has started and finished."""
    meter_january(world)
    report = world.price()
    assert world.sums() == JANUARY
    assert report.amount_minor == {"USD": sum(JANUARY.values())}
    assert (report.charges, report.accounts) == (len(JANUARY), 2)
