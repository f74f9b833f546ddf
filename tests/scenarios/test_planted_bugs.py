"""The rows written by hand are enough to find what could be wrong: the oracle is not asked."""

from dataclasses import replace
from pathlib import Path

import pytest

from audit.judging import Limits, take_apart
from audit.shapes import RawRecord
from schemas.instant import HOUR_US, SECOND_US
from schemas.metered_usage import MeteredUsage
from tests.scenarios.comparing import find_differences
from tests.scenarios.reading import ScenarioError, read_scenario
from tests.scenarios.test_scenarios import FILES
from tests.scenarios.verbs import run_scenario
from tests.simulation.path import MeteringPath
from udfs.metering import MeteringRules

Identity = tuple[str | None, str | None]


class ForgetsIdentities(MeteringPath):
    """Counts every repeat."""

    def is_repeat(self, identity: Identity) -> bool:
        """Know nothing."""
        return False


class JoinsIdentities(MeteringPath):
    """Takes source and id for one text."""

    def is_repeat(self, identity: Identity) -> bool:
        """Ask for the joined text."""
        return super().is_repeat((None, f"{identity[0]}{identity[1]}"))


class IgnoresSources(MeteringPath):
    """Knows an event by its id alone."""

    def is_repeat(self, identity: Identity) -> bool:
        """Ask for the id."""
        return super().is_repeat((None, identity[1]))


class _OtherMeters(MeteringPath):
    grace_by_us = 0
    horizon_by_us = 0

    def rules(self) -> MeteringRules:
        """Return the rules with each meter's durations moved."""
        rules = super().rules()
        meters = {
            name: replace(
                meter,
                grace_us=meter.grace_us + self.grace_by_us,
                correction_horizon_us=meter.correction_horizon_us + self.horizon_by_us,
            )
            for name, meter in rules.meters.items()
        }
        return replace(rules, meters=meters)


class LaterCut(_OtherMeters):
    """Takes one log window more into the closed row."""

    grace_by_us = 10 * SECOND_US


class EarlierCut(_OtherMeters):
    """Takes one log window less into the closed row."""

    grace_by_us = -10 * SECOND_US


class LongerHorizon(_OtherMeters):
    """Corrects one log window too long."""

    horizon_by_us = 10 * SECOND_US


class LargerBuckets(MeteringPath):
    """Gathers corrections for two hours."""

    def rules(self) -> MeteringRules:
        """Return the rules with other buckets."""
        return replace(super().rules(), correction_bucket_us=2 * HOUR_US)


class WaitsLonger(MeteringPath):
    """Waits for accounts ten seconds too long."""

    def rules(self) -> MeteringRules:
        """Return the rules with another wait."""
        rules = super().rules()
        longer_us = rules.unknown_account_wait_us + 10 * SECOND_US
        return replace(rules, unknown_account_wait_us=longer_us)


class InUtc(MeteringPath):
    """Counts every account's periods in UTC."""

    def take_terms(self, account_id: str, terms: bytes, log_us: int) -> None:
        """Take them with another zone."""
        super().take_terms(account_id, terms.replace(b"America/New_York", b"UTC"), log_us)


class NeverAtOnce(MeteringPath):
    """Lets all terms wait for the next boundary."""

    def take_terms(self, account_id: str, terms: bytes, log_us: int) -> None:
        """Take them as if they waited."""
        super().take_terms(account_id, terms.replace(b"at_once", b"next_boundary"), log_us)


class TakesTheFastest(MeteringPath):
    """Does not wait for partitions that are behind."""

    def watermark_us(self) -> int:
        """Return the greatest log time."""
        return (max(self.state.last_ms) - 5000) * 1000


class HasNoSlack(MeteringPath):
    """Trusts the brokers' clocks."""

    def watermark_us(self) -> int:
        """Return the least log time."""
        return min(self.state.last_ms) * 1000


class FiresEarly(MeteringPath):
    """Timers run ahead of the rows."""

    def deliver_windows(self, watermark_us: int) -> None:
        """Let timers pass first."""
        self.state.engine.advance(watermark_us)
        super().deliver_windows(watermark_us)


class KeepsUncommittedRows(MeteringPath):
    """After a crash, rows that were not committed are there all the same."""

    def restore(self) -> None:
        """Restore the state, not the rows."""
        rows = self.state.engine.rows
        super().restore()
        self.state.engine.rows = rows


class LosesTheLast(MeteringPath):
    """Forgets an event whose log window ends at a full hour."""

    def deliver(self, usage: MeteredUsage) -> None:
        """Deliver all others."""
        if usage.log_window_end_us % HOUR_US:
            super().deliver(usage)


class SkipsBrokenRecords(MeteringPath):
    """Tells of no record that cannot be metered."""

    def read(self, record: RawRecord) -> None:
        """Read it, and forget that it was refused."""
        super().read(record)
        self.state.rejects.clear()


class ReadsBatchesBackwards(MeteringPath):
    """Takes the last event of a batch for the first."""

    def read(self, record: RawRecord) -> None:
        """Read the record turned around."""
        events = take_apart(record, Limits()) or ()
        values = [event.value or b"" for event in reversed(events)]
        super().read(replace(record, value=b"[" + b",".join(values) + b"]") if values else record)


BUGS = [
    ForgetsIdentities,
    JoinsIdentities,
    IgnoresSources,
    LaterCut,
    EarlierCut,
    LongerHorizon,
    LargerBuckets,
    WaitsLonger,
    InUtc,
    NeverAtOnce,
    TakesTheFastest,
    HasNoSlack,
    FiresEarly,
    KeepsUncommittedRows,
    LosesTheLast,
    SkipsBrokenRecords,
    ReadsBatchesBackwards,
]


@pytest.mark.parametrize("bug", BUGS)
def test_the_written_rows_find_a_planted_bug(bug: type[MeteringPath], tmp_path: Path) -> None:
    """At least one scenario differs from what its author wrote, or stops."""
    for number, path in enumerate(FILES):
        folder = tmp_path / str(number)
        folder.mkdir()
        scenario = read_scenario(path)
        try:
            if find_differences(run_scenario(scenario, folder, bug), scenario.tables):
                return
        except (ScenarioError, RuntimeError, AssertionError):
            return
    pytest.fail(f"{bug.__name__} passed {len(FILES)} scenarios")
