"""Accounts that become known too late, under faults: usage, and what is taken back of it."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from schemas.metered_usage import MeteredUsage
from tests.simulation.auditing import audit
from tests.simulation.simulated_job import SimulatedJob
from udfs.metering import MeteringRules

SEEDS = range(6, 16)
WEEK_MS = 7 * 86_400_000


class KnowsLate(SimulatedJob):
    """What has waited in vain up to when its account becomes known is given up by then."""

    def rules(self) -> MeteringRules:
        """Return the rules without jitter, by which usage may wait longer."""
        return replace(super().rules(), jitter_us=0)

    def make_known(self, now_us: int) -> None:
        """Let timers come first."""
        engine = self.state.engine
        for name, known_ms in sorted(self.world.known_at_ms.items()):
            if known_ms * 1000 <= now_us and name not in engine.accounts:
                engine.advance(known_ms * 1000)
        super().make_known(now_us)


class TakesBackFromPeriods(KnowsLate):
    """Takes all events out of their periods, wherever they went."""

    def deliver(self, usage: MeteredUsage) -> None:
        """Forget when what is taken back had been received."""
        super().deliver(replace(usage, taken_back=()))


def test_each_row_goes_where_its_event_went(tmp_path: Path) -> None:
    """Whatever is taken back, and however late."""
    for seed in SEEDS:
        with TemporaryDirectory(dir=tmp_path) as folder:
            lines = audit(seed, Path(folder), KnowsLate, WEEK_MS)
        assert lines == [], f"seed {seed}"


def test_what_was_unassigned_in_no_period_is_taken_out_of_none(tmp_path: Path) -> None:
    """A job that does it is found out."""
    for seed in SEEDS:
        with TemporaryDirectory(dir=tmp_path) as folder:
            if audit(seed, Path(folder), TakesBackFromPeriods, WEEK_MS):
                return
    pytest.fail(f"passed {len(SEEDS)} seeds")
