"""Measures how long many accounts take to close at one instant, and what state they keep.

    python -m benchmarks.mass_close [--accounts 100000] [--buckets 720] [--jitter-s 0 600] [--paced]

Every account has usage of one meter and three dimensions in a month that ends for all of them at
the same instant. Heartbeats after the cut close them all; what is measured runs until the last
closed row stands in Iceberg. One heartbeat passes all delays of the jitter at once, as after a
stop; paced, there is one each second, as in a quiet night.
"""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from confluent_kafka import Producer

from benchmarks.__main__ import CLUSTER, append_result, commit, say
from benchmarks.measuring import measure_processes
from benchmarks.state_sizes import encoded_sizes
from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from iceberg.tables import CLOSED_USAGE
from jobs.create_topics import create_topics
from jobs.local.broker import Broker
from jobs.local.flink_cluster import FlinkCluster
from jobs.local.flink_rest import FlinkRest
from jobs.local.metering_run import metered_until_ms, wait_metered
from jobs.local.places import RUN_DIR
from jobs.local.waiting import wait_until
from jobs.publish_accounts import publish_accounts
from jobs.settings import Settings, load_meters, load_settings
from schemas.account import Account
from schemas.cadence import Cadence
from schemas.heartbeat import encode_heartbeat
from schemas.instant import to_text, to_us
from schemas.terms import Recurring, Terms

_WORK = RUN_DIR / "mass_close"
_PARTITIONS = 4
_REGIONS = ("ap-south-1", "eu-west-1", "us-east-1")
_FIRST = datetime(2026, 10, 20, tzinfo=UTC)
_PERIOD_END = datetime(2026, 11, 1, tzinfo=UTC)
_GRACE_H = 1
_SLACK_MS = 5000
_TIMEOUT_S = 3600.0
_METERS = {
    "meters": [
        {
            "meter": "api-calls",
            "event_type": "api.call",
            "aggregation": "sum",
            "unit": "call",
            "dimensions": ["region"],
            "grace_hours": _GRACE_H,
        }
    ]
}


def main(arguments: Sequence[str]) -> int:
    """Measure and print; append one JSON line."""
    parser = argparse.ArgumentParser(prog="mass_close", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--accounts", type=int, default=100_000, help="that close together")
    parser.add_argument("--buckets", type=int, default=720, help="metering.account_buckets")
    parser.add_argument("--jitter-s", type=int, nargs="+", default=[0, 600], help="one run each")
    parser.add_argument("--paced", action="store_true", help="let the time of the jitter pass")
    parser.add_argument("--note", default="", help="kept with the result")
    options = parser.parse_args(arguments)
    shutil.rmtree(_WORK, ignore_errors=True)
    _WORK.mkdir(parents=True)
    results = {}
    for jitter_s in options.jitter_s:
        say(f"{options.accounts:,} accounts, {options.buckets} buckets, jitter {jitter_s} s")
        work = _WORK / f"jitter-{jitter_s}"
        with Broker(work / "kafka") as broker:
            path = _prepare(work, broker.bootstrap_servers, options, jitter_s)
            settings = load_settings(path, {})
            with FlinkCluster(work / "flink", options=CLUSTER) as cluster:
                figures = _measure(cluster, path, settings, options)
        results[f"jitter {jitter_s} s{', paced' if options.paced else ''}"] = figures
        say(json.dumps(figures))
    meter = load_meters(settings.metering.meters_file)[0]
    dimensions = json.dumps({"region": _REGIONS[1]}, separators=(",", ":"))
    sizes = encoded_sizes(_account(0), meter, dimensions, to_us(_FIRST))
    append_result(
        {
            "benchmark": "mass_close",
            "commit": commit(),
            "note": options.note,
            "accounts": options.accounts,
            "buckets": options.buckets,
            "closed_rows": options.accounts * len(_REGIONS),
            "results": results,
            "encoded_bytes": sizes,
        }
    )
    return 0


def _prepare(work: Path, servers: str, options: argparse.Namespace, jitter_s: int) -> Path:
    """Write settings, create topics and tables, publish accounts and usage."""
    work.mkdir(parents=True, exist_ok=True)
    (work / "meters.yaml").write_text(yaml.safe_dump(_METERS))
    path = work / "settings.yaml"
    values = {
        "kafka": {
            "bootstrap_servers": servers,
            "timestamp_type": "CreateTime",
            "partitions": _PARTITIONS,
        },
        "catalog": {"uri": "catalog.db", "warehouse": "warehouse"},
        "metering": {
            "meters_file": "meters.yaml",
            "account_buckets": options.buckets,
            "close_jitter_s": jitter_s,
        },
        "flink": {"parallelism": 2, "checkpoint_dir": "checkpoints"},
    }
    path.write_text(yaml.safe_dump(values))
    settings = load_settings(path, {})
    create_topics(settings.kafka)
    publish_accounts(settings.kafka, [_account(number) for number in range(options.accounts)])
    make_tables(open_catalog(settings.catalog), settings.catalog.namespace)
    _publish(settings, _usage(options.accounts))
    _beat(settings, _last_usage_ms(options.accounts) + 60_000)
    return path


def _account(number: int) -> Account:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    calendar = Recurring(Cadence.MONTH, start.replace(tzinfo=None))
    terms = Terms(1, to_us(start), "UTC", calendar, "standard")
    return Account(f"acct-{number:06d}", (terms,))


def _usage(accounts: int) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield log time in ms, key and value of each record: one an account and region, a ms apart."""
    number = 0
    for account in range(accounts):
        for region in _REGIONS:
            log_ms = to_us(_FIRST) // 1000 + number
            event = {
                "specversion": "1.0",
                "id": f"evt-{number:012d}",
                "source": "gateway/eu-1",
                "type": "api.call",
                "subject": f"acct-{account:06d}",
                "time": to_text(log_ms * 1000),
                "data": {"units": 1 + number % 99, "region": region},
            }
            yield log_ms, f"acct-{account:06d}".encode(), json.dumps(event).encode()
            number += 1


def _last_usage_ms(accounts: int) -> int:
    return to_us(_FIRST) // 1000 + accounts * len(_REGIONS)


def _publish(settings: Settings, records: Iterator[tuple[int, bytes, bytes]]) -> None:
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap_servers, "linger.ms": 50})
    for log_ms, key, value in records:
        producer.produce(settings.kafka.usage_topic, value, key, timestamp=log_ms)
        if log_ms % 10_000 == 0:
            producer.flush()
    if producer.flush():
        raise RuntimeError("usage: expected all records delivered, found some undelivered")


def _beat(settings: Settings, at_ms: int) -> None:
    """Write one heartbeat into each partition."""
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap_servers})
    for partition in range(_PARTITIONS):
        value = encode_heartbeat(partition, to_text(at_ms * 1000))
        producer.produce(
            settings.kafka.usage_topic, value, None, partition=partition, timestamp=at_ms
        )
    producer.flush()


def _measure(
    cluster: FlinkCluster, path: Path, settings: Settings, options: argparse.Namespace
) -> dict[str, Any]:
    """Let the job meter the open month, then close it; return the figures."""
    accounts: int = options.accounts
    job_id = cluster.submit("jobs.meter_usage", ["--settings", str(path)])
    cluster.rest.wait_running(job_id)
    until_ms = _last_usage_ms(accounts) + 60_000 - _SLACK_MS - 1
    wait_metered(cluster.rest, job_id, until_ms, _TIMEOUT_S)
    state = _state_bytes(cluster.rest, job_id)
    watched = _Checkpoints(cluster.rest, job_id)
    before_ms = watched.durations_ms()
    watched.forget()
    cpu_before = measure_processes(cluster)
    jitter_ms = settings.metering.close_jitter_s * 1000
    cut_ms = to_us(_PERIOD_END) // 1000 + _GRACE_H * 3_600_000
    close_ms = cut_ms + jitter_ms + 60_000
    beaten_ms = cut_ms if options.paced else close_ms
    _beat(settings, beaten_ms)
    started = time.perf_counter()
    emitted_s: list[float] = []
    rows = accounts * len(_REGIONS)

    def closed() -> bool:
        nonlocal beaten_ms
        watched.look()
        passed_ms = cut_ms + round((time.perf_counter() - started) * 1000)
        if beaten_ms + 1000 <= min(passed_ms, close_ms):
            beaten_ms = passed_ms
            _beat(settings, beaten_ms)
        if not emitted_s and (metered_until_ms(cluster.rest, job_id) or 0) >= close_ms - 60_000:
            emitted_s.append(time.perf_counter() - started)
        return _closed_rows(settings) >= rows

    wait_until(closed, f"{rows} closed rows", _TIMEOUT_S)
    visible_s = time.perf_counter() - started
    cpu = measure_processes(cluster)
    found = _closed_rows(settings)
    if found != rows:
        raise RuntimeError(f"benchmark: expected {rows} closed rows, found {found}")
    cluster.rest.cancel(job_id)
    return {
        "visible_s": round(visible_s, 1),
        "emitted_s": round(emitted_s[0] if emitted_s else visible_s, 1),
        "jvm_cpu_s": round(cpu.jvm_cpu_s - cpu_before.jvm_cpu_s, 1),
        "python_cpu_s": round(cpu.python_cpu_s - cpu_before.python_cpu_s, 1),
        "checkpoints_before_ms": before_ms,
        "checkpoints_during_ms": watched.durations_ms(),
        "state_bytes": state,
    }


def _closed_rows(settings: Settings) -> int:
    catalog = open_catalog(settings.catalog)
    table = catalog.load_table((settings.catalog.namespace, CLOSED_USAGE.name))
    snapshot = table.current_snapshot()
    if snapshot is None or snapshot.summary is None:
        return 0
    return int(snapshot.summary["total-records"] or 0)


class _Checkpoints:
    """The completed checkpoints of a job; Flink's own history keeps but a few."""

    def __init__(self, rest: FlinkRest, job_id: str) -> None:
        self._rest, self._job_id = rest, job_id
        self._known: dict[int, int] = {}
        self._forgotten: set[int] = set()

    def look(self) -> None:
        """Note what has been completed."""
        for each in self._rest.get(f"/jobs/{self._job_id}/checkpoints")["history"]:
            if each["status"] == "COMPLETED" and each["id"] not in self._forgotten:
                self._known[each["id"]] = each["end_to_end_duration"]

    def durations_ms(self) -> list[int]:
        """Return their durations from trigger to completion, in order."""
        self.look()
        return [self._known[number] for number in sorted(self._known)]

    def forget(self) -> None:
        """Start anew."""
        self._forgotten |= self._known.keys()
        self._known.clear()


def _state_bytes(rest: FlinkRest, job_id: str) -> dict[str, int]:
    """Return the size of the newest checkpoint by the first operator of each chain, if not 0."""
    newest = rest.get(f"/jobs/{job_id}/checkpoints")["latest"]["completed"]
    tasks = rest.get(f"/jobs/{job_id}/checkpoints/details/{newest['id']}")["tasks"]
    names = {vertex.vertex_id: vertex.name for vertex in rest.vertices(job_id)}
    sizes = {names[vertex][:60]: task["state_size"] for vertex, task in tasks.items()}
    return {name: size for name, size in sorted(sizes.items()) if size}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
