"""Usage of a period by meter and segment; windows have to add up to totals."""

from decimal import Decimal
from itertools import pairwise

import pytest

from schemas.aggregation import Aggregation
from schemas.contract import Contract
from schemas.price_model import Percentage, PerUnit, PriceModel
from schemas.priced_usage import UsageDetail, UsageTotal
from schemas.rate_card import MeterPrice, RateCard
from schemas.statement import GroupUsage, Segment
from udfs.assembling import MissingDetailError, assemble_usage, needs_detail

CONTRACT = Contract("A", 1, 0, "standard", "USD")


def segments(*cuts: int, model: PriceModel = PerUnit(Decimal(1))) -> list[Segment]:  # noqa: B008
    """Segments between instants, all of one card."""
    card = RateCard("standard", "USD", 1, 0, prices=(MeterPrice("p", "m", "x", model),))
    return [Segment(start, end, card, CONTRACT) for start, end in pairwise(cuts)]


def total(
    quantity: int, count: int, aggregation: Aggregation, dimensions: str = "{}"
) -> UsageTotal:
    """A total of meter m."""
    ids = (f"row-{dimensions}",)
    return UsageTotal(
        "A", 0, 100, "UTC", "m", dimensions, "u", Decimal(quantity), count, aggregation, ids
    )


def detail(
    at_us: int, quantity: int, count: int = 1, dimensions: str = "{}", part: str = ""
) -> UsageDetail:
    """A window of meter m."""
    return UsageDetail("m", dimensions, at_us, part, Decimal(quantity), count)


def test_a_whole_period_needs_no_windows() -> None:
    """Its totals are what each segment is asked for."""
    whole = segments(0, 100)
    found = total(7, 3, Aggregation.SUM)
    assert not needs_detail(found, whole)
    (usage,) = assemble_usage([found], whole, ())
    assert usage.by_segment == ((GroupUsage("{}", Decimal(7), 3),),)
    assert (usage.adds_up, usage.is_cut, usage.row_ids) == (True, True, ("row-{}",))


def test_what_adds_up_is_cut_by_its_windows() -> None:
    """A window belongs to the segment in which it starts; the first instant is in it."""
    cut = segments(0, 50, 100)
    found = total(10, 3, Aggregation.SUM)
    assert needs_detail(found, cut)
    (usage,) = assemble_usage([found], cut, [detail(0, 1), detail(49, 2), detail(50, 7)])
    assert usage.by_segment == (
        (GroupUsage("{}", Decimal(3), 2),),
        (GroupUsage("{}", Decimal(7), 1),),
    )


def test_what_does_not_add_up_is_the_same_in_each_segment() -> None:
    """A maximum costs each segment's share of time."""
    cut = segments(0, 50, 100)
    found = total(7, 3, Aggregation.MAX)
    assert not needs_detail(found, cut)
    (usage,) = assemble_usage([found], cut, ())
    assert usage.by_segment == ((GroupUsage("{}", Decimal(7), 3),),) * 2
    assert (usage.adds_up, usage.is_cut) == (False, False)


def test_dimensions_beyond_the_limit_are_the_overflow() -> None:
    """Windows know what was folded; the total does not."""
    cut = segments(0, 50, 100)
    totals = [
        total(1, 1, Aggregation.COUNT, '{"k":"a"}'),
        total(2, 2, Aggregation.COUNT, '{"k":"__overflow__"}'),
    ]
    details = [
        detail(1, 1, dimensions='{"k":"a"}'),
        detail(2, 1, dimensions='{"k":"b"}'),
        detail(60, 1, dimensions='{"k":"c"}'),
    ]
    (usage,) = assemble_usage(totals, cut, details)
    assert [[each.dimensions for each in groups] for groups in usage.by_segment] == [
        ['{"k":"__overflow__"}', '{"k":"a"}'],
        ['{"k":"__overflow__"}'],
    ]


def test_values_come_with_what_is_priced_by_event() -> None:
    """Taken back events leave the values that they had."""
    model = Percentage(Decimal("0.01"), least_fee=Decimal(1))
    whole = segments(0, 100, model=model)
    found = total(9, 2, Aggregation.PERCENTILE)
    assert needs_detail(found, whole)
    details = [
        detail(1, 0, 2, part="9"),
        detail(2, 0, 1, part="4.50"),
        detail(3, 0, -1, part="4.50"),
    ]
    (usage,) = assemble_usage([found], whole, details)
    assert usage.by_segment == ((GroupUsage("{}", Decimal(9), 2, ((Decimal(9), 2),)),),)


@pytest.mark.parametrize(
    "details",
    [
        pytest.param([], id="none are kept"),
        pytest.param([detail(0, 3)], id="one is missing"),
        pytest.param([detail(0, 3), detail(60, 7), detail(61, 1)], id="one too many"),
        pytest.param([detail(0, 4), detail(60, 7)], id="another quantity"),
        pytest.param([detail(0, 3), detail(60, 7, dimensions='{"k":"a"}')], id="other dimensions"),
        pytest.param(
            [detail(0, 3), detail(60, 7), detail(60, 1, dimensions='{"k":"a"}')],
            id="other dimensions beside",
        ),
    ],
)
def test_windows_that_do_not_add_up_are_refused(details: list[UsageDetail]) -> None:
    """A price change cannot be guessed at."""
    with pytest.raises(MissingDetailError, match=r"account A, meter m, .*: expected windows of"):
        assemble_usage([total(10, 2, Aggregation.SUM)], segments(0, 50, 100), details)
