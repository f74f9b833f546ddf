"""One run of a scenario: what Kafka holds, what the job makes of it, and what the oracle does."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from audit.counting import Clocks
from audit.judging import EPOCH
from audit.shapes import RawRecord, read_meters, read_terms
from jobs.settings import load_meters
from tests.oracle.recompute import final_watermark, recompute
from tests.scenarios.reading import Scenario
from tests.simulation.auditing import find_differences
from tests.simulation.path import SLACK_MS, MeteringPath


@dataclass(frozen=True, slots=True)
class Sent:
    """An event as it was sent: what a repeat or a conflict of it needs."""

    partition: int
    shape: dict[str, Any]


@dataclass
class Run:
    """One run.

    Attributes:
        path: The job.
        meters: The meters file.
        log: What Kafka holds.
        terms: The accepted terms, or those that an account will become known with.
        sent: Events by their id.
        gathered: The elements of the batch that is being written; None: each is a record.
        since: What happened since the last checkpoint; after a crash it happens again.
    """

    path: MeteringPath
    meters: Path
    log: list[RawRecord] = field(default_factory=list)
    terms: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    sent: dict[str, Sent] = field(default_factory=dict)
    gathered: list[bytes] | None = None
    since: list[Callable[[], None]] = field(default_factory=list)

    def write(self, partition: int, log_us: int, value: bytes | None) -> None:
        """Write a record, and let the job read it."""
        if self.gathered is not None:
            self.gathered.append(value or b"")
            return
        offset = sum(each.partition == partition for each in self.log)
        record = RawRecord(partition, offset, log_us // 1000, value)
        self.log.append(record)

        def read() -> None:
            self.path.read(record)
            self.path.advance()

        self.act(read)

    def take_terms(self, account_id: str, terms: list[dict[str, Any]], log_us: int) -> None:
        """Write a record of the accounts topic, and let the job read it."""
        value = json.dumps({"account_id": account_id, "terms": terms}).encode()

        def take() -> None:
            refused = len(self.path.state.refused)
            self.path.take_terms(account_id, value, log_us)
            if len(self.path.state.refused) == refused:
                self.terms[account_id] = terms

        self.act(take)

    def act(self, what: Callable[[], None]) -> None:
        """Do something that is done again after a crash."""
        what()
        self.since.append(what)

    def keep(self) -> None:
        """Take a checkpoint."""
        self.path.keep()
        self.since.clear()

    def crash(self) -> None:
        """Go back to the last checkpoint, and read on from there."""
        self.path.restore()
        for what in self.since:
            what()

    def differences_to_oracle(self) -> list[str]:
        """Return each row that the oracle lacks, or has and the run lacks, as a line."""
        partitions = len(self.path.state.positions)
        clocks = Clocks(final_watermark(self.log, partitions, SLACK_MS))
        known_us = self.path.state.known_at_us
        accounts = {name: read_terms(self.terms[name]) for name in known_us}
        known_at = {name: EPOCH + timedelta(microseconds=us) for name, us in known_us.items()}
        expected = recompute(
            self.log, read_meters(self.meters), accounts, clocks, known_at=known_at
        )
        return find_differences(self.path.state, expected)


def start_run(scenario: Scenario, folder: Path, waiting: set[str], kind: type[MeteringPath]) -> Run:
    """Start a job that has read nothing but the accounts.

    Args:
        scenario: Its settings.
        folder: An empty one, for the meters file.
        waiting: Accounts that are not known yet.
        kind: The job; one with a bug in it must be found out.
    """
    meters = folder / "meters.yaml"
    meters.write_text(json.dumps({"meters": scenario.meters}))
    run = Run(kind(load_meters(meters), scenario.partitions), meters)
    for account_id, terms in scenario.accounts.items():
        if account_id in waiting:
            run.terms[account_id] = terms
        else:
            run.take_terms(account_id, terms, 0)
    run.keep()
    return run
