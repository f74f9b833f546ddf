"""Levels of what was received, each by hand."""

from __future__ import annotations

from fractions import Fraction

from schemas.service_facts import MeterCount, Ranks, SettledFacts
from schemas.service_level import Unmeasured, Verdict
from tests.udfs.serving import facts, measured

RANKS = Ranks(3, {50: 1_000_000, 95: 60_000_000, 99: 60_000_001})
FAST = Ranks(2, {50: 5, 95: 59_999_999, 99: 59_999_999})


def test_delays_are_seconds() -> None:
    """Of microseconds exactly; 60 s are not less than a minute."""
    given = facts("received", delay=RANKS, delay_by_partition={0: FAST, 2: RANKS})
    assert measured(given, "ingestion_delay_p50").value == 1
    assert measured(given, "ingestion_delay_p99").value == Fraction(60_000_001, 1_000_000)
    whole = measured(given, "ingestion_delay_p95")
    assert (whole.value, whole.verdict) == (60, Verdict.MISSED)
    fast = measured(given, "ingestion_delay_p95", '{"partition":"0"}')
    assert (fast.numerator, fast.verdict) == (59_999_999, Verdict.MET)
    slow = measured(given, "ingestion_delay_p95", '{"partition":"2"}')
    assert slow.verdict is Verdict.MISSED


def test_a_delay_below_zero_stays() -> None:
    """Clocks of producers go ahead: an event may be received before it happened."""
    given = facts("received", delay=Ranks(1, {50: -5, 95: -5, 99: -5}))
    assert measured(given, "ingestion_delay_p95").numerator == -5


def test_delays_of_an_import_are_not_judged() -> None:
    """Its log times are its writer's."""
    level = measured(facts("received", is_live=False, delay=RANKS), "ingestion_delay_p95")
    assert (level.value, level.verdict, level.target) == (60, Verdict.NO_TARGET, None)


def test_completeness_counts_what_is_missing() -> None:
    """1000 records, 2 offsets and 3 events short: 997 of 1002."""
    meters = (MeterCount("a", 10, 9), MeterCount("b", 10, 12), MeterCount("c", 5, 5))
    settled = SettledFacts(0, records=1000, unreadable=0, missing_offsets=2, meters=meters)
    level = measured(facts("received", settled=settled), "completeness")
    assert (level.numerator, level.denominator) == (997, 1002)
    assert level.verdict is Verdict.MISSED
    assert level.detail is not None
    assert level.detail.endswith("a: 9 of 10 events; b: 12 of 10 events")


def test_completeness_at_its_target() -> None:
    """One unreadable record of a thousand is 99.9 %: met."""
    settled = SettledFacts(0, records=1000, unreadable=1, missing_offsets=0, meters=())
    level = measured(facts("received", settled=settled), "completeness")
    assert (level.value, level.verdict) == (Fraction("0.999"), Verdict.MET)


def test_completeness_is_not_below_zero() -> None:
    """However often a meter counted what it should not have."""
    settled = SettledFacts(0, 10, 0, 0, (MeterCount("a", 0, 99),))
    assert measured(facts("received", settled=settled), "completeness").value == 0


def test_completeness_of_nothing() -> None:
    """No record in the window, and tables that cannot tell: reasons of their own."""
    nothing = measured(facts("received", settled=SettledFacts(0, 0, 0, 0, ())), "completeness")
    assert (nothing.verdict, nothing.reason) == (Verdict.NOT_MEASURED, Unmeasured.NO_RECORDS)
    for reason in (Unmeasured.WINDOWS_NOT_KEPT, Unmeasured.WINDOWS_ROLLED_UP):
        assert measured(facts("received", settled=reason), "completeness").reason is reason


def test_gaps_are_added_up() -> None:
    """By partition and in all; one is one too many."""
    given = facts("received", missing_offsets={0: 0, 3: 2})
    assert measured(given, "offset_gaps").value == 2
    assert measured(given, "offset_gaps", '{"partition":"0"}').verdict is Verdict.MET
    assert measured(given, "offset_gaps", '{"partition":"3"}').verdict is Verdict.MISSED


def test_rates_of_repeats() -> None:
    """Of events that can be read: 3 duplicates, 1 of them in conflict, of 40,000."""
    given = facts("received", counted=39_990, duplicates=3, conflicts=1, retractions=7)
    duplicates = measured(given, "duplicate_rate")
    assert (duplicates.value, duplicates.verdict) == (Fraction(3, 40_000), Verdict.MET)
    assert measured(given, "conflict_rate").value == Fraction(1, 40_000)


def test_rejects_by_reason() -> None:
    """Of everything but heartbeats: 3 of 10."""
    given = facts("received", counted=6, duplicates=1, rejected={"too_old": 2, "bad_time": 1})
    assert measured(given, "reject_rate").value == Fraction(3, 10)
    assert measured(given, "reject_rate", '{"reason":"too_old"}').value == Fraction(2, 10)
