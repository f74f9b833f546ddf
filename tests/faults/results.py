"""The record of runs: one JSON line for each."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from jobs.local.places import ROOT

RECORD = Path(__file__).parent / "results.jsonl"
MOST_LINES = 10


@dataclass(frozen=True, slots=True)
class Result:
    """One run.

    Attributes:
        at: When it ended, RFC 3339.
        commit: Of the source; with `+` where files had changed since.
        seed: Repeats the run.
        seconds: How long its load went on under the fault, as asked for.
        fault: Name of the fault.
        sink: Which of Iceberg's sinks: v1 or v2.
        planted: Name of the planted bug; empty: none.
        hits: What shows that the fault struck.
        recovery_ms: The longest time from the end of a fault until the job had caught up.
        converged_ms: Time from the end of the load to exact tables.
        records: Records in the topic.
        events: Events and refused records that the producer means to be there.
        fates: Records and events of batches by what became of them.
        unacknowledged: How often Kafka did not acknowledge a record in time.
        repeats: Rows that stood twice in a table whose history tells of it.
        repeated_commits: How many commits the history shows to be repeated.
        differences: How many things were not as they must be.
        lines: The first of them, or why the run broke off.
    """

    at: str
    commit: str
    seed: int
    seconds: int
    fault: str
    sink: str
    planted: str
    hits: Mapping[str, int] = field(default_factory=dict)
    recovery_ms: int = 0
    converged_ms: int = 0
    records: int = 0
    events: int = 0
    fates: Mapping[str, int] = field(default_factory=dict)
    unacknowledged: int = 0
    repeats: int = 0
    repeated_commits: int = 0
    differences: int = 0
    lines: Sequence[str] = ()

    @property
    def passed(self) -> bool:
        """Whether the fault struck as it should, and nothing differs; or a planted bug was found.

        A run that broke off has judged no records, so it shows nothing.
        """
        if self.planted:
            return self.differences > 0 and self.records > 0
        return self.differences == 0 and bool(self.hits) and all(self.hits.values())


def append(path: Path, result: Result) -> None:
    """Add a run to the record."""
    with path.open("a") as record:
        record.write(json.dumps(asdict(result), sort_keys=True) + "\n")


def read(path: Path) -> list[Result]:
    """Return all runs of a record, oldest first."""
    shapes = [json.loads(line) for line in path.read_text().splitlines()]
    return [Result(**{**shape, "lines": tuple(shape["lines"])}) for shape in shapes]


def commit_now() -> str:
    """Return the commit of the source tree."""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", "*.py", "*.sql")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")
