"""Lines of usage: parts of a period, groups, and what does not add up."""

from dataclasses import replace

import pytest

from schemas.price_model import Dynamic, Flat, Graduated, PerUnit, Stairstep, Step, Tier, Volume
from schemas.rate_card import PartyShare, RateCard
from schemas.statement import MeterUsage, PricedPeriod
from tests.udfs.pricing.stating import (
    CARD,
    D,
    at,
    card,
    contract,
    cut,
    month,
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
    ("one price", month(PER_CALL, used("calls", "100")), ["usage calls calls 110"]),
    ("not used", month(PER_CALL), []),
    ("no usage", month(PER_CALL, used("calls", "0")), []),
    ("not closed", month(PER_CALL, used("calls", "100"), is_closed=False), []),
    ("free", month(card(price("calls", "0")), used("calls", "9")), ["usage calls calls 0"]),
    (
        "two prices of a meter are two lines, ordered by id",
        month(
            card(price("calls", "2"), replace(price("calls", "1"), price_id="by")),
            used("calls", "3"),
        ),
        ["usage by calls 300", "usage calls calls 600"],
    ),
    (
        "dimensions add up unless they are priced apart",
        month(card(price("calls", TIERED)), used("calls", {"JFK": "8", "LGA": "4"})),
        ["usage calls calls 3200"],
    ),
    (
        "priced apart each has its own tiers",
        month(
            card(price("calls", TIERED, group_by=("at",))), used("calls", {"JFK": "8", "LGA": "12"})
        ),
        ['usage calls calls {"at":"JFK"} 2400', 'usage calls calls {"at":"LGA"} 3200'],
    ),
    (
        "what does not add up is priced by all dimensions",
        month(card(price("peak", TIERED)), used("peak", {"A": "8", "B": "12"}, adds_up=False)),
        ['usage peak peak {"at":"A"} 2400', 'usage peak peak {"at":"B"} 3200'],
    ),
    (
        "the minimum is due without usage",
        month(card(price("calls", "1", minimum="5"))),
        ["usage calls calls 500"],
    ),
    (
        "but no group has one that is not there",
        month(card(price("calls", "1", minimum="5", group_by=("at",)))),
        [],
    ),
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
        "or priced apart",
        month(
            card(price("level", TIERED, group_by=("at",))),
            used("level", {"A": "8", "B": "4"}, is_cut=False),
        ),
        ['usage level level {"at":"A"} 2400', 'usage level level {"at":"B"} 1200'],
    ),
    (
        # Without usage 20 are due, once; the second card's 10 are of a price that went on.
        "what is due without usage is due in the first part alone",
        two_cards(
            card(price("calls", stairs("20"))), card(price("calls", stairs("10")))
        ),
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
            cut(("2026-04-01", card(price("calls", stairs("10"))), TRIAL),
                ("2026-04-11", card(price("calls", stairs("10"))), TRIAL)),
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
            cut(("2026-04-01", card(price("calls", TIERED)), TRIAL),
                ("2026-04-11", card(price("calls", TIERED)), TRIAL)),
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
            cut(("2026-04-01", card(price("calls", TIERED))),
                ("2026-04-16", card(price("calls", TIERED)), contract(version=2))),
            used("calls", "8", "8"),
        ),
        ["usage calls calls 3600"],
    ),
    (
        # A, B, A: the last goes on where both stood: 12 units were used, so 4 x 1.
        "to another plan and back",
        period_of(
            cut(("2026-04-01", card(price("calls", TIERED))),
                ("2026-04-11", replace(card(price("calls", "2")), card_id="other")),
                ("2026-04-21", card(price("calls", TIERED)))),
            used("calls", "8", "4", "4"),
        ),
        [
            "usage calls calls 2400",
            "usage calls calls from 04-11 800",
            "usage calls calls from 04-21 400",
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("period", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_lines_of_usage(period: PricedPeriod, expected: list[str]) -> None:
    """One line for each price, part of the period and group."""
    assert statement(period) == expected


def test_a_line_says_what_it_is_made_of() -> None:
    """Quantity, unit, versions, rows and shares come with the amount."""
    shares = (PartyShare("seller", D("0.7")),)
    rates = replace(card(price("calls", "0.011", free_units="1", shares=shares)), version=7)
    agreed = contract(version=3)
    (line,) = price_period(month(rates, used("calls", "101", rows="r1 r2"), contract=agreed))
    assert (line.quantity, line.unit, line.meter_id) == (101, "call", "calls")
    assert (line.card_id, line.card_version, line.contract_version) == ("basic", 7, 3)
    assert (line.row_ids, line.shares) == (("r1", "r2"), shares)
    assert (line.amount, sum(part.amount for part in line.parts)) == (D("1.1"), D("1.1"))
    assert line.segment_end_us == at("2026-05-01")


@pytest.mark.parametrize(
    "usage", [used("texts", "1"), used("texts", "0"), used("texts", {"A": "1"})]
)
def test_usage_without_a_price_is_refused(usage: MeterUsage) -> None:
    """What is free says so by a price of 0; usage never costs nothing for want of a price."""
    message = r"^meter texts: expected a price in rate card basic \(USD, version 1\), found none$"
    with pytest.raises(MissingPriceError, match=message):
        price_period(month(PER_CALL, usage))


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


def test_the_card_s_own_currency_needs_no_rate() -> None:
    """Costs that come in the card's currency are passed on one for one."""
    rates = card(price("cloud", Dynamic("USD", D("0.15"))))
    assert statement(month(rates, used("cloud", "100"))) == ["usage cloud cloud 11500"]


@pytest.mark.parametrize(("quantity", "expected"), [("15", 15_000), ("16", 8_000)])
def test_volume_of_a_period(quantity: str, expected: int) -> None:
    """A cheaper tier makes the sixteenth unit cost -70: see the correction in `test_charging`."""
    rates = card(price("calls", Volume((Tier(D(15), D(10)), Tier(None, D(5))))))
    (line,) = price_period(month(rates, used("calls", quantity)))
    assert line.amount_minor == expected


def test_an_empty_card_prices_nothing() -> None:
    """No prices, no fees, no lines."""
    assert statement(month(CARD)) == []


def test_segments_of_one_version_are_one_line() -> None:
    """However often a period is cut, a price that goes on has one line and one rounding."""
    rates = replace(CARD, prices=(price("calls", PerUnit(D("0.005"))),))
    days = [f"2026-04-{day:02}" for day in range(1, 31)]
    period = period_of(cut(*((day, rates) for day in days)), used("calls", *["1"] * 30))
    assert statement(period) == ["usage calls calls 15"]
