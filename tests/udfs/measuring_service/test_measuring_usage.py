"""Levels of usage and of closes, each by hand."""

from __future__ import annotations

from fractions import Fraction

from schemas.instant import SECOND_US
from schemas.service_facts import Ranks
from schemas.service_level import Unmeasured, Verdict
from tests.udfs.serving import NOTHING, NOW_US, facts, measured

RANKS = Ranks(3, {50: 5 * SECOND_US, 95: 7 * SECOND_US, 100: 9 * SECOND_US})


def test_late_usage_is_a_share() -> None:
    """1 of 4 events came after the cut."""
    assert measured(facts("usage", in_time_events=3, late_events=1), "late_rate").value == Fraction(
        1, 4
    )


def test_what_waits_and_what_was_brought_back_is_counted() -> None:
    """Zero is a number, too: the tables say that there is none."""
    given = facts("usage", expired_events=2, brought_back_events=3)
    values = [
        measured(given, f"{name}_events").value for name in ("expired", "unassigned", "backfilled")
    ]
    assert values == [2, 0, 3]


def test_closes_say_what_they_are_timed_by() -> None:
    """By the commit on a live topic, by the cut in an import."""
    level = measured(facts("usage", closed_rows=3, close_delay=RANKS), "close_delay_p95")
    assert (level.value, level.detail) == (7, "timed to the commit; rows: 3")
    assert measured(facts("usage", close_delay=RANKS), "close_delay_max").value == 9


def test_closes_whose_commit_is_forgotten_are_told() -> None:
    """Beside others they are left out and told; alone they are a reason."""
    some = measured(facts("usage", forgotten_rows=2, close_delay=RANKS), "close_delay_p50")
    assert some.detail == (
        "timed to the commit; rows: 3; left out, as their commits have expired: 2"
    )
    none = measured(facts("usage", forgotten_rows=2), "close_delay_p50")
    assert (none.reason, none.verdict) == (Unmeasured.COMMITS_FORGOTTEN, Verdict.NOT_MEASURED)


def test_a_commit_ages_until_now() -> None:
    """To the microsecond; without any there is no age."""
    assert measured(facts("usage", last_commit_us=NOW_US - 1), "commit_age").numerator == 1
    assert measured(NOTHING, "commit_age").reason is Unmeasured.NO_COMMITS
