"""Usage of a period by meter and segment; windows have to add up to totals."""

from dataclasses import replace
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
    assert (usage.meter_id, usage.unit) == ("m", "u")
    (peak,) = assemble_usage([total(7, 3, Aggregation.MAX)], whole, ())
    assert (peak.adds_up, peak.is_cut) == (False, True)


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
    assert (usage.adds_up, usage.is_cut) == (True, True)


def test_what_was_rolled_up_before_a_period_is_of_its_first_part() -> None:
    """A window begins where it was rolled up from; a histogram counts, whatever its parts are."""
    found = total(3, 3, Aggregation.HISTOGRAM)
    details = [detail(-1, 9, 2, part="le 5"), detail(60, 0, 1, part="")]
    (usage,) = assemble_usage([found], segments(0, 50, 100), details)
    assert usage.by_segment == (
        (GroupUsage("{}", Decimal(2), 2),),
        (GroupUsage("{}", Decimal(1), 1),),
    )


def test_each_meter_has_its_own_windows() -> None:
    """Ordered by meter, with rows in order; what was all taken back has no window."""
    names = ["n", "k", "m", "o", "l"]
    totals = [
        replace(total(2, 1, Aggregation.SUM, dimensions), meter_id=name)
        for name in names
        for dimensions in ('{"k":"b"}', '{"k":"a"}')
    ]
    gone = replace(total(0, 0, Aggregation.SUM), meter_id="p")
    details = [
        replace(detail(1, 2, dimensions=each.dimensions), meter_id=each.meter_id) for each in totals
    ]
    found = assemble_usage([*totals, gone], segments(0, 50, 100), details)
    assert [each.meter_id for each in found] == [*sorted(names), "p"]
    assert {each.row_ids for each in found[:-1]} == {('row-{"k":"a"}', 'row-{"k":"b"}')}
    assert found[-1].by_segment == ((), ())


def test_further_dimensions_count_under_the_first_overflow() -> None:
    """Where there are several."""
    names = [f'{{"k":"__overflow__","l":"{name}"}}' for name in "gcafbde"]
    totals = [
        total(2 if '"a"' in name else 1, 2 if '"a"' in name else 1, Aggregation.COUNT, name)
        for name in names
    ]
    details = [detail(1, 1, dimensions=name) for name in [*names, "other"]]
    (usage,) = assemble_usage(totals, segments(0, 50, 100), details)
    assert [each.quantity for each in usage.by_segment[0]] == [2, 1, 1, 1, 1, 1, 1]


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

    cut = segments(0, 50, 100, model=model)
    (usage,) = assemble_usage([found], cut, details)
    assert usage.by_segment == ((GroupUsage("{}", Decimal(9), 2, ((Decimal(9), 2),)),),) * 2
    with pytest.raises(MissingDetailError, match="expected windows of 2 events and 9, found 3"):
        assemble_usage([found], cut, details[:2])


@pytest.mark.parametrize(
    ("meter_id", "fees", "is_needed"),
    [
        ("m", {}, False),
        ("m", {"least_fee": Decimal(1)}, True),
        ("m", {"greatest_fee": Decimal(1)}, True),
        ("n", {"least_fee": Decimal(1), "greatest_fee": Decimal(2)}, False),
    ],
)
def test_windows_are_needed_for_a_bound_of_each_fee(
    meter_id: str, fees: dict[str, Decimal], is_needed: bool
) -> None:
    """Of a price of the meter itself, beside others that have none."""
    model = Percentage(Decimal("0.01"), **fees)
    (whole,) = segments(0, 100, model=model)
    prices = (MeterPrice("q", "m", "x", PerUnit(Decimal(1))), *whole.card.prices)
    asked = [replace(whole, card=replace(whole.card, prices=prices))]
    found = replace(total(9, 2, Aggregation.PERCENTILE), meter_id=meter_id)
    assert needs_detail(found, asked) is is_needed


@pytest.mark.parametrize(
    "details",
    [
        pytest.param([], id="none are kept"),
        pytest.param([detail(0, 3)], id="one is missing"),
        pytest.param([detail(0, 3), detail(60, 7), detail(61, 1)], id="one too many"),
        pytest.param([detail(0, 4), detail(60, 7)], id="another quantity"),
        pytest.param([detail(0, 3), detail(60, 7, 2)], id="another count"),
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
