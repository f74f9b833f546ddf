"""Waiting for a condition, never for a fixed time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T | None], what: str, timeout_s: float) -> T:
    """Ask `condition` until its answer is true, and return that answer.

    Args:
        condition: asked about ten times a second; what it raises ends the waiting.
        what: what is waited for, for the error.
        timeout_s: seconds after which to give up.

    Raises:
        TimeoutError: if the condition stayed false.
    """
    give_up = time.monotonic() + timeout_s
    while not (answer := condition()):
        if time.monotonic() > give_up:
            raise TimeoutError(f"{what}: not within {timeout_s:g} s")
        time.sleep(0.1)
    return answer
