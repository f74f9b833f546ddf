"""What a run adds to the charges of a period: revisions, what is taken back, due instants."""

import json
from dataclasses import replace
from fractions import Fraction

import pytest

from schemas.charge import Charge
from schemas.price_model import Package, Tier, Volume
from schemas.rate_card import PartyShare, RateCard
from tests.udfs.pricing.stating import (
    D,
    at,
    card,
    contract,
    cut,
    month,
    period_of,
    price,
    used,
)
from tests.udfs.revising import FIRST, LATER, charge, shown
from udfs.charging import charge_changes, line_key
from udfs.pricing import price_period

CALLS = card(price("calls", "2"))


def test_a_charge_says_all_of_its_line() -> None:
    """Every column of a first revision."""
    shares = (PartyShare("seller", D("0.7")),)
    rates = replace(card(price("calls", "0.0015", shares=shares)), version=4)
    agreed = contract(version=2, tags=(("city", "Zürich"), ("team", "ops")))
    period = month(rates, used("calls", "101", rows="r1 r2"), contract=agreed)
    (found,) = charge(period)
    assert found == Charge(
        charge_id=found.charge_id,
        corrected_charge_id=None,
        account_id="acme",
        period_start_us=at("2026-04-01"),
        period_end_us=at("2026-05-01"),
        timezone="UTC",
        kind=found.kind,
        line_id="calls",
        group="{}",
        segment_start_us=at("2026-04-01"),
        segment_end_us=at("2026-05-01"),
        revision=0,
        product="calls",
        meter_id="calls",
        unit="call",
        quantity=D(101),
        breakdown='{"amount":"303/2000","parts":[{"label":"units","quantity":"101",'
        '"unit_price":"0.0015","amount":"303/2000"}]}',
        amount=D("0.1515"),
        amount_minor=15,
        total_minor=15,
        currency="USD",
        card_id="basic",
        card_version=4,
        contract_version=2,
        usage_row_ids='["r1","r2"]',
        payouts='{"seller":11}',  # 10.5 of 15, and 4.5 are the account's: the first gets the cent
        payouts_delta='{"seller":11}',
        tags='{"city":"Zürich","team":"ops"}',
        due_us=at("2026-05-01"),
        run_id="first",
    )
    assert len(found.charge_id) == 32
    assert found.kind == "usage"
    assert line_key(found) == price_period(period)[0].key


VOLUME = card(price("calls", Volume((Tier(D(15), D(10)), Tier(None, D(5))))))
PACKAGES = card(price("calls", Package(D(10), D(3))))
FREE = card(price("calls", "0"))
MINIMUM = card(price("calls", "2"), minimum="10")
# Cards, usage run after run, and what each run adds.
CORRECTIONS: list[tuple[str, RateCard, tuple[str, ...], list[list[str]]]] = [
    (
        "a cheaper tier: -70 (semantics: 15 at 10, then 16 at 5)",
        VOLUME,
        ("15", "16"),
        [
            ["usage calls 0 15000 = 15000, 2026-05-01"],
            ["usage calls 1 -7000 = 8000, 2026-07-01"],
        ],
    ),
    (
        "there and back",
        CALLS,
        ("3", "5", "3"),
        [
            ["usage calls 0 600 = 600, 2026-05-01"],
            ["usage calls 1 400 = 1000, 2026-07-01"],
            ["usage calls 2 -400 = 600, 2026-07-01"],
        ],
    ),
    (
        "the same usage adds nothing",
        CALLS,
        ("3", "3"),
        [["usage calls 0 600 = 600, 2026-05-01"], []],
    ),
    (
        "all taken back, again nothing, and there again",
        CALLS,
        ("3", "", "", "4"),
        [
            ["usage calls 0 600 = 600, 2026-05-01"],
            ["usage calls 1 -600 = 0, 2026-07-01"],
            [],
            ["usage calls 2 800 = 800, 2026-07-01"],
        ],
    ),
    (
        "a quantity that costs no more is a revision all the same",
        PACKAGES,
        ("3", "9"),
        [["usage calls 0 300 = 300, 2026-05-01"], ["usage calls 1 0 = 300, 2026-07-01"]],
    ),
    (
        "free usage that is gone is taken back too",
        FREE,
        ("3", ""),
        [["usage calls 0 0 = 0, 2026-05-01"], ["usage calls 1 0 = 0, 2026-07-01"]],
    ),
    (
        "the minimum gives way to usage, and comes back",
        MINIMUM,
        ("", "2", "7", "4"),
        [
            ["minimum basic 0 1000 = 1000, 2026-05-01"],
            ["minimum basic 1 -400 = 600, 2026-07-01", "usage calls 0 400 = 400, 2026-07-01"],
            ["minimum basic 2 -600 = 0, 2026-07-01", "usage calls 1 1000 = 1400, 2026-07-01"],
            ["minimum basic 3 200 = 200, 2026-07-01", "usage calls 2 -600 = 800, 2026-07-01"],
        ],
    ),
]


@pytest.mark.parametrize(
    ("rates", "quantities", "expected"),
    [case[1:] for case in CORRECTIONS],
    ids=[case[0] for case in CORRECTIONS],
)
def test_corrections(
    rates: RateCard, quantities: tuple[str, ...], expected: list[list[str]]
) -> None:
    """A run adds what the period costs now, less what was charged, in the next open period."""
    charges: list[Charge] = []
    for quantity, added in zip(quantities, expected, strict=True):
        run = LATER if charges else FIRST
        found = charge(month(rates, used("calls", quantity)), charges[::-1], run)
        assert shown(found) == added
        charges += found
    ids = {each.charge_id: each for each in charges}
    assert len(ids) == len(charges)
    for each in charges:
        if each.corrected_charge_id is None:
            assert each.revision == 0
        else:
            assert ids[each.corrected_charge_id].revision == each.revision - 1


def test_what_is_taken_back_names_what_charged_it() -> None:
    """A line that is gone keeps its versions, unit, tags and segment; its quantity is 0."""
    agreed = contract(version=2, tags=(("team", "ops"),))
    rates = card(price("calls", "2", shares=(PartyShare("seller", D("0.5")),)))
    halves = cut(("2026-04-01", rates, agreed), ("2026-04-16", replace(rates, version=2)))
    (first, _) = charge(period_of(halves, used("calls", "3", "1", rows="r1")))
    other = replace(CALLS, card_id="other", version=9)
    (back, *_) = charge(month(other, contract=contract(version=3)), [first], LATER)
    assert back == replace(
        first,
        charge_id=back.charge_id,
        corrected_charge_id=first.charge_id,
        revision=1,
        quantity=D(0),
        breakdown='{"amount":"0","parts":[]}',
        amount=-first.amount,
        amount_minor=-600,
        total_minor=0,
        usage_row_ids="[]",
        payouts="{}",
        payouts_delta='{"seller":-300}',
        due_us=LATER.corrections_due_us,
        run_id="later",
    )
    assert (back.card_id, back.card_version, back.segment_end_us) == ("basic", 1, at("2026-04-16"))


def test_each_line_carries_the_tags_of_its_contract() -> None:
    """For chargeback: what the first team used is not the second's."""
    teams = [contract(version=each, tags=(("team", str(each)),)) for each in (1, 2)]
    second = replace(CALLS, version=2)
    halves = cut(("2026-04-01", CALLS, teams[0]), ("2026-04-16", second, teams[1]))
    found = charge(period_of(halves, used("calls", "3", "1")))
    assert [each.tags for each in found] == ['{"team":"1"}', '{"team":"2"}']


def test_amounts_before_rounding_are_kept_to_twelve_decimals() -> None:
    """Half even; the differences of revisions add up to the amount of the last, not one off."""
    rates = card(price("calls", "0.0000000000005"))
    charges: list[Charge] = []
    for quantity in ("1", "3", "4", ""):
        charges += charge(month(rates, used("calls", quantity)), charges, LATER)
    assert [str(each.amount) for each in charges] == ["0E-12", "2E-12", "0E-12", "-2E-12"]
    assert [Fraction(json.loads(each.breakdown)["amount"]) for each in charges] == [
        Fraction(each, 2 * 10**12) for each in (1, 3, 4, 0)
    ]


def test_ids_tell_charges_apart() -> None:
    """Account, period, line, group and revision are all part of an id."""
    rates = card(price("calls", "2", group_by=("at",)), price("texts"))
    period = month(rates, used("calls", {"A": "1", "B": "1"}), used("texts", "1"))
    first = charge(period)
    shifted = replace(period, account_id="other")
    april = period_of(cut(("2026-04-02", rates)), *period.usage)
    others = [*charge(shifted), *charge(april)]
    more = month(rates, used("calls", {"A": "2", "B": "2"}), used("texts", "2"))
    ids = [each.charge_id for each in (*first, *others, *charge(more, first, LATER))]
    assert len(set(ids)) == len(ids) == 12
    assert [each.charge_id for each in charge(period, (), LATER)] == ids[:3]


def test_two_lines_of_one_key_are_a_broken_rule() -> None:
    """Neither may silently win."""
    period = month(CALLS, used("calls", "1"))
    with pytest.raises(AssertionError, match="acme: lines of one key"):
        charge_changes(period, price_period(period) * 2, (), FIRST)


def test_a_part_of_a_cent_is_a_revision() -> None:
    """Another price that rounds to the same cents: the exact amount follows all the same."""
    usage = used("calls", "3")
    first = charge(month(card(price("calls", "0.0001")), usage))
    (found,) = charge(month(card(price("calls", "0.0002")), usage), first, LATER)
    assert (found.amount_minor, str(found.amount)) == (0, "0.000300000000")


def test_an_id_stays_as_it_is() -> None:
    """One that changed would charge again what is charged."""
    halves = cut(("2026-04-01", CALLS), ("2026-04-16", replace(CALLS, version=2)))
    found = charge(period_of(halves, used("calls", "3", "1")))
    apart = replace(price("calls", group_by=("at",)), price_id="by")
    found += charge(month(card(apart), used("calls", {"A": "1"})))
    assert [each.charge_id for each in found] == [
        "ca0e379adb65e439121fa8ef52a39603",
        "3e6540140b1d7557ef6be12f5681590d",
        "32c50b69a26776c77cb2c8569e89a803",
    ]
