"""When running usage is rolled up: up to which instants detail becomes hours, and hours days.

Days are those of UTC, whatever the zone of an account: the rows serve no bill, and one day for all
keeps the files of a day together.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.instant import DAY_US

MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class RollUpCuts:
    """Up to which instants usage is rolled up.

    A row is rolled up to an hour (a day) once both have passed: the end of its hour (day) of event
    time, and the end of the log window that gathered it. The second lets late usage be detail for
    as long as other usage; and what was committed twice is known by then.

    Attributes:
        hours_until_us: The cut of hours, a midnight of UTC.
        days_until_us: The cut of days, a midnight of UTC, not after that of hours.
    """

    hours_until_us: int
    days_until_us: int


def roll_up_cuts(now_us: int, hours_after_days: int, days_after_days: int) -> RollUpCuts:
    """Return the cuts of a run at an instant; at any time of one UTC day they are the same.

    Args:
        now_us: The instant of the run.
        hours_after_days: For how many days, at least, detail is kept; 1 or more.
        days_after_days: For how many days, at least, hours are kept; as many or more, up to
            `MOST_DAYS`.

    Raises:
        ValueError: The numbers of days are not in that order.
    """
    if not 1 <= hours_after_days <= days_after_days <= MOST_DAYS:
        raise ValueError(
            f"expected 1 <= hours after days <= days after days <= {MOST_DAYS}, "
            f"found {hours_after_days} and {days_after_days}"
        )
    midnight_us = now_us - now_us % DAY_US
    return RollUpCuts(
        midnight_us - hours_after_days * DAY_US, midnight_us - days_after_days * DAY_US
    )
