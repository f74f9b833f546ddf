"""The frame of service levels: verdicts, ids, order, and that nothing is never good."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.service_level import Comparison, LevelUnit, Verdict
from schemas.service_levels import LEVELS
from tests.udfs.serving import NOTHING, WINDOW, facts, measured
from udfs.measuring_service import judge, measure_service, nearest_rank, run_id_of


def test_nothing_is_never_good() -> None:
    """Of no records, usage and charges each level is there; none is met, and counts are 0."""
    levels = measure_service(NOTHING, WINDOW)
    assert [each.level for each in levels] == [each.name for each in LEVELS]
    told = {each.level for each in levels if each.verdict is Verdict.NO_TARGET}
    assert told == {"expired_events", "unassigned_events", "backfilled_events"}
    others = [each for each in levels if each.level not in told]
    assert {each.verdict for each in others} == {Verdict.NOT_MEASURED}
    assert all(each.value is None and each.reason is not None for each in others)


@pytest.mark.parametrize(
    ("comparison", "below", "equal", "above"),
    [
        (Comparison.BELOW, Verdict.MET, Verdict.MISSED, Verdict.MISSED),
        (Comparison.AT_MOST, Verdict.MET, Verdict.MET, Verdict.MISSED),
        (Comparison.AT_LEAST, Verdict.MISSED, Verdict.MET, Verdict.MET),
    ],
)
def test_targets_are_compared_exactly(
    comparison: Comparison, below: Verdict, equal: Verdict, above: Verdict
) -> None:
    """A part of 10 to the 30th decides."""
    target, bit = Fraction("0.999"), Fraction(1, 10**30)
    values = (target - bit, target, target + bit)
    assert [judge(each, comparison, target) for each in values] == [below, equal, above]


@given(values=st.lists(st.integers(), min_size=1, max_size=50), percent=st.integers(1, 100))
def test_the_nearest_rank_is_the_first_that_covers(values: list[int], percent: int) -> None:
    """Held against its definition, naively: no smaller value covers as many percent."""
    ordered = sorted(values)
    found = ordered[nearest_rank(len(values), percent) - 1]
    covering = [
        each
        for each in ordered
        if 100 * sum(other <= each for other in values) >= percent * len(values)
    ]
    assert found == covering[0]


@pytest.mark.parametrize(
    ("count", "percent", "place"),
    [(1, 1, 1), (1, 100, 1), (5, 50, 3), (4, 50, 2), (20, 95, 19), (21, 95, 20), (100, 99, 99)],
)
def test_ranks_by_hand(count: int, percent: int, place: int) -> None:
    """As a table of the nearest rank says."""
    assert nearest_rank(count, percent) == place


def test_ids_are_those_of_run_level_and_part() -> None:
    """All differ; the same again gives the same, another instant or window others."""
    given_facts = facts("received", missing_offsets={0: 0, 1: 0}, rejected={"bad_time": 1})
    levels = measure_service(given_facts, WINDOW)
    assert len({each.row_id for each in levels}) == len(levels)
    assert measure_service(given_facts, WINDOW) == levels
    runs = {
        run_id_of(each)
        for each in (
            WINDOW,
            replace(WINDOW, start_us=0),
            replace(WINDOW, end_us=1),
            replace(WINDOW, measured_at_us=1),
        )
    }
    assert len(runs) == 4


def test_a_row_says_its_target() -> None:
    """With comparison, unit and window, so that it can be read without the list."""
    level = measured(facts("received", duplicates=1, counted=9), "duplicate_rate")
    assert (level.comparison, level.target) == (Comparison.BELOW, "0.0001")
    assert (level.unit, level.verdict) == (LevelUnit.RATIO, Verdict.MISSED)
    assert (level.window_start_us, level.window_end_us) == (None, WINDOW.end_us)


def test_targets_are_decimals_and_comparisons_beside_them() -> None:
    """Each definition has both or none, and a level that is split has a label."""
    for each in LEVELS:
        assert (each.comparison is None) == (each.target is None), each.name
        assert each.target is None or Fraction(each.target) >= 0
        assert each.doc.endswith("."), each.name
