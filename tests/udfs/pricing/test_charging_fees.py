"""Recurring fees by proration, seats, trials and stubs; fees that are due once."""

from dataclasses import replace

import pytest

from schemas.contract import Contract
from schemas.rate_card import Due, Proration, RateCard, RecurringFee
from schemas.statement import PricedPeriod, Segment
from tests.udfs.pricing.stating import (
    CONTRACT,
    D,
    at,
    card,
    contract,
    cut,
    month,
    one_off,
    period_of,
    price,
    statement,
    used,
)
from udfs.pricing import price_period

NONE, EXACT, DAYS = Proration.NONE, Proration.EXACT, Proration.CALENDAR_DAYS
NEW_YORK = "America/New_York"


def fee(
    amount: str = "90",
    proration: Proration = EXACT,
    due: Due = Due.ARREARS,
    per_seat: bool = False,
    fee_id: str = "base",
) -> RateCard:
    """Return a card with one recurring fee."""
    return card(fees=(RecurringFee(fee_id, "plan", D(amount), due, proration, per_seat),))


def seats(number: int, **others: int) -> Contract:
    """Return a contract with seats."""
    return contract(seats=(("base", number),), **others)


def stub(proration: Proration, start: str, timezone: str = "UTC") -> PricedPeriod:
    """Return the rest of April from a time on, the first period of an account."""
    bounds = at("2026-04-01", timezone), at("2026-05-01", timezone)
    segment = Segment(at(start, timezone), bounds[1], fee("90", proration), CONTRACT)
    return period_of((segment,), whole=bounds, timezone=timezone)


def halves(first: RateCard, second: RateCard, start: str = "2026-04-16") -> PricedPeriod:
    """Return April with a second version of the card from a time on."""
    return period_of(cut(("2026-04-01", first), (start, replace(second, version=2))))


TRIAL = contract(trial_until_us=at("2026-04-11"))
CASES = [
    ("a whole period", month(fee()), ["recurring_fee base plan 9000"]),
    ("an amount of 0 is a line", month(fee("0")), ["recurring_fee base plan 0"]),
    ("in arrears before the close", month(fee(), is_closed=False), []),
    (
        "in advance before the close",
        month(fee(due=Due.ADVANCE), is_closed=False),
        ["recurring_fee base plan 9000"],
    ),
    ("in advance, after it", month(fee(due=Due.ADVANCE)), ["recurring_fee base plan 9000"]),
    # From the 22nd: 9 of 30 days. From noon of the 21st: 9.5 days, or those 9 that start in it.
    ("a stub, exact", stub(EXACT, "2026-04-22"), ["recurring_fee base plan from 04-22 2700"]),
    ("a stub, days", stub(DAYS, "2026-04-22"), ["recurring_fee base plan from 04-22 2700"]),
    ("a stub, whole", stub(NONE, "2026-04-22"), ["recurring_fee base plan from 04-22 9000"]),
    (
        "a stub from noon, exact",
        stub(EXACT, "2026-04-21T12:00"),
        ["recurring_fee base plan from 04-21T12:00 2850"],
    ),
    (
        "a stub from noon, days",
        stub(DAYS, "2026-04-21T12:00"),
        ["recurring_fee base plan from 04-21T12:00 2700"],
    ),
    ("a stub in which no day starts", stub(DAYS, "2026-04-30T00:01"), []),
    (
        "another amount from the 16th",
        halves(fee("90"), fee("30")),
        ["recurring_fee base plan 4500", "recurring_fee base plan from 04-16 1500"],
    ),
    (
        "from noon of the 16th: the day counts to the part in which it starts",
        halves(fee("90", DAYS), fee("30", DAYS), "2026-04-16T12:00"),
        ["recurring_fee base plan 4800", "recurring_fee base plan from 04-16T12:00 1400"],
    ),
    (
        "without proration the version at the start holds",
        halves(fee("90", NONE), fee("30", NONE)),
        ["recurring_fee base plan 9000"],
    ),
    (
        "a plan with another fee",
        halves(fee("90"), fee("60", fee_id="pro")),
        ["recurring_fee base plan 4500", "recurring_fee pro plan from 04-16 3000"],
    ),
    (
        "a trial until the 11th, the fee in arrears: 20 of 30 days",
        period_of(cut(("2026-04-01", fee(), TRIAL), ("2026-04-11", fee(), TRIAL))),
        [
            "recurring_fee base plan 3000",
            "recurring_fee base plan from 04-11 6000",
            "trial basic plan -3000",
        ],
    ),
    (
        "the same in advance, before the close",
        period_of(
            cut(("2026-04-01", fee(due=Due.ADVANCE), TRIAL), ("2026-04-11", fee(), TRIAL)),
            is_closed=False,
        ),
        ["recurring_fee base plan 3000", "trial basic plan -3000"],
    ),
    (
        "five seats",
        month(fee("9", per_seat=True), contract=seats(5)),
        ["recurring_fee base plan 4500"],
    ),
    ("no seats", month(fee("9", per_seat=True)), []),
    (
        "five seats, from the 21st eight",
        period_of(
            cut(
                ("2026-04-01", fee("9", per_seat=True), seats(5)),
                ("2026-04-21", fee("9", per_seat=True), seats(8, version=2)),
            )
        ),
        ["recurring_fee base plan 3000", "recurring_fee base plan from 04-21 2400"],
    ),
    (
        "no seats from the 21st on",
        period_of(
            cut(
                ("2026-04-01", fee("9", per_seat=True), seats(5)),
                ("2026-04-21", fee("9", per_seat=True), seats(0, version=2)),
            )
        ),
        ["recurring_fee base plan 3000"],
    ),
    (
        "seats cut no other fee",
        period_of(
            cut(("2026-04-01", fee("90"), CONTRACT), ("2026-04-21", fee("90"), contract(version=2)))
        ),
        ["recurring_fee base plan 9000"],
    ),
    (
        "fees that are due once, a credit among them",
        month(card(), one_off_fees=(one_off("a", "99.99"), one_off("b", "-20", "goodwill"))),
        ["one_off_fee a setup 9999", "one_off_fee b goodwill -2000"],
    ),
    (
        "they wait for the close",
        month(card(), one_off_fees=(one_off("a", "5"),), is_closed=False),
        [],
    ),
    (
        "not of a trial",
        period_of(
            cut(("2026-04-01", card(), contract(trial_until_us=at("2026-05-01")))),
            one_off_fees=(one_off("a", "5"),),
        ),
        ["one_off_fee a setup 500"],
    ),
]


@pytest.mark.parametrize(
    ("period", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_fees(period: PricedPeriod, expected: list[str]) -> None:
    """90 dollars in April, of 30 days, are 3 a day."""
    assert statement(period) == expected


def zoned(start: str, middle: str, end: str, timezone: str, proration: Proration) -> list[int]:
    """Return what two parts of a period cost, of 744 dollars."""
    first, second = (replace(fee("744", proration), version=each) for each in (1, 2))
    times = [at(each, timezone) for each in (start, middle, end)]
    segments = (
        Segment(times[0], times[1], first, CONTRACT),
        Segment(times[1], times[2], second, CONTRACT),
    )
    period = period_of(segments, timezone=timezone)
    return [int(line.rpartition(" ")[2]) for line in statement(period)]


# Worked out by hand. March 2026 in New York has 743 hours, for the 8th has 23; November 721, for
# the 1st has 25; both have whole days all the same.
DST = [
    ("2026-03-01", "2026-03-09", "2026-04-01", NEW_YORK, EXACT, (191, 743)),
    ("2026-03-01", "2026-03-09", "2026-04-01", NEW_YORK, DAYS, (8, 31)),
    ("2026-11-01", "2026-11-02", "2026-12-01", NEW_YORK, EXACT, (25, 721)),
    ("2026-11-01", "2026-11-02", "2026-12-01", NEW_YORK, DAYS, (1, 30)),
    # Within the day of 23 hours: from 12:00 on, 12 hours are left of it, 11 have been.
    ("2026-03-08", "2026-03-08T12:00", "2026-03-09", NEW_YORK, EXACT, (11, 23)),
    # In Beirut the 30th of March 2025 began at 1:00, for 0:00 did not exist.
    ("2025-03-01", "2025-03-30T01:00", "2025-04-01", "Asia/Beirut", DAYS, (29, 31)),
    ("2025-03-01", "2025-03-30T01:01", "2025-04-01", "Asia/Beirut", DAYS, (30, 31)),
    # In Havana the 3rd of November 2024 began twice, an hour apart; the first time counts.
    ("2024-11-01", "2024-11-03", "2024-12-01", "America/Havana", DAYS, (2, 30)),
    ("2024-11-01", "2024-11-03T00:30", "2024-12-01", "America/Havana", DAYS, (3, 30)),
]


@pytest.mark.parametrize(("start", "middle", "end", "timezone", "proration", "share"), DST)
def test_changes_of_clocks(
    start: str, middle: str, end: str, timezone: str, proration: Proration, share: tuple[int, int]
) -> None:
    """By duration an hour more or less counts, by days it does not; both sum to the whole."""
    first, second = zoned(start, middle, end, timezone, proration)
    part, whole = share
    assert abs(first - 74_400 * part / whole) <= 0.5
    assert first + second == 74_400


def test_a_period_in_which_no_day_starts_goes_by_duration() -> None:
    """Six hours of a morning are a whole period and cost all of it, in two parts, too."""
    assert zoned("2026-04-01T06:00", "2026-04-01T09:00", "2026-04-01T12:00", "UTC", DAYS) == [
        37_200,
        37_200,
    ]


def test_a_line_of_seats_says_how_many() -> None:
    """Quantity and unit are there for a reader."""
    (line,) = price_period(month(fee("9", per_seat=True), contract=seats(5)))
    assert (line.quantity, line.unit) == (5, "seat")
    assert (line.parts[0].label, line.parts[0].unit_price) == ("seats", 9)
    (line,) = price_period(month(fee("9")))
    assert (line.quantity, line.unit, line.parts[0].label) == (1, "", "fee")


def test_a_line_of_a_fee_that_is_due_once_says_one() -> None:
    """One fee, whatever it comes to."""
    (line,) = price_period(month(card(), one_off_fees=(one_off("a", "5"),)))
    assert (line.quantity, line.unit) == (1, "")
    assert (line.parts[0].quantity, line.parts[0].unit_price) == (1, 5)


def test_fees_and_usage_stand_in_their_order() -> None:
    """Usage, then what recurs, then what is due once."""
    rates = replace(fee(), prices=(price("calls", "2"),))
    period = month(rates, used("calls", "3"), one_off_fees=(one_off("a", "1"),))
    assert statement(period) == [
        "usage calls calls 600",
        "recurring_fee base plan 9000",
        "one_off_fee a setup 100",
    ]
