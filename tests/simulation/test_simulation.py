"""Metering under faults: every row of every seed is right, and a planted bug is found."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from schemas.account import Account
from schemas.metered_usage import MeteredUsage
from schemas.running_state import decode_running, encode_running
from tests.simulation.auditing import audit
from tests.simulation.simulated_job import SimulatedJob
from udfs.metering import MeteringRules

TENS = 4
# A world that shows most bugs, tried first as it saves the others.
_RICH = 13
HOUR_US = 3_600_000_000


@pytest.mark.parametrize("ten", range(TENS))
def test_every_row_is_right(ten: int, tmp_path: Path) -> None:
    """Whatever is late, repeated, quiet or crashes; after the last period nothing is left."""
    for seed in range(10 * ten + 1, 10 * ten + 11):
        folder = tmp_path / str(seed)
        folder.mkdir()
        assert audit(seed, folder) == [], f"repeat: make simulate SEEDS={seed}"


class LosesARow(SimulatedJob):
    """Forgets one row of usage in fifty."""

    def deliver(self, usage: MeteredUsage) -> None:
        """Deliver most."""
        if self.chance.random() > 0.02:
            super().deliver(usage)


class ForgetsIdentities(SimulatedJob):
    """After a restore it knows no event any more."""

    def restore(self) -> None:
        """Restore all but the dedupe."""
        super().restore()
        self.state.seen.clear()


class CommitsTwice(SimulatedJob):
    """Keeps the rows that were not committed before a crash."""

    def restore(self) -> None:
        """Restore the state, not the rows."""
        rows = self.state.engine.rows
        super().restore()
        self.state.engine.rows = rows


class ForgetsPositions(SimulatedJob):
    """After a restore it reads on where it was, and leaves out what it had read since."""

    def restore(self) -> None:
        """Restore all but the positions."""
        positions = self.state.positions
        super().restore()
        self.state.positions = positions


class ForgetsLevels(SimulatedJob):
    """After a restore no level passes on."""

    def restore(self) -> None:
        """Restore all but the chains."""
        super().restore()
        self.state.engine.chains.clear()


class FiresEarly(SimulatedJob):
    """Timers run ahead of the rows by an hour."""

    def deliver_windows(self, watermark_us: int) -> None:
        """Let timers pass first."""
        self.advance_to(watermark_us + HOUR_US)
        super().deliver_windows(watermark_us)


class InUtc(SimulatedJob):
    """Counts every account's periods in UTC."""

    def account(self, name: str) -> Account:
        """Return the account with another zone."""
        account = super().account(name)
        terms = tuple(replace(each, timezone="UTC") for each in account.terms)
        return replace(account, terms=terms)


class ShortHorizon(SimulatedJob):
    """Ends corrections a day early."""

    def rules(self) -> MeteringRules:
        """Return the rules with a shorter horizon."""
        rules = super().rules()
        meters = {
            name: replace(meter, correction_horizon_us=meter.correction_horizon_us - 24 * HOUR_US)
            for name, meter in rules.meters.items()
        }
        return replace(rules, meters=meters)


class KeepsOneTooMany(SimulatedJob):
    """Takes the limit of dimensions one too high."""

    def rules(self) -> MeteringRules:
        """Return the rules with another limit."""
        rules = super().rules()
        meters = {
            name: replace(meter, max_dimensions=meter.max_dimensions and meter.max_dimensions + 1)
            for name, meter in rules.meters.items()
        }
        return replace(rules, meters=meters)


class LateByAMinute(SimulatedJob):
    """Places usage a minute after its event."""

    def deliver(self, usage: MeteredUsage) -> None:
        """Deliver it to the wrong minute."""
        start_us = usage.event_window_start_us + 60_000_000
        super().deliver(replace(usage, event_window_start_us=start_us))


class TakesBackTwice(SimulatedJob):
    """A second retraction takes the event back again."""

    def takes_back_twice(self) -> bool:
        """Say that it may."""
        return True


class ForgetsRetractions(SimulatedJob):
    """After a restore it knows no retraction that waits for its event, and no event."""

    def restore(self) -> None:
        """Restore all but these."""
        super().restore()
        self.state.given.clear()


class JudgesEachRow(SimulatedJob):
    """Judges budgets with each row of usage, not with each whole log window in its order."""

    def deliver(self, usage: MeteredUsage) -> None:
        """Fold at once."""
        super().deliver(usage)
        self.watch_budgets(usage.log_window_end_us)


class ForgetsAlerts(SimulatedJob):
    """After a restore it does not know which thresholds were reached."""

    def restore(self) -> None:
        """Restore totals only."""
        super().restore()
        periods = self.state.watcher.periods
        for key, state in periods.items():
            periods[key] = encode_running(replace(decode_running(state), alerted=()))


@pytest.mark.parametrize(
    "bug",
    [
        LosesARow,
        ForgetsIdentities,
        CommitsTwice,
        ForgetsPositions,
        ForgetsLevels,
        FiresEarly,
        InUtc,
        ShortHorizon,
        KeepsOneTooMany,
        LateByAMinute,
        TakesBackTwice,
        ForgetsRetractions,
        JudgesEachRow,
        ForgetsAlerts,
    ],
)
def test_a_planted_bug_is_found(bug: type[SimulatedJob], tmp_path: Path) -> None:
    """Within the seeds that CI tries."""
    for seed in (_RICH, *range(1, 10 * TENS + 1)):
        with TemporaryDirectory(dir=tmp_path) as folder:
            if audit(seed, Path(folder), bug):
                return
    pytest.fail(f"{bug.__name__} passed {10 * TENS} seeds")


def test_a_seed_repeats(tmp_path: Path) -> None:
    """The same seed with the same bug differs in the same lines."""
    found = []
    for run in ("one", "two"):
        (tmp_path / run).mkdir()
        found.append(audit(3, tmp_path / run, LosesARow))
    assert found[0] == found[1] != []


def test_the_command_says_what_it_did() -> None:
    """Seeds, failures and speed; a mistake is one line."""
    command = [sys.executable, "-m", "tests.simulation", "--seeds"]
    done = subprocess.run([*command, "1-2"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("2 seeds, 0 failed, ")
    wrong = subprocess.run([*command, "x"], capture_output=True, text=True, check=False)
    assert "expected 1-300 or 17,23, found 'x'" in wrong.stderr
