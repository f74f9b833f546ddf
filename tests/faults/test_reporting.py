"""docs/reliability.md is what the record of runs gives, and tells what went wrong."""

from dataclasses import replace
from pathlib import Path

from tests.faults.reporting import PAGE, render
from tests.faults.results import RECORD, Result, append, read
from tests.faults.soaking import SOAKS, Figure, Soak, append_soak, read_soaks, slope_percent

RESULT = Result(
    at="2026-11-30T09:00:00Z",
    commit="abc1234",
    seed=7,
    seconds=20,
    fault="kill-kafka",
    sink="v2",
    planted="",
    hits={"brokers killed": 2},
    recovery_ms=12_345,
    converged_ms=9_000,
    records=4321,
    events=4000,
    fates={"counted": 4000, "duplicate": 17},
    repeats=3,
    repeated_commits=1,
)

SOAK = Soak(
    at="2026-11-30T09:00:00Z",
    commit="abc1234",
    seed=1,
    minutes=20,
    records=100,
    faults=3,
    differences=0,
    tolerance_percent=15.0,
    figures=[Figure("JobManager", "MiB", 400, 404, 1.0, True)],
    hits={"Python workers killed": 1, "records sent again": 300},
)


def test_the_page_is_what_the_record_gives() -> None:
    """Whoever adds a run makes the page anew: python -m tests.faults.reporting."""
    assert PAGE.read_text() == render(read(RECORD), read_soaks(SOAKS))


def test_a_run_stands_in_the_page() -> None:
    """Its counts, its times, and what shows that the fault struck."""
    page = render([RESULT], [])
    row = "| kill-kafka | v2 | 7 | abc1234 | 4321 | 17 | 0 | 12.3 | 9.0 | 3 | 0 | passed |"
    assert row in page
    assert "brokers killed: 2" in page
    assert "1 runs stand here, 1 passed" in page


def test_a_difference_stands_in_the_page() -> None:
    """A run that failed says so, and why."""
    page = render([replace(RESULT, differences=2, lines=("closed_usage: missing X",))], [])
    assert "**failed**" in page
    assert "- kill-kafka (v2): closed_usage: missing X" in page


def test_a_fault_that_did_not_strike_has_failed() -> None:
    """Nothing differs where nothing happened."""
    assert not replace(RESULT, hits={"brokers killed": 0}).passed
    assert not replace(RESULT, hits={}).passed


def test_only_the_newest_run_of_a_fault_counts() -> None:
    """The record keeps all."""
    page = render([replace(RESULT, records=1), RESULT], [])
    assert "| 4321 |" in page
    assert "| 1 |" not in page


def test_a_planted_bug_that_is_missed_stands_out() -> None:
    """It is no run of the fault itself."""
    missed = replace(RESULT, planted="loses-records")
    page = render([missed], [])
    assert "| loses-records | kill-kafka | 0 | **missed** |" in page
    assert "0 runs stand here" in page
    assert not missed.passed
    assert replace(missed, differences=3).passed
    assert not replace(missed, differences=1, records=0).passed


def test_both_sinks_are_compared() -> None:
    """By the faults that both went through."""
    page = render([RESULT, replace(RESULT, sink="v1", repeated_commits=5)], [])
    assert "| kill-kafka | v1 | 5 | 3 | 0 |" in page


def test_a_record_reads_back(tmp_path: Path) -> None:
    """A line holds all of a run, or of a soak."""
    append(tmp_path / "runs", RESULT)
    assert read(tmp_path / "runs") == [RESULT]
    append_soak(tmp_path / "soaks", SOAK)
    assert read_soaks(tmp_path / "soaks") == [SOAK]


def test_a_soak_stands_in_the_page() -> None:
    """What grows and must not stands out, and makes it fail."""
    page = render([], [SOAK])
    assert "| JobManager | MiB | 400 | 404 | +1.0 | flat |" in page
    assert "3 faults; Python workers killed: 1; records sent again: 300." in page
    assert SOAK.passed
    leaking = replace(SOAK, figures=[replace(SOAK.figures[0], slope_percent=40.0)])
    assert "**grows**" in render([], [leaking])
    assert not leaking.passed


def test_a_leak_is_told_from_a_sawtooth() -> None:
    """The line through the second half grows with the one and not with the other."""
    leak = [(float(t), 100.0 + t) for t in range(100)]
    sawtooth = [(float(t), 100.0 + t % 5) for t in range(100)]
    late_start = [(float(t), min(100.0, 10.0 * t)) for t in range(100)]
    assert slope_percent(leak) > 25
    assert abs(slope_percent(sawtooth)) < 1
    assert slope_percent(late_start) == 0
