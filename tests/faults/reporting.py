"""Makes docs/reliability.md of the record of runs: `python -m tests.faults.reporting`.

The newest run of each fault, sink and planted bug stands there; the record keeps all.
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from jobs.local.places import ROOT
from tests.faults.catalogue import FAULTS
from tests.faults.results import RECORD, Result, read
from tests.faults.soaking import SOAKS, Soak, read_soaks

PAGE = ROOT / "docs" / "reliability.md"
_HEAD = """\
# Reliability: what faults did to the figures

<!-- Made by `python -m tests.faults.reporting` of tests/faults/results.jsonl. Do not edit. -->

Real processes: a JobManager, TaskManagers, a Kafka broker, Iceberg tables in a SQLite catalog. A
producer sends a steady load and keeps its own list of what it sent. Log time is its own and runs
240 times as fast, so that periods close and are corrected while faults strike. Then a fault
strikes, the load ends, every period is brought to its close, and the tables are judged:

- every row of every table is that of a second implementation, which recomputes `raw_events`;
- every offset of every partition is in `raw_events` and has exactly one fate;
- every record that Kafka acknowledged is there, byte for byte, and refused for the reason meant;
- sums and counts of each account, meter and period are those of the producer's own list;
- the last running totals and the alerts in Kafka are right;
- the product's own audit ([reconciling.md](reconciling.md)) finds no difference either; runs before
  2026-11-30 13:30 UTC were judged without it;
- a row that stands twice is one that the table's history shows as committed twice.

A run passes if the fault struck (its counts are above zero), nothing differs, and all was in the
tables within 180 s of the end of the load. One line repeats a run:

```sh
python -m tests.faults --fault kill-task-manager --seed 1 --seconds 20 --sink v2
```

`python -m tests.faults --list` names all faults, `make faults` tries them all.

What these runs do not show:

- Flink without high availability: a JobManager that is gone is started again, and the harness
  submits the job from its newest checkpoint, as a person would.
- Moments are chosen by looking at files and at the catalog, so a kill meets its moment within some
  milliseconds; the counts say how often it did.
- RocksDB may end a TaskManager's process when a job ends abruptly (`pthread lock: Invalid
  argument`). The harness starts another one, as Kubernetes would, and counts it.
- One broker, so a record that Kafka acknowledged is lost with its disk. The broker is killed, its
  disk is not.
- A topic whose log time its producer gives, as in an import. The clock of a broker is not tried.
- The SQLite catalog cannot lose an answer, as there is no network to it. That is tried with a REST
  catalog of the tests in front of it, which holds an answer or a commit back.
- The seed decides what is sent and what is done to whom, not how threads interleave: a run that is
  repeated meets other moments.
"""


def render(results: Sequence[Result], soaks: Sequence[Soak]) -> str:
    """Return the page."""
    newest = {(each.fault, each.sink, each.planted): each for each in results}
    sound = [each for each in newest.values() if not each.planted]
    planted = [each for each in newest.values() if each.planted]
    parts = [_HEAD, _summary(sound), _faults(sound), _hits(sound), _sinks(sound)]
    parts += [_planted(planted), _soaks(soaks), _differences(sound)]
    return "\n".join(part for part in parts if part)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _in_order(results: Iterable[Result]) -> list[Result]:
    order = {fault.name: number for number, fault in enumerate(FAULTS)}
    return sorted(results, key=lambda r: (order.get(r.fault, len(order)), r.fault, r.sink))


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.1f}" if milliseconds else "-"


def _summary(results: Sequence[Result]) -> str:
    passed = sum(each.passed for each in results)
    recovery = max((each.recovery_ms for each in results), default=0)
    untried = [fault.name for fault in FAULTS if fault.name not in {r.fault for r in results}]
    lines = [
        "## The last runs\n",
        f"{len(results)} runs stand here, {passed} passed, with {sum(r.records for r in results)}"
        f" records in all. The longest recovery took {_seconds(recovery)} s.",
    ]
    if untried:
        lines.append(f"Not tried yet: {', '.join(untried)}.")
    return "\n".join(lines) + "\n"


def _faults(results: Sequence[Result]) -> str:
    head = (
        *("fault", "sink", "seed", "commit", "records", "duplicates", "refused"),
        *("longest recovery, s", "converged in, s", "repeated rows seen", "differences", "verdict"),
    )
    rows = [
        (
            *(each.fault, each.sink, each.seed, each.commit, each.records),
            *(each.fates.get("duplicate", 0), each.fates.get("rejected", 0)),
            *(_seconds(each.recovery_ms), _seconds(each.converged_ms)),
            *(each.repeats, each.differences, "passed" if each.passed else "**failed**"),
        )
        for each in _in_order(results)
    ]
    return _table(head, rows)


def _hits(results: Sequence[Result]) -> str:
    texts = {fault.name: fault.text for fault in FAULTS}
    rows = [
        (
            each.fault,
            texts.get(each.fault, "One after another"),
            "; ".join(f"{name}: {count}" for name, count in each.hits.items()) or "none",
        )
        for each in _in_order(results)
        if each.sink == "v2"
    ]
    head = ("fault", "what it does", "what shows that it struck")
    return "## That each fault struck\n\n" + _table(head, rows)


def _sinks(results: Sequence[Result]) -> str:
    """Return the runs of faults that both of Iceberg's sinks went through."""
    both = {each.fault for each in results if each.sink == "v1"}
    rows = [
        (each.fault, each.sink, each.repeated_commits, each.repeats, each.differences)
        for each in _in_order(each for each in results if each.fault in both)
    ]
    head = ("fault", "sink", "repeated commits", "repeated rows", "differences")
    return "## The two sinks of Iceberg\n\n" + _table(head, rows) if rows else ""


def _planted(results: Sequence[Result]) -> str:
    rows = [
        (each.planted, each.fault, each.differences, "found" if each.passed else "**missed**")
        for each in sorted(results, key=lambda each: (each.planted, each.fault))
    ]
    if not rows:
        return ""
    head = ("planted bug", "fault", "differences", "")
    return "## Planted bugs\n\nEach must make the run fail.\n\n" + _table(head, rows)


def _soaks(soaks: Sequence[Soak]) -> str:
    if not soaks:
        return ""
    last = soaks[-1]
    hits = "".join(f"; {name}: {count}" for name, count in last.hits.items())
    rows = [
        (each.name, each.unit, each.first, each.last, f"{each.slope_percent:+.1f}", each.verdict)
        for each in last.figures
    ]
    head = ("figure", "unit", "first", "last", "change, %", "verdict")
    text = (
        f"## A steady load for {last.minutes} minutes\n\n"
        f"{last.records} records, commit {last.commit}; {last.faults} faults{hits}.\n\n"
        "The change is that of a straight line through the second half, in percent of its mean;"
        f" flat is at most {last.tolerance_percent} %.\n\n"
    )
    return text + _table(head, rows)


def _differences(results: Sequence[Result]) -> str:
    lines = [
        f"- {each.fault} ({each.sink}): {line}"
        for each in _in_order(results)
        if not each.passed
        for line in each.lines[-3:]
    ]
    return "## What differed\n\n" + "\n".join(lines) + "\n" if lines else ""


def main(record: Path = RECORD, soaks: Path = SOAKS, page: Path = PAGE) -> int:
    """Write the page."""
    page.write_text(render(read(record), read_soaks(soaks)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
