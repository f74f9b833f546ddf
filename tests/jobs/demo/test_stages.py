"""The stages of the demo: their times, and what is printed of them."""

import io

import pytest
from rich.console import Console

from jobs.demo.stages import Stage, Stages


def _stages(*times_ms: int) -> tuple[Stages, io.StringIO]:
    output, times = io.StringIO(), iter(times_ms)
    return Stages(Console(file=output), lambda: next(times)), output


def test_a_stage_takes_its_time() -> None:
    """Each stage that ends is one line and one duration; off a terminal no bar is drawn."""
    stages, output = _stages(100, 1600, 2000, 2010)
    with stages.stage("publish") as step:
        step.advance(1, 2)
    with stages.stage("stop"):
        stages.say("[not markup]")
    assert stages.done == [Stage("publish", 1500), Stage("stop", 10)]
    lines = [line.split() for line in output.getvalue().splitlines()]
    assert lines == [["publish", "1.5", "s"], ["[not", "markup]"], ["stop", "0.0", "s"]]


def test_a_stage_that_breaks_is_the_current_one() -> None:
    """It has no time, but the failure can be told with its title."""
    stages, output = _stages(0)
    with pytest.raises(OSError, match="full"), stages.stage("write"):
        raise OSError("disk is full")
    assert (stages.current, stages.done, output.getvalue()) == ("write", [], "")
