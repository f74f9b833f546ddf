"""Measures the whole job, its floor and a plain loop in one run, and appends the figures.

python -m benchmarks [--small 1000000] [--large 5000000] [--log-window-s 10]

Each is run over two topics; the difference of the two is the steady state, apart from start-up.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
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
from jobs.settings import load_settings
from schemas.account import Account, Cadence, Terms
from schemas.instant import to_us

_WORK = RUN_DIR / "bench"
_RESULTS = ROOT / "benchmarks" / "results.jsonl"
_SLACK_MS = 5000
_CLUSTER = {
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
_PLANS = (
    ("floor", "benchmarks.parse_only", "process"),
    ("job, process mode", "jobs.meter_usage", "process"),
    ("job, thread mode", "jobs.meter_usage", "thread"),
)


def main(arguments: Sequence[str]) -> int:
    """Measure and print; append one JSON line."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--small", type=int, default=1_000_000, help="records in the small topic")
    parser.add_argument("--large", type=int, default=5_000_000, help="records in the large topic")
    parser.add_argument("--log-window-s", type=int, default=10, help="metering.log_window_s")
    parser.add_argument("--note", default="", help="kept with the result")
    options = parser.parse_args(arguments)
    shutil.rmtree(_WORK, ignore_errors=True)
    _WORK.mkdir(parents=True)
    sizes = (options.small, options.large)
    with Broker(_WORK / "kafka") as broker:
        for size in sizes:
            _say(f"publishing {size:,} events")
            _prepare(broker.bootstrap_servers, size, "process", options.log_window_s)
            synthetic.publish(broker.bootstrap_servers, _topic(size), size)
        results = {
            name: _measure_plan(broker.bootstrap_servers, name, module, mode, sizes, options)
            for name, module, mode in _PLANS
        }
        seconds, counted, units = plain_loop.count_usage(
            broker.bootstrap_servers, _topic(options.large)
        )
    results["plain loop"] = {"events_per_s_per_core": round(options.large / seconds)}
    record = {
        "commit": _commit(),
        "note": options.note,
        "small": options.small,
        "large": options.large,
        "log_window_s": options.log_window_s,
        "counted": counted,
        "units": str(units),
        "results": results,
    }
    with _RESULTS.open("a") as file:
        file.write(json.dumps(record) + "\n")
    _print(results)
    return 0


def _measure_plan(
    servers: str,
    name: str,
    module: str,
    mode: str,
    sizes: tuple[int, int],
    options: argparse.Namespace,
) -> dict[str, Any]:
    """Run one plan over both topics on a fresh cluster; return the steady state."""
    runs: list[Figures] = []
    work = _WORK / name.replace(", ", "-").replace(" ", "-")
    with FlinkCluster(work / "flink", options=_CLUSTER) as cluster:
        for size in sizes:
            _say(f"{name}: {size:,} events")
            path = _prepare(servers, size, mode, options.log_window_s, work)
            end_ms = synthetic.last_log_ms(size) - _SLACK_MS
            heartbeats = synthetic.PARTITIONS
            arguments = ["--settings", str(path)]
            runs.append(run_job(cluster, module, arguments, size + heartbeats, end_ms))
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


def _prepare(
    servers: str, size: int, mode: str, log_window_s: int, work: Path | None = None
) -> Path:
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
        "metering": {"meters_file": "meters.yaml", "log_window_s": log_window_s},
        "flink": {"parallelism": 2, "checkpoint_dir": "checkpoints", "execution_mode": mode},
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
    terms = Terms(1, to_us(start), "America/New_York", Cadence.MONTH, start.date(), "standard")
    return [Account(synthetic.account_id(number), (terms,)) for number in range(synthetic.ACCOUNTS)]


def _topic(size: int) -> str:
    return f"bench-{size}"


def _commit() -> str:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _print(results: dict[str, dict[str, Any]]) -> None:
    columns = ("events_per_s", "events_per_s_per_core", "jvm_us_per_event", "python_us_per_event")
    print(f"{'steady state':<20}" + "".join(f"{name:>24}" for name in columns))
    for plan, figures in results.items():
        cells = (figures.get(name, "") for name in columns)
        print(f"{plan:<20}" + "".join(f"{cell:>24}" for cell in cells))
    print(f"appended to {_RESULTS.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
