"""Every scenario leads to the rows that its author wrote, and the oracle finds the same."""

from pathlib import Path

import pytest

from tests.scenarios.comparing import find_differences
from tests.scenarios.reading import read_scenario
from tests.scenarios.verbs import run_scenario

FILES = sorted(Path(__file__).parent.glob("*.txt"))


def differences_in(path: Path, folder: Path) -> list[str]:
    """Run a scenario; return what differs from its rows, and from the oracle's."""
    scenario = read_scenario(path)
    run = run_scenario(scenario, folder)
    by_oracle = [f"oracle: {line}" for line in run.differences_to_oracle()]
    return find_differences(run, scenario.tables) + by_oracle


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scenario(path: Path, tmp_path: Path) -> None:
    """Every row is there, and no other."""
    lines = differences_in(path, tmp_path)
    assert not lines, "\n".join([path.name, *lines])
