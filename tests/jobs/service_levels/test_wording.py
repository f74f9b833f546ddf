"""Values and targets as people read them; rounding never flatters."""

from __future__ import annotations

import pytest

from jobs.service_levels.wording import (
    duration_text,
    main_levels,
    name_text,
    share_text,
    target_text,
    value_text,
)
from schemas.service_facts import CurrencyAmounts, Ranks, SettledFacts
from tests.udfs.serving import NOTHING, WINDOW, facts, measured
from udfs.measuring_service import measure_service


@pytest.mark.parametrize(
    ("duration_us", "text"),
    [
        (0, "0 s"),
        (999, "0 s"),
        (412_345, "0.412 s"),
        (59_999_999, "59.999 s"),
        (60_000_000, "1 m"),
        (72_000_000, "1 m 12 s"),
        (3_600_000_000, "1 h"),
        (86_399_999_999, "23 h 59 m"),
        (90_000_000_000, "1 d 1 h"),
        (-3_725_000_000, "-1 h 2 m"),
    ],
)
def test_durations(duration_us: int, text: str) -> None:
    """Two units at most, the rest cut off."""
    assert duration_text(duration_us) == text


def test_a_share_is_rounded_against_the_level() -> None:
    """One of three million lost is not 100 %, one repeated not 0 %."""
    settled = SettledFacts(0, 3_000_000, 1, 0, ())
    complete = measured(facts("received", settled=settled), "completeness")
    assert value_text(complete) == "99.9999 %"
    assert share_text(complete) == "2,999,999 / 3,000,000"
    repeats = measured(facts("received", counted=2_999_999, duplicates=1), "duplicate_rate")
    assert value_text(repeats) == "0.0001 %"


def test_targets() -> None:
    """As percents and durations; empty where there is none."""
    texts = {each.level: target_text(each) for each in measure_service(NOTHING, WINDOW)}
    assert texts["completeness"] == ">= 99.9 %"
    assert texts["duplicate_rate"] == "< 0.01 %"
    assert texts["ingestion_delay_p95"] == "< 1 m"
    assert texts["reconciliation_age"] == "< 1 d"
    assert texts["offset_gaps"] == "<= 0"
    assert texts["late_rate"] == ""


def test_no_value_is_a_dash() -> None:
    """And a number of events is one."""
    assert value_text(measured(NOTHING, "completeness")) == "-"
    assert value_text(measured(facts("usage", expired_events=1234), "expired_events")) == "1,234"


def test_parts_are_main_where_they_miss_or_stand_alone() -> None:
    """Currencies have no whole; of partitions only the slow one is told."""
    slow, fast = Ranks(1, {50: 1, 95: 60_000_000, 99: 1}), Ranks(1, {50: 1, 95: 1, 99: 1})
    received = facts("received", delay=fast, delay_by_partition={0: fast, 1: slow})
    names = [name_text(each) for each in main_levels(measure_service(received, WINDOW))]
    assert "Ingestion delay, p95, partition 1" in names
    assert "Ingestion delay, p95, partition 0" not in names
    charged = facts("charges", amounts=(CurrencyAmounts("EUR", 1, 0),))
    names = [name_text(each) for each in main_levels(measure_service(charged, WINDOW))]
    assert "Adjusted charges, amount, EUR" in names
