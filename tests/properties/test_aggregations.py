"""Aggregations are commutative monoids."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from schemas.aggregation import HAS_PARTS, NO_OPTIONS, Aggregation
from schemas.meter_state import Accumulator, Part
from schemas.part_state import decode_parts
from tests.udfs.engine import NodeMap
from udfs.aggregating import combine, difference, merge
from udfs.branching import NODE_PARTS, change_part, read_parts, remove_parts
from udfs.grouping import ALONE, Reading, receive

aggregations = st.sampled_from(Aggregation)
quantities = st.builds(
    lambda units, places: Decimal(units).scaleb(-places),
    st.integers(-(10**29) + 1, 10**29 - 1),
    st.integers(0, 9),
)
times = st.integers(-(2**62), 2**62)
places = st.integers(0, 2**40)
batch_indexes = st.integers(ALONE, 99)
accumulators = st.builds(Accumulator, quantities, st.integers(1, 2**40), times, times, times, times)


@given(aggregations, quantities, quantities, quantities)
def test_merge_is_associative_and_commutative(
    aggregation: Aggregation, a: Decimal, b: Decimal, c: Decimal
) -> None:
    """Neither order nor grouping changes a digit, not even the scale."""
    left = merge(aggregation, merge(aggregation, a, b), c)
    right = merge(aggregation, a, merge(aggregation, b, c))
    assert str(left) == str(right)
    assert str(merge(aggregation, a, b)) == str(merge(aggregation, b, a))


@given(st.sampled_from(sorted(set(Aggregation) - HAS_PARTS)), *[accumulators] * 3)
def test_combine_is_a_commutative_monoid(
    aggregation: Aggregation, a: Accumulator, b: Accumulator, c: Accumulator
) -> None:
    """Accumulators combine in any order and grouping; None is the identity."""
    left = combine(aggregation, combine(aggregation, a, b), c)
    right = combine(aggregation, a, combine(aggregation, b, c))
    assert left == right
    assert combine(aggregation, a, b) == combine(aggregation, b, a)
    assert combine(aggregation, None, a) == a


@given(quantities, quantities)
def test_a_difference_adds_back(before: Decimal, after: Decimal) -> None:
    """A delta added to what it corrects gives the new value, exactly."""
    assert merge(Aggregation.SUM, before, difference(after, before)) == after


@given(st.sampled_from(sorted(HAS_PARTS)), st.data())
def test_receipts_are_a_commutative_monoid(aggregation: Aggregation, data: st.DataObject) -> None:
    """A part is the same whatever the order of what it receives; nothing received is nothing."""
    readings = st.builds(Reading, times, places, places, batch_indexes, quantities).map(
        Reading.encode
    )
    texts = {
        Aggregation.UNIQUE_COUNT: st.just(""),
        Aggregation.LATEST: readings,
        Aggregation.TIME_WEIGHTED_SUM: readings,
    }.get(aggregation, st.integers(1, 2**40).map(str))
    receipts = data.draw(st.lists(st.tuples(st.integers(0, 3), texts), max_size=6))
    one, other = Part("x", ()), Part("x", ())
    for log_us, text in receipts:
        one = receive(aggregation, NO_OPTIONS, one, log_us, text)
    for log_us, text in data.draw(st.permutations(receipts)):
        other = receive(aggregation, NO_OPTIONS, other, log_us, text)
    assert one == other


@given(st.sets(st.text(st.characters(exclude_categories=["Cs"])), max_size=400), st.data())
def test_a_tree_gives_back_its_parts(names: set[str], data: st.DataObject) -> None:
    """Every part is there once, the nodes are the same in any order, and none outlives its tree."""
    nodes, others = NodeMap(), NodeMap()
    for name in sorted(names):
        for _ in range(2):
            change_part(nodes, "tree", name, lambda part: Part(part.name, ((1, part.name),)))
    for name in data.draw(st.permutations(sorted(names))):
        change_part(others, "tree", name, lambda part: Part(part.name, ((1, part.name),)))
    assert nodes == others
    parts = list(read_parts(nodes, "tree"))
    assert sorted(part.name for part in parts) == sorted(names)
    assert max(map(len, map(_parts_of, nodes.values())), default=0) <= NODE_PARTS
    remove_parts(nodes, "tree")
    assert not nodes


def _parts_of(node: bytes) -> tuple[Part, ...]:
    return decode_parts(node) or ()
