"""Instants: exact microseconds of UTC, and never a naive datetime."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from schemas.instant import to_text, to_us


@pytest.mark.parametrize(
    ("instant_us", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_358_226_000_000_000, "2013-01-15T05:00:00Z"),
        (1_358_226_000_000_001, "2013-01-15T05:00:00.000001Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
    ],
)
def test_text_and_back(instant_us: int, text: str) -> None:
    """An instant and its text are one to one."""
    assert to_text(instant_us) == text
    assert to_us(datetime.fromisoformat(text)) == instant_us


def test_far_instants_are_exact() -> None:
    """No float comes near: the last microsecond of the year 9999 is exact."""
    last = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    assert to_us(last) == 253_402_300_799_999_999


def test_the_fold_of_a_wall_clock_counts() -> None:
    """An hour that occurs twice is two instants."""
    first = datetime(2013, 11, 3, 1, 30, tzinfo=ZoneInfo("America/New_York"))
    assert to_us(first.replace(fold=1)) - to_us(first) == 3_600_000_000


def test_naive_is_refused() -> None:
    """A datetime without a zone is no instant."""
    with pytest.raises(ValueError, match="expected a datetime with a time zone"):
        to_us(datetime(2013, 1, 15))
