"""Usage in a period of several parts: versions of a card, plans, trials, stubs."""

from dataclasses import replace

import pytest

from schemas.price_model import Flat, Graduated, PerUnit, Stairstep, Step, Tier
from schemas.rate_card import RateCard
from schemas.statement import MeterUsage, PricedPeriod
from tests.udfs.pricing.stating import (
    CARD,
    D,
    at,
    card,
    contract,
    cut,
    period_of,
    price,
    statement,
    used,
)
from udfs.pricing import price_period
from udfs.rating import MissingPriceError

TIERED = Graduated((Tier(D(10), D(3)), Tier(None, D(1))))
PER_CALL = card(price("calls", "0.011"))
TWO_CARDS = cut(("2026-04-01", card(price("calls", TIERED))),
                ("2026-04-16", replace(card(price("calls", "2")), version=2)))  # fmt: skip
TRIAL = contract(trial_until_us=at("2026-04-11"))


def stairs(first: str) -> Stairstep:
    """Return steps of which the first is due without usage, too."""
    return Stairstep((Step(D(100), D(first)), Step(None, D(99))), True)


def two_cards(first: RateCard, second: RateCard, *usage: MeterUsage) -> PricedPeriod:
    """Return April with two versions of a card, each for half of it."""
    parts = ("2026-04-01", first), ("2026-04-16", replace(second, version=2))
    return period_of(cut(*parts), *usage)


CASES = [
    (
        # 8 x 3, then 8 x 2: the second card's price has no tiers.
        "a new version of the card from the 16th",
        period_of(TWO_CARDS, used("calls", "8", "8")),
        ["usage calls calls 2400", "usage calls calls from 04-16 1600"],
    ),
    (
        # Tiers go on: 8 of 10 units are used up, so 2 x 5 + 6 x 4.
        "other prices of the same tiers",
        two_cards(
            card(price("calls", TIERED)),
            card(price("calls", Graduated((Tier(D(10), D(5)), Tier(None, D(4)))))),
            used("calls", "8", "8"),
        ),
        ["usage calls calls 2400", "usage calls calls from 04-16 3400"],
    ),
    (
        "free units go on",
        two_cards(
            card(price("calls", "1", free_units="5")),
            card(price("calls", "2", free_units="5")),
            used("calls", "3", "6"),
        ),
        ["usage calls calls 0", "usage calls calls from 04-16 800"],
    ),
    (
        # 12 at most: 32 by the first card, 12 x 2 by the second, half of each.
        "what does not add up costs its share of time",
        two_cards(
            card(price("peak", TIERED)),
            card(price("peak")),
            used("peak", "12", "12", adds_up=False),
        ),
        ["usage peak peak 1600", "usage peak peak from 04-16 600"],
    ),
    (
        "and its tiers begin anew in each part",
        two_cards(
            card(price("peak", TIERED)),
            card(price("peak", TIERED)),
            used("peak", "12", "12", adds_up=False),
        ),
        ["usage peak peak 1600", "usage peak peak from 04-16 1600"],
    ),
    (
        # Levels of the whole period, 8 and 4: by the first card 10 x 3 + 2, by the second 12 x 2.
        "what adds up but is not cut, too, priced together",
        two_cards(
            card(price("level", TIERED)),
            card(price("level", "2")),
            used("level", {"A": "8", "B": "4"}, {"A": "8", "B": "4"}, is_cut=False),
        ),
        ["usage level level 1600", "usage level level from 04-16 1200"],
    ),
    (
        # April as a stub of two months: a flat amount by half, what was used as it is.
        "a stub costs what is used in it, cut or not",
        replace(
            two_cards(
                card(price("calls", Flat(D(40))), price("level", "3")),
                card(price("calls", Flat(D(60))), price("level", "2")),
                used("level", "12", "12", is_cut=False),
            ),
            whole_start_us=at("2026-03-02"),
        ),
        [
            "usage calls calls 1000",
            "usage calls calls from 04-16 1500",
            "usage level level 1800",
            "usage level level from 04-16 1200",
        ],
    ),
    (
        # Without usage 20 are due, once; the second card's 10 are of a price that went on.
        "what is due without usage is due in the first part alone",
        two_cards(card(price("calls", stairs("20"))), card(price("calls", stairs("10")))),
        ["usage calls calls 2000"],
    ),
    (
        "and of a price that begins on the 16th in its own first part",
        two_cards(card(), card(price("calls", stairs("10")))),
        ["usage calls calls from 04-16 1000"],
    ),
    (
        "after a trial in the first part again",
        period_of(
            cut(
                ("2026-04-01", card(price("calls", stairs("10"))), TRIAL),
                ("2026-04-11", card(price("calls", stairs("10"))), TRIAL),
            ),
        ),
        ["usage calls calls 1000", "usage calls calls from 04-11 1000", "trial basic calls -1000"],
    ),
    (
        "flat amounts and bounds, too",
        two_cards(
            card(price("calls", Flat(D(30)))),
            card(price("calls", "1", minimum="9")),
            used("calls", "7", "4"),
        ),
        ["usage calls calls 1500", "usage calls calls from 04-16 450"],
    ),
    (
        "a group has its minimum in all parts, used in them or not",
        two_cards(
            card(price("calls", "1", minimum="10", group_by=("at",))),
            card(price("calls", "1", minimum="10", group_by=("at",))),
            used("calls", {"JFK": "7"}, {}),
        ),
        ['usage calls calls {"at":"JFK"} 700', 'usage calls calls {"at":"JFK"} from 04-16 500'],
    ),
    (
        # 10 units are usage of the trial: 30, taken off again; after it tiers begin anew.
        "a trial that ends on the 11th",
        period_of(
            cut(
                ("2026-04-01", card(price("calls", TIERED)), TRIAL),
                ("2026-04-11", card(price("calls", TIERED)), TRIAL),
            ),
            used("calls", "10", "11"),
        ),
        [
            "usage calls calls 3000",
            "usage calls calls from 04-11 3100",
            "trial basic calls -3000",
        ],
    ),
    (
        "another version of the contract alone cuts no line",
        period_of(
            cut(
                ("2026-04-01", card(price("calls", TIERED))),
                ("2026-04-16", card(price("calls", TIERED)), contract(version=2)),
            ),
            used("calls", "8", "8"),
        ),
        ["usage calls calls 3600"],
    ),
    (
        "nor does it count twice what is known of the period alone",
        period_of(
            cut(
                ("2026-04-01", card(price("peak", TIERED))),
                ("2026-04-16", card(price("peak", TIERED)), contract(version=2)),
            ),
            used("peak", "12", "12", adds_up=False),
        ),
        ["usage peak peak 3200"],
    ),
    (
        # A, B, A: the last goes on where both stood: 12 units were used, so 4 x 1.
        "to another plan and back",
        period_of(
            cut(
                ("2026-04-01", card(price("calls", TIERED))),
                ("2026-04-11", replace(card(price("calls", "2")), card_id="other")),
                ("2026-04-21", card(price("calls", TIERED))),
            ),
            used("calls", "8", "4", "4"),
        ),
        [
            "usage calls calls 2400",
            "usage calls calls from 04-11 800",
            "usage calls calls from 04-21 400",
        ],
    ),
]


@pytest.mark.parametrize(
    ("period", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_parts_of_a_period(period: PricedPeriod, expected: list[str]) -> None:
    """A line for each part; tiers go on, and what goes by time is shared."""
    assert statement(period) == expected


def test_usage_without_a_price_in_some_part_of_a_card_is_refused() -> None:
    """The contract's change cuts the card's part in two; the second alone has the usage."""
    parts = ("2026-04-01", PER_CALL), ("2026-04-16", PER_CALL, contract(version=2))
    with pytest.raises(MissingPriceError, match="meter texts"):
        price_period(period_of(cut(*parts), used("texts", "", "1")))


def test_a_price_is_asked_for_where_usage_is() -> None:
    """A card that begins on the 16th with a new meter prices that of its own part alone."""
    rates = card(price("calls"), price("texts"))
    usage = used("calls", "1", "1"), used("texts", "", "2")
    expected = [
        "usage calls calls 1",
        "usage calls calls from 04-16 100",
        "usage texts texts from 04-16 200",
    ]
    assert statement(two_cards(PER_CALL, rates, *usage)) == expected
    with pytest.raises(MissingPriceError, match="meter texts"):
        price_period(two_cards(rates, PER_CALL, *usage))


def test_segments_of_one_version_are_one_line() -> None:
    """However often a period is cut, a price that goes on has one line and one rounding."""
    rates = replace(CARD, prices=(price("calls", PerUnit(D("0.005"))),))
    days = [f"2026-04-{day:02}" for day in range(1, 31)]
    period = period_of(cut(*((day, rates) for day in days)), used("calls", *["1"] * 30))
    assert statement(period) == ["usage calls calls 15"]
