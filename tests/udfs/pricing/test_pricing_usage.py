"""Lines of usage: parts of a period, groups, and what does not add up."""

from dataclasses import replace

import pytest

from schemas.price_model import Dynamic, Graduated, Tier, Volume
from schemas.rate_card import PartyShare
from schemas.statement import GroupUsage, MeterUsage, PricedPeriod
from tests.udfs.pricing.stating import (
    CARD,
    D,
    at,
    card,
    contract,
    month,
    price,
    statement,
    used,
)
from udfs.pricing import price_period
from udfs.rating import MissingPriceError

TIERED = Graduated((Tier(D(10), D(3)), Tier(None, D(1))))
PER_CALL = card(price("calls", "0.011"))
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
        "a group that used nothing hides no other",
        month(
            card(price("calls", "1", group_by=("at",))), used("calls", {"JFK": "0", "LGA": "4"})
        ),
        ['usage calls calls {"at":"LGA"} 400'],
    ),
    (
        "what is not cut may be priced apart, too",
        month(
            card(price("level", TIERED, group_by=("at",))),
            used("level", {"A": "8", "B": "4"}, is_cut=False),
        ),
        ['usage level level {"at":"A"} 2400', 'usage level level {"at":"B"} 1200'],
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
    message = r"^meter texts: expected a price, or free, in rate card basic \(USD, version 1\)"
    with pytest.raises(MissingPriceError, match=message):
        price_period(month(PER_CALL, usage))


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


def test_a_minimum_without_usage_has_no_unit_and_no_rows() -> None:
    """Nothing is known of the meter."""
    (line,) = price_period(month(card(price("calls", "1", minimum="5"))))
    assert (line.meter_id, line.unit, line.row_ids, line.quantity) == ("calls", "", (), 0)


def test_a_group_names_the_dimensions_that_are_priced_apart() -> None:
    """As canonical JSON, in the order that usage has; others are summed."""
    groups = tuple(
        GroupUsage(f'{{"at":"Zürich","by":"{by}","what":"in"}}', D(2), 1) for by in ("x", "y")
    )
    usage = MeterUsage("calls", "call", True, True, (groups,), ())
    (line,) = price_period(month(card(price("calls", "1", group_by=("what", "at"))), usage))
    assert (line.key.group, line.quantity) == ('{"at":"Zürich","what":"in"}', 4)
