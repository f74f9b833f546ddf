"""Measures the whole job, its floor and a plain loop in one run, and appends the figures.

python -m benchmarks [--small 1000000] [--large 5000000]

Each is run over two topics; the difference of the two is the steady state, apart from start-up.
What each run counted, and archived, is held against the plain loop: a wrong figure has no speed.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks import plain_loop, synthetic
from benchmarks.measuring import Figures, run_job
from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from jobs.create_topics import create_topics
from jobs.local.broker import Broker
from jobs.local.flink_cluster import FlinkCluster
from jobs.local.places import ROOT, RUN_DIR
from jobs.publish_accounts import publish_accounts
from jobs.settings import Settings, load_settings
from schemas.account import Account
from schemas.cadence import Cadence
from schemas.instant import to_us
from schemas.terms import Recurring, Terms

_WORK = RUN_DIR / "bench"
_RESULTS = ROOT / "benchmarks" / "results.jsonl"
_SLACK_MS = 5000
# Of every benchmark.
CLUSTER = {
    "taskmanager.memory.process.size": "6g",
    # As in production, where jobs run long: the JVM's own choices.
    "env.java.opts.taskmanager": "-XX:+UseG1GC",
}
_METERS = {
    "meters": [
        {
            "meter": "api-calls",
            "event_type": "api.call",
            "aggregation": "sum",
            "unit": "call",
        }
    ]
}
# For a busy topic of some ten thousand accounts; docs/performance.md says when to set them.
_TUNED = {"log_window_s": 60, "account_buckets": 72}


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is measured: a program, Python's execution mode, settings of metering."""

    name: str
    module: str
    mode: str
    metering: Mapping[str, int]


_JOB = "jobs.meter_usage"
_PLANS = (
    _Plan("floor", "benchmarks.parse_only", "process", {}),
    _Plan("job", _JOB, "process", {}),
    _Plan("job, no running totals", _JOB, "process", {"running_totals": False}),
    _Plan("job, tuned", _JOB, "process", _TUNED),
    _Plan("job, tuned, thread mode", _JOB, "thread", _TUNED),
)


def main(arguments: Sequence[str]) -> int:
    """Measure and print; append one JSON line."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--small", type=int, default=1_000_000, help="records in the small topic")
    parser.add_argument("--large", type=int, default=5_000_000, help="records in the large topic")
    parser.add_argument("--note", default="", help="kept with the result")
    options = parser.parse_args(arguments)
    shutil.rmtree(_WORK, ignore_errors=True)
    _WORK.mkdir(parents=True)
    sizes = (options.small, options.large)
    with Broker(_WORK / "kafka") as broker:
        servers = broker.bootstrap_servers
        expected = {}
        for size in sizes:
            say(f"publishing {size:,} events")
            _prepare(servers, size)
            synthetic.publish(servers, _topic(size), size)
            expected[size] = plain_loop.count_usage(servers, _topic(size))
        results = {plan.name: _measure_plan(servers, plan, sizes, expected) for plan in _PLANS}
    loop = expected[options.large]
    results["plain loop"] = {"events_per_s_per_core": round(options.large / loop.seconds)}
    record = {
        "commit": commit(),
        "note": options.note,
        "small": options.small,
        "large": options.large,
        "counted": loop.counted,
        "units": str(loop.units),
        "results": results,
    }
    append_result(record)
    _print(results)
    return 0


def _measure_plan(
    servers: str, plan: _Plan, sizes: tuple[int, int], expected: Mapping[int, plain_loop.Counted]
) -> dict[str, Any]:
    """Run one plan over both topics on a fresh cluster; return the steady state."""
    runs: list[Figures] = []
    work = _WORK / plan.name.replace(", ", "-").replace(" ", "-")
    with FlinkCluster(work / "flink", options=CLUSTER) as cluster:
        for size in sizes:
            say(f"{plan.name}: {size:,} events")
            path = _prepare(servers, size, plan, work)
            end_ms = synthetic.last_log_ms(size) - _SLACK_MS
            records = size + synthetic.PARTITIONS
            figures = run_job(cluster, plan.module, ["--settings", str(path)], records, end_ms)
            if plan.module == _JOB:
                _audit(figures, load_settings(path, {}), records, expected[size].counted)
            runs.append(figures)
    small, large = runs
    events = large.events - small.events
    cpu_s = large.jvm_cpu_s + large.python_cpu_s - small.jvm_cpu_s - small.python_cpu_s
    return {
        "events_per_s": round(events / (large.wall_s - small.wall_s)),
        "events_per_s_per_core": round(events / cpu_s),
        "wall_us_per_event": round((large.wall_s - small.wall_s) / events * 1e6, 2),
        "jvm_us_per_event": round((large.jvm_cpu_s - small.jvm_cpu_s) / events * 1e6, 2),
        "python_us_per_event": round((large.python_cpu_s - small.python_cpu_s) / events * 1e6, 2),
        "runs": [asdict(run) for run in runs],
    }


def _audit(figures: Figures, settings: Settings, records: int, counted: int) -> None:
    """Compare what was counted and archived with the plain loop; stop where it differs."""
    table = open_catalog(settings.catalog).load_table((settings.catalog.namespace, "raw_events"))
    snapshot = table.current_snapshot()
    summary = None if snapshot is None else snapshot.summary
    archived = 0 if summary is None else int(summary["total-records"] or 0)
    if (figures.counted, archived) != (counted, records):
        raise RuntimeError(
            f"benchmark: expected {counted} counted and {records} archived, "
            f"found {figures.counted} and {archived}"
        )


def _prepare(servers: str, size: int, plan: _Plan | None = None, work: Path | None = None) -> Path:
    """Write the settings of one run; create its topics and accounts, or its tables."""
    folder = (work or _WORK) / str(size)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "meters.yaml").write_text(yaml.safe_dump(_METERS))
    path = folder / "settings.yaml"
    values = {
        "kafka": {
            "bootstrap_servers": servers,
            "usage_topic": _topic(size),
            "accounts_topic": f"{_topic(size)}-accounts",
            "timestamp_type": "CreateTime",
            "partitions": synthetic.PARTITIONS,
        },
        "catalog": {"uri": "catalog.db", "warehouse": "warehouse"},
        "metering": {"meters_file": "meters.yaml", **(plan.metering if plan else {})},
        "flink": {
            "parallelism": 2,
            "checkpoint_dir": "checkpoints",
            "execution_mode": plan.mode if plan else "process",
        },
    }
    path.write_text(yaml.safe_dump(values))
    settings = load_settings(path, {})
    if work is None:
        create_topics(settings.kafka)
        publish_accounts(settings.kafka, _accounts())
    else:
        make_tables(open_catalog(settings.catalog), settings.catalog.namespace)
    return path


def _accounts() -> list[Account]:
    start = synthetic.FIRST_DAY
    calendar = Recurring(Cadence.MONTH, start.replace(tzinfo=None))
    terms = Terms(1, to_us(start), "America/New_York", calendar, "standard")
    return [Account(synthetic.account_id(number), (terms,)) for number in range(synthetic.ACCOUNTS)]


def _topic(size: int) -> str:
    return f"bench-{size}"


def append_result(record: Mapping[str, Any]) -> None:
    """Append one line to the results that are kept."""
    with _RESULTS.open("a") as file:
        file.write(json.dumps(record) + "\n")


def commit() -> str:
    """Return the commit that is measured."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


def _print(results: dict[str, dict[str, Any]]) -> None:
    columns = ("events_per_s", "events_per_s_per_core", "jvm_us_per_event", "python_us_per_event")
    print(f"{'steady state':<24}" + "".join(f"{name:>24}" for name in columns))
    for plan, figures in results.items():
        cells = (figures.get(name, "") for name in columns)
        print(f"{plan:<24}" + "".join(f"{cell:>24}" for cell in cells))
    print(f"appended to {_RESULTS.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
