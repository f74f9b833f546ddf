"""The oracle's prices, against amounts worked out by hand: US dollars, in cents."""

from pathlib import Path
from typing import Any

import pytest

from tests.oracle.priced_by_hand import CARD, CONTRACT, LANDING, MILES, TERMS, World, lines_of

Item = dict[str, Any]
TIERS = [
    {"up_to": 100, "unit_price": 2},
    {"up_to": 200, "unit_price": 1},
    {"unit_price": 3},
]
AT_JFK = {"values": {"origin": "JFK"}, "unit_price": 5}
MATRIX = {"type": "matrix", "cells": [AT_JFK], "default": 1}
DESK = {"fee_id": "desk", "product": "desks", "amount": 310}


def priced_at(price: Item, **members: object) -> Item:
    """Return a card with one price, with other members."""
    return {**CARD, "prices": [{**price, **members}], "free_meters": ["flights", "miles"]}


@pytest.mark.parametrize(
    ("miles", "minor"),
    [(0, None), (1, 1), (2, 3), (3, 4), (10, 13), (79, 99), (80, 100)],
)
def test_each_line_is_rounded_once_half_up(tmp_path: Path, miles: int, minor: int | None) -> None:
    """Of 1.25 cents a mile; nothing used is no line."""
    world = World()
    world.use("miles", miles)
    expected = [] if minor is None else [f"usage airway-miles airway 01-01 {minor}"]
    assert lines_of(world.price(tmp_path)) == expected


@pytest.mark.parametrize(
    ("used", "free", "dollars"),
    [(99, 0, 198), (100, 0, 200), (101, 0, 201), (250, 0, 450), (250, 50, 300), (10, 50, 0)],
)
def test_tiers(tmp_path: Path, used: int, free: int, dollars: int) -> None:
    """A bound belongs to the tier below it; free units are the first ones."""
    world = World(
        [priced_at(LANDING, model={"type": "graduated", "tiers": TIERS}, free_units=free)]
    )
    world.use("flights", used)
    assert lines_of(world.price(tmp_path)) == [f"usage landing-fee landing 01-01 {dollars * 100}"]


def test_a_matrix(tmp_path: Path) -> None:
    """Units of JFK cost 5, all others 1; 3 of the 4 free ones are those of EWR."""
    world = World([priced_at(LANDING, model=MATRIX, free_units=4)])
    for origin, used in (("JFK", 7), ("EWR", 3), ("LGA", 2)):
        world.use("flights", used, dimensions=f'{{"origin":"{origin}"}}')
    assert lines_of(world.price(tmp_path)) == ["usage landing-fee landing 01-01 3200"]


def test_tiers_go_on_over_a_change_of_prices(tmp_path: Path) -> None:
    """From 11 January on the second tier costs 9: of 90 + 60 units it has 50."""
    model = {"type": "graduated", "tiers": TIERS}
    dear = {"type": "graduated", "tiers": [TIERS[0], {"unit_price": 9}]}
    new = {"version": 2, "effective_from": "2013-01-11T00:00:00Z"}
    world = World([priced_at(LANDING, model=model), {**priced_at(LANDING, model=dear), **new}])
    world.use("flights", 150)
    world.add("metering_windows", "flights", 90, "01-10T23:59", "02-01")
    world.add("metering_windows", "flights", 58, "01-11", "02-01")
    world.add("metering_windows", "flights", 2, "01-31T23:59", "02-01")
    assert lines_of(world.price(tmp_path)) == [
        "usage landing-fee landing 01-01 18000",
        "usage landing-fee landing 01-11 47000",
    ]
    world.rows["metering_windows"].pop()
    why = [each.not_recomputed for each in world.price(tmp_path) if each.not_recomputed]
    assert why == ["windows of flights that do not add up to the period"]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, ["01-01 31000"]),
        ({"due": "advance"}, ["01-01 31000", "02-01 31000"]),
        ({"per_seat": True}, ["01-01 30000", "01-16 96000"]),
        ({"per_seat": True, "proration": "calendar_days"}, ["01-01 30000", "01-16 96000"]),
        ({"per_seat": True, "proration": "none"}, ["01-01 62000"]),
    ],
)
def test_fees(tmp_path: Path, members: Item, expected: list[str]) -> None:
    """Cut where seats change, from 2 to 6 on 16 January; in February only those in advance."""
    since = {"version": 2, "effective_from": "2013-01-16T00:00:00Z", "seats": {"desk": 6}}
    world = World(
        [{**CARD, "fees": [{**DESK, **members}]}],
        [{**CONTRACT, "seats": {"desk": 2}}, {**CONTRACT, **since}],
    )
    if not members.get("per_seat"):
        world.contracts.pop()
    found = lines_of(world.price(tmp_path))
    assert found == [f"recurring_fee desk desks {each}" for each in expected]


def test_days_of_the_wall_clock(tmp_path: Path) -> None:
    """March of New York has 31 days, though an hour is missing; 21 begin from the 11th on."""
    new_york = {"timezone": "America/New_York"}
    later = {**new_york, "version": 2, "seats": {"desk": 1}}
    world = World(
        [{**CARD, "fees": [{**DESK, "per_seat": True, "proration": "calendar_days"}]}],
        [
            {**CONTRACT, **new_york, "effective_from": "2013-03-01"},
            {**CONTRACT, **later, "effective_from": "2013-03-11"},
        ],
        terms={**TERMS, **new_york},
    )
    assert lines_of(world.price(tmp_path, "04-02")) == ["recurring_fee desk desks 03-11 21000"]


def test_one_off_fees(tmp_path: Path) -> None:
    """In the period that holds them; what lies before the contract comes with its first one."""
    fee = {"account_id": "A", "product": "towing", "currency": "USD"}
    world = World(
        one_off_fees=[
            {**fee, "fee_id": "old", "amount": "1.005", "at": "2012-11-05T00:00:00Z"},
            {**fee, "fee_id": "now", "amount": "-2.50", "at": "2013-01-31T23:59:59Z"},
            {**fee, "fee_id": "next", "amount": 3, "at": "2013-02-01T00:00:00Z"},
        ]
    )
    first = ["one_off_fee old towing 01-01 101", "one_off_fee now towing 01-01 -250"]
    assert lines_of(world.price(tmp_path)) == first
    later = [*first, "one_off_fee next towing 02-01 300"]
    assert lines_of(world.price(tmp_path, "03-02")) == later


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({"minimum": 304}, ["minimum card minimum 01-01 100"]),
        ({"minimum": 303}, []),
        ({"minimum": 400, "minimum_product": "rest"}, ["minimum card rest 01-01 9700"]),
        ({"maximum": 303}, []),
        # 103 beyond it: 300/303 of 10,300 is 10,198.02 cents, the rest 101.98.
        ({"maximum": 200}, ["maximum card airway 01-01 -102", "maximum card landing 01-01 -10198"]),
    ],
)
def test_bounds_of_a_card(tmp_path: Path, bounds: Item, expected: list[str]) -> None:
    """Usage of 300 and 3 dollars, at least and at most; what is beyond is divided by product."""
    world = World([{**CARD, **bounds}])
    world.use("flights", 3)
    world.use("miles", 240)
    used = ["usage landing-fee landing 01-01 30000", "usage airway-miles airway 01-01 300"]
    assert lines_of(world.price(tmp_path)) == [*used, *expected]


def test_a_stub(tmp_path: Path) -> None:
    """Terms from 17 January on: 15 of 31 days of a fee and of a minimum, but all free units."""
    card = priced_at(LANDING, free_units=2)
    world = World(
        [{**card, "fees": [DESK], "minimum": 620}],
        terms={**TERMS, "effective_from": "2013-01-17T00:00:00Z"},
    )
    world.use("flights", 3, "01-17")
    assert lines_of(world.price(tmp_path)) == [
        "recurring_fee desk desks 01-17 15000",
        "usage landing-fee landing 01-17 10000",
        "minimum card minimum 01-17 20000",
    ]


def test_a_trial(tmp_path: Path) -> None:
    """Until 11 January all costs nothing; then free units begin anew, and 21/31 of a minimum."""
    world = World(
        [{**priced_at(LANDING, free_units=1), "minimum": 310, "fees": [DESK]}],
        [{**CONTRACT, "trial_until": "2013-01-11T00:00:00Z"}],
    )
    world.use("flights", 5)
    world.add("metering_windows", "flights", 3, "01-10", "02-01")
    world.add("metering_windows", "flights", 2, "01-11", "02-01")
    assert lines_of(world.price(tmp_path)) == [
        "recurring_fee desk desks 01-01 10000",
        "recurring_fee desk desks 01-11 21000",
        "usage landing-fee landing 01-01 20000",
        "usage landing-fee landing 01-11 10000",
        "minimum card minimum 01-11 11000",
        "trial card desks 01-01 -10000",
        "trial card landing 01-01 -20000",
    ]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        # 7.5 % of 301.25 dollars is 2259.375 cents.
        ({"rate": "0.075"}, ["airway 01-01 -9", "landing 01-01 -2250"]),
        ({"rate": "0.075", "products": ["airway"]}, ["airway 01-01 -9"]),
        # 10 cents: 9.96 and 0.04 of them.
        ({"amount": "0.10"}, ["landing 01-01 -10"]),
        ({"amount": 500}, ["airway 01-01 -125", "landing 01-01 -30000"]),
        ({"amount": 5, "products": ["other"]}, []),
        ({"amount": 5, "from": "2013-02-01T00:00:00Z"}, []),
        # December is the first of its periods.
        ({"amount": 5, "from": "2012-12-31T00:00:00Z", "periods": 1}, []),
        (
            {"amount": 5, "from": "2012-12-31T00:00:00Z", "periods": 2},
            ["airway 01-01 -2", "landing 01-01 -498"],
        ),
    ],
)
def test_discounts(tmp_path: Path, members: Item, expected: list[str]) -> None:
    """Of a rate or an amount, on 300 dollars of landing and 1.25 of airway, while they last."""
    discount = {"discount_id": "less", "from": "2013-01-31T00:00:00Z", **members}
    world = World(contracts=[{**CONTRACT, "discounts": [discount]}])
    world.use("flights", 3)
    world.use("miles", 100)
    found = [each for each in lines_of(world.price(tmp_path)) if not each.startswith("usage")]
    assert found == [f"discount less {each}" for each in expected]


def test_one_discount_after_another(tmp_path: Path) -> None:
    """Each is taken from what those before it have left; a commitment fills up the rest."""
    half = {"discount_id": "half", "rate": "0.5", "from": "2012-01-01T00:00:00Z"}
    discounts = [half, {**half, "discount_id": "again"}]
    world = World(contracts=[{**CONTRACT, "discounts": discounts, "commitment": "100.01"}])
    world.use("flights", 3)
    assert lines_of(world.price(tmp_path))[1:] == [
        "discount half landing 01-01 -15000",
        "discount again landing 01-01 -7500",
        "commitment card commitment 01-01 2501",
    ]


def test_credit(tmp_path: Path) -> None:
    """By priority, then by expiry; gifts from each product, what was paid for from the whole."""
    grant = {"account_id": "A", "currency": "USD", "granted": "2012-12-01T00:00:00Z"}
    march = {"expires": "2013-03-01T00:00:00Z"}
    world = World(
        grants=[
            {**grant, "grant_id": "paid", "amount": 200},
            {**grant, "grant_id": "gift", "amount": 50, "is_paid": False, **march},
            {**grant, "grant_id": "first", "amount": 10, "priority": -1},
            {**grant, "grant_id": "gone", "amount": 10, "expires": "2013-01-31T00:00:00Z"},
            {**grant, "grant_id": "later", "amount": 10, "granted": "2013-03-01T00:00:00Z"},
        ]
    )
    for start, end in (("01-01", "02-01"), ("02-01", "03-01")):
        world.use("flights", 2, start, end)
        world.use("miles", 800, start, end)
    found = lines_of(world.price(tmp_path, "03-02"))
    assert [each for each in found if each.startswith("credit")] == [
        "credit first  01-01 -1000",
        "credit gift airway 01-01 -238",
        "credit gift landing 01-01 -4762",
        "credit paid  01-01 -15000",
        "credit paid  02-01 -5000",
    ]


def test_shares_of_others(tmp_path: Path) -> None:
    """0.3 of 1.25 dollars is 37.5 cents for each of two; the first by name gets the half."""
    shares = [{"party": name, "share": "0.3"} for name in ("Port", "Authority")]
    world = World([priced_at(MILES, shares=shares)])
    world.use("miles", 100)
    ((line,),) = [each.lines for each in world.price(tmp_path) if each.lines]
    assert line.payouts == {"Authority": 38, "Port": 37}
