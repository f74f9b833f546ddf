"""The world whose archive has all events, made once."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from jobs.seal_usage import main
from tests.jobs.pricing_world import KeptWorld, World
from tests.jobs.proofs.proved_view import ProvedView, open_view
from tests.jobs.proofs.proved_world import make_proved_world, price_and_invoice


@pytest.fixture(scope="session")
def kept_proved(tmp_path_factory: pytest.TempPathFactory) -> KeptWorld:
    """The world, to go back to."""
    return make_proved_world(tmp_path_factory.mktemp("proved")).keep("proved")


@pytest.fixture
def proved(kept_proved: KeptWorld) -> World:
    """The world as it was made."""
    return replace(kept_proved.again(), checkpoint=2)


@pytest.fixture(scope="session")
def kept_sealed(kept_proved: KeptWorld) -> KeptWorld:
    """The world with all rows sealed."""
    world = replace(kept_proved.again(), checkpoint=2)
    assert main(["--settings", str(world.settings)], {}, lambda: 7) == 0
    return world.keep("sealed")


@pytest.fixture
def sealed(kept_sealed: KeptWorld) -> World:
    """The world with all rows sealed."""
    return replace(kept_sealed.again(), checkpoint=2)


@pytest.fixture(scope="session")
def kept_invoiced(kept_sealed: KeptWorld) -> KeptWorld:
    """The world with all rows sealed, priced and invoiced."""
    world = replace(kept_sealed.again(), checkpoint=2)
    price_and_invoice(world)
    return world.keep("invoiced")


@pytest.fixture
def invoiced(kept_invoiced: KeptWorld) -> World:
    """The world with all rows sealed, priced and invoiced: A has INV-2013-000001."""
    return replace(kept_invoiced.again(), checkpoint=2)


@pytest.fixture(scope="session")
def kept_view(kept_invoiced: KeptWorld) -> Iterator[ProvedView]:
    """What explanations of A are read from, read once."""
    world = replace(kept_invoiced.again(), checkpoint=2)
    with open_view(world) as view:
        yield view


@pytest.fixture
def view(kept_view: ProvedView) -> Iterator[ProvedView]:
    """The same; what a test changes in it is taken back."""
    kept_view.usage.rows.execute("BEGIN")
    yield kept_view
    kept_view.usage.rows.execute("ROLLBACK")
