"""What one price comes to: free units, bounds, and parts of a period."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from typing import get_args

import pytest

from schemas.price_model import (
    Dynamic,
    Flat,
    Graduated,
    Matrix,
    Package,
    Percentage,
    PerUnit,
    PriceModel,
    Stairstep,
    Step,
    Volume,
)
from schemas.statement import GroupUsage
from tests.udfs.rating.using import cost, groups, price_of, steps, tiers, valued
from udfs.rating import PRICE_MODELS, SegmentUsage, merge_groups, rate, sum_parts

D = Decimal
TIERS = tiers(("10", "3"), (None, "1"))
FEES = tiers(("10", "3", "7"), (None, "1", "2"))
STEPS = (Step(D(10), D(20)), Step(None, D(50)))


def test_every_model_has_a_rule() -> None:
    """None is left out of the list, and none is there twice."""
    assert tuple(PRICE_MODELS) == get_args(PriceModel)


@pytest.mark.parametrize(
    ("model", "quantity", "amount"),
    [
        (Graduated(TIERS), "15", 30),  # tiers count from the first unit that costs: 10 x 3
        (Graduated(TIERS), "17", 32),
        (Volume(TIERS), "15", 30),
        (Volume(TIERS), "16", 11),  # 11 units that cost are in the second tier
        (Package(D(4), D(5)), "6", 5),
        (Stairstep(STEPS), "15", 20),
        (Stairstep(STEPS), "5", 0),
        (Percentage(D("0.1")), "15", 1),
        (Dynamic(None, D(1)), "15", 20),
        (Flat(D(9)), "15", 9),  # whatever is used
    ],
)
def test_five_free_units(model: PriceModel, quantity: str, amount: int) -> None:
    """They are taken off before the model prices what is left."""
    assert cost(model, quantity, free_units="5") == amount


@pytest.mark.parametrize(
    ("quantity", "minimum", "maximum", "amount"),
    [
        ("", "5", None, 5),
        ("0", "5", None, 5),
        ("2", "5", None, 5),
        ("2.5", "5", None, 5),
        ("3", "5", None, 6),
        ("-3", "5", None, 5),
        ("3", None, "5", 5),
        ("2.5", None, "5", 5),
        ("2", None, "5", 4),
        ("1", "5", "9", 5),
        ("4", "5", "9", 8),
        ("5", "5", "9", 9),
        ("5", "0", "0", 0),
    ],
)
def test_least_and_greatest_amount(
    quantity: str, minimum: str | None, maximum: str | None, amount: int
) -> None:
    """Units at 2 are lifted to the minimum and held at the maximum, with a step that says so."""
    assert cost(PerUnit(D(2)), quantity, minimum=minimum, maximum=maximum) == amount


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ("1", [("units", "1", "2"), ("minimum", "1", "1/2")]),
        ("3", [("units", "3", "6"), ("maximum", "1", "-3/2")]),
        ("2", [("units", "2", "4")]),
        ("1.25", [("units", "1.25", "5/2")]),
        ("2.25", [("units", "2.25", "9/2")]),
    ],
)
def test_bounds_hold_for_a_share_of_time(
    quantity: str, expected: list[tuple[str, str, str]]
) -> None:
    """5 to 9 in a whole period are 2.5 to 4.5 in half of one."""
    usage = SegmentUsage(groups(quantity), time_share=Fraction(1, 2))
    assert steps(rate(price_of(PerUnit(D(2)), minimum="5", maximum="9"), usage)) == expected


# The usage of three segments, and what each costs under one price.
SEGMENTS = [
    (PerUnit(D(2)), {}, ("1", "", "3"), (2, 0, 6)),
    (PerUnit(D(2)), {"free_units": "2"}, ("1", "3", "3"), (0, 4, 6)),
    (Graduated(TIERS), {}, ("8", "4", "1"), (24, 8, 1)),  # 8 x 3; 2 x 3 + 2 x 1; 1
    (Graduated(TIERS), {}, ("10", "1", "0"), (30, 1, 0)),
    (Graduated(TIERS), {"free_units": "4"}, ("5", "9", "1"), (3, 27, 1)),
    (Graduated(FEES), {}, ("5", "5", "5"), (22, 15, 7)),  # each fee once
    (Graduated(FEES, True), {}, ("", "", "5"), (7, 0, 15)),
    (Graduated(FEES, True), {}, ("0", "5", "6"), (7, 15, 18)),
    (Volume(TIERS), {}, ("10", "1", "1"), (30, -19, 1)),  # 30, then 11, then 12 in all
    (Volume(FEES, True), {}, ("", "11", ""), (7, 6, 0)),  # 7, then 11 x 1 + 2
    (Package(D(4), D(5)), {}, ("3", "1", "1"), (5, 0, 5)),
    (Stairstep(STEPS), {}, ("", "10", "1"), (0, 20, 30)),
    (Stairstep(STEPS, True), {}, ("", "10", "1"), (20, 0, 30)),
    (Percentage(D("0.5"), D(1), D(10)), {}, ("8", "4", "2"), (1, 2, 2)),
    (Dynamic(None, D(1)), {}, ("8", "-4", "2"), (16, -8, 4)),
]


@pytest.mark.parametrize(("model", "others", "used", "amounts"), SEGMENTS)
def test_segments_go_on_where_those_before_stood(
    model: PriceModel, others: dict[str, str], used: tuple[str, ...], amounts: tuple[int, ...]
) -> None:
    """Tiers, free units and begun packages go on; together they cost what the period costs."""
    price = price_of(model, **others)
    by_segment = [groups(each) for each in used]
    sooner: Sequence[tuple[GroupUsage, ...]]
    sooner = [(), *accumulate(by_segment[:-1], lambda before, more: before + more)]
    found = [
        sum_parts(rate(price, SegmentUsage(here, earlier, place == 0, Fraction(1, 3))))
        for place, (here, earlier) in enumerate(zip(by_segment, sooner, strict=True))
    ]
    assert found == list(amounts)
    assert sum(found) == sum_parts(rate(price, SegmentUsage([x for y in by_segment for x in y])))


@pytest.mark.parametrize(
    ("model", "before", "now", "expected"),
    [
        (
            Volume(TIERS),
            "10",
            "1",
            [("tier above 10", "11", "11"), ("tier up to 10", "-10", "-30")],
        ),
        (Graduated(tiers(("10", "3"), (None, "0"))), "10", "2", [("tier above 10", "2", "0")]),
        (
            Graduated(FEES),
            "10",
            "1",
            [("tier above 10", "1", "1"), ("flat fee above 10", "1", "2")],
        ),
        (
            Graduated(FEES),
            "11",
            "-1",
            [("tier above 10", "-1", "-1"), ("flat fee above 10", "-1", "-2")],
        ),
    ],
)
def test_steps_of_a_later_segment_are_differences(
    model: PriceModel, before: str, now: str, expected: list[tuple[str, str, str]]
) -> None:
    """What a tier gains or loses, free ones too; tiers that stay as they were are not shown."""
    usage = SegmentUsage(groups(now), groups(before), False)
    assert steps(rate(price_of(model), usage)) == expected


def test_free_units_of_a_matrix_go_over_segments() -> None:
    """Free are the first by order of dimensions in all: later usage of A takes them from B."""
    price = price_of(Matrix((), D(2)), free_units="3")
    first, second = groups({"B": "3"}), groups({"A": "2"})
    assert sum_parts(rate(price, SegmentUsage(first))) == 0
    later = rate(price, SegmentUsage(second, first, False))
    assert steps(later) == [('{"at":"B"}', "2", "4")]


def test_events_of_segments_are_priced_each_by_itself() -> None:
    """The least fee of an event is due for the events of the segment alone."""
    price = price_of(Percentage(D("0.1"), least_fee=D(2)))
    usage = SegmentUsage(valued("10", "30", "30"), valued("10", "10", "50"), False)
    assert steps(rate(price, usage)) == [("events of 10", "1", "2"), ("events of 30", "2", "6")]


@pytest.mark.parametrize(
    ("is_first", "before", "now", "amount"),
    [
        (True, "", "", 7),
        (True, "", "4", 19),
        (True, "4", "2", 13),  # another price priced the 4; its fee was not this one's
        (False, "", "4", 12),
        (False, "4", "", 0),
    ],
)
def test_a_fee_where_nothing_was_used_is_due_in_the_first_segment(
    is_first: bool, before: str, now: str, amount: int
) -> None:
    """A price that begins within the period brings its own; one that goes on has had it."""
    usage = SegmentUsage(groups(now), groups(before), is_first)
    assert sum_parts(rate(price_of(Graduated(FEES, True)), usage)) == amount


@pytest.mark.parametrize(
    ("model", "whole"),
    [(Flat(D(30)), 90), (Graduated(TIERS), 35), (Volume(TIERS), 15), (PerUnit(D(2)), 30)],
)
def test_what_is_known_of_the_period_alone_costs_its_share_of_time(
    model: PriceModel, whole: int
) -> None:
    """15 at most in a stub costs a third in a third of it; flat amounts go by whole periods."""
    usage = SegmentUsage(groups("15"), time_share=Fraction(1), usage_share=Fraction(1, 3))
    assert sum_parts(rate(price_of(model), usage)) == Fraction(whole, 3)


def test_flat_amounts_are_shared_by_time() -> None:
    """Segments of 1/4 and 3/4 share an amount, used or not."""
    usages = [SegmentUsage((), time_share=share) for share in (Fraction(1, 4), Fraction(3, 4))]
    found = [sum_parts(rate(price_of(Flat(D(12))), usage)) for usage in usages]
    assert found == [3, 9]


def test_groups_of_one_dimensions_merge() -> None:
    """Quantities, events and values add up; the order is that of dimensions."""
    pair = ((D(1), 2), (D("3.0"), 1))
    merged = merge_groups(
        [
            GroupUsage("b", D(5), 3, pair),
            GroupUsage("a", D("0.1"), 1),
            GroupUsage("b", D(3), 1, ((D(3), 1), (D(2), 4), (D(-9), 1))),
            GroupUsage("b", D(-2), 2, ((D(1), -2),)),
        ]
    )
    assert merged == (
        GroupUsage("a", D("0.1"), 1),
        GroupUsage("b", D(6), 6, ((D(-9), 1), (D(2), 4), (D(3), 2))),
    )
