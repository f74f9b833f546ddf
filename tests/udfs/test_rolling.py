"""When running usage is rolled up."""

import pytest

from schemas.instant import DAY_US
from udfs.rolling import MOST_DAYS, RollUpCuts, roll_up_cuts


@pytest.mark.parametrize("since_midnight_us", [0, 1, DAY_US - 1])
def test_cuts_are_midnights_of_utc(since_midnight_us: int) -> None:
    """At any instant of a day they are the same: a second run on it has nothing to do."""
    cuts = roll_up_cuts(100 * DAY_US + since_midnight_us, 7, 90)
    assert cuts == RollUpCuts(93 * DAY_US, 10 * DAY_US)


def test_cuts_before_1970_are_midnights_too() -> None:
    """The next midnight before, not the next toward 1970."""
    assert roll_up_cuts(-1, 1, 1) == RollUpCuts(-2 * DAY_US, -2 * DAY_US)


@pytest.mark.parametrize("days", [(0, 1), (-1, 5), (3, 2), (1, MOST_DAYS + 1)])
def test_days_in_another_order_are_refused(days: tuple[int, int]) -> None:
    """Hours cannot become days before detail becomes hours."""
    with pytest.raises(ValueError, match=f"found {days[0]} and {days[1]}"):
        roll_up_cuts(0, *days)
