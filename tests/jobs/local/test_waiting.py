"""Waiting gives the condition's answer, or says what it waited for in vain."""

import pytest

from jobs.local.waiting import wait_until


def test_answer_is_returned() -> None:
    """The first true answer comes back."""
    answers = iter([None, 0, 7])
    assert wait_until(lambda: next(answers), "a number", 30) == 7


def test_giving_up_names_the_thing() -> None:
    """The error says what was waited for."""
    with pytest.raises(TimeoutError, match=r"^rain: not within 0 s$"):
        wait_until(lambda: False, "rain", 0)
