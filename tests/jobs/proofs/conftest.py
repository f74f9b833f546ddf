"""The world whose archive has all events, made once."""

from dataclasses import replace

import pytest

from jobs.seal_usage import main
from tests.jobs.pricing_world import KeptWorld, World
from tests.jobs.proofs.proved_world import make_proved_world


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
