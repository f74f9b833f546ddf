"""Tells what the demo is doing, and takes the time of each stage."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn

from schemas.instant import to_us
from schemas.manual_act import Decision

DECISION = Decision("demo", "the year that the demo tells of")
"""What stands in the log of manual acts."""
PREPARED_US = to_us(datetime(2012, 12, 1, tzinfo=UTC))
"""When accounts are published and prices loaded, by the clock of that year."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage that has ended; its duration is in milliseconds of wall time."""

    title: str
    duration_ms: int


class Step:
    """What is shown of a stage while it lasts: on a terminal a bar, elsewhere nothing."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def advance(self, done: int, total: int) -> None:
        """Show that `done` of `total` is done; in whatever unit."""
        self._progress.update(self._task, completed=done, total=total)


class Stages:
    """The stages so far.

    Attributes:
        done: Stages that have ended well, in order.
        current: Title of the last stage that began.
        clock_ms: Wall time in milliseconds; never goes back.
    """

    def __init__(self, console: Console, clock_ms: Callable[[], int]) -> None:
        """Tell on `console`."""
        self._console = console
        self.clock_ms = clock_ms
        self.done: list[Stage] = []
        self.current = "start"

    def say(self, line: str) -> None:
        """Print one line that stays."""
        self._console.print(line, markup=False, soft_wrap=True)

    @contextmanager
    def stage(self, title: str) -> Iterator[Step]:
        """Run one stage: show it while it lasts, and its time when it has ended well."""
        self.current = title
        began_ms = self.clock_ms()
        progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            console=self._console,
            transient=True,
            refresh_per_second=4,
            disable=not self._console.is_terminal,
        )
        with progress:
            yield Step(progress, progress.add_task(title, total=None))
        self.done.append(Stage(title, self.clock_ms() - began_ms))
        self.say(f"{title:<60}{self.done[-1].duration_ms / 1000:8.1f} s")
