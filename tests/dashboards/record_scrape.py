"""Records what the job and the service levels tell Prometheus.

    python -m tests.dashboards.record_scrape

The overlay `dev` runs from the images' folders, under a load with repeats, bad records and unknown
accounts. Periods close every two minutes, are priced and invoiced; there is a flood of late events,
and the TaskManager is killed. It takes some twelve minutes, and needs to be root.
"""

import argparse
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from jobs.local.ports import LOOPBACK, free_ports
from jobs.local.waiting import wait_until
from tests.dashboards.load import Load, write_load
from tests.dashboards.panels import dashboards, panels_of
from tests.dashboards.prometheus import Prometheus
from tests.dashboards.recording import EVERY_S, RECORDED, keep
from tests.integration.scraping import scrape
from tests.jobs.secure_broker import SecureBroker
from tests.k8s.alert_rules import rule_files
from tests.k8s.image_folders import build_image
from tests.k8s.running_cluster import RunningCluster, make_cluster

_START_S = 900
_CHECKPOINTS = "flink_jobmanager_job_numberOfCompletedCheckpoints"
# What happens in which second of the recording.
_PLAN = (
    (120, "price-usage"),
    (150, "issue-invoices"),
    (180, "late events"),
    (240, "price-usage"),
    (300, "kill"),
    (375, "reconcile-usage"),
    (405, "price-usage"),
    (435, "issue-invoices"),
    (465, "reconcile-charges"),
    (510, "end"),
)


def metrics_asked() -> list[str]:
    """Return the metrics in the queries of all dashboards, ordered."""
    found: set[str] = set()
    for model in dashboards().values():
        for panel in panels_of(model):
            for target in panel.model["targets"]:
                found |= set(re.findall(r"\b(?:flink|meterclose)[\w:]*", target["expr"]))
    return sorted(found)


def _config(folder: Path, ports: list[int]) -> dict[str, Any]:
    """Return the configuration of Prometheus: the rules of the manifests, the ports to scrape."""
    groups = [group for groups in rule_files() for group in groups]
    rules = folder / "rules.yaml"
    rules.write_text(yaml.safe_dump({"groups": groups}))
    targets = [f"{LOOPBACK}:{port}" for port in ports]
    interval = f"{EVERY_S}s"
    return {
        "global": {"scrape_interval": interval, "evaluation_interval": interval},
        "rule_files": [str(rules)],
        "scrape_configs": [{"job_name": "all", "static_configs": [{"targets": targets}]}],
    }


def _has_checkpoints(cluster: RunningCluster) -> bool:
    try:
        found = scrape(cluster.metrics_ports)
    except OSError:
        return False  # not up yet
    return any(value > 0 for _, value in found.get(_CHECKPOINTS, []))


def _follow_plan(cluster: RunningCluster, load: Load) -> None:
    worker = cluster.start_task_manager()
    wait_until(lambda: _has_checkpoints(cluster), "first checkpoint", _START_S)
    begin = time.monotonic()
    for second, what in _PLAN:
        time.sleep(max(0.0, begin + second - time.monotonic()))
        print(f"{second:4d} s: {what}", flush=True)
        match what:
            case "kill":
                worker.kill()
                worker = cluster.start_task_manager("taskmanager-2")
            case "late events":
                load.flood()
            case "end":
                return
            case program:
                cluster.program(program)


def _record(folder: Path) -> list[dict[str, Any]]:
    images = {target: build_image(target) for target in ("stream", "batch")}
    (levels_port,) = free_ports(1)
    with SecureBroker(folder / "kafka", "SCRAM-SHA-512") as broker:
        (folder / "cluster").mkdir()
        files = write_load(int(time.time()))
        with make_cluster(folder / "cluster", images, broker, files) as cluster:
            for name in ("create-topics", "create-tables", "publish-accounts", "load-rate-cards"):
                cluster.program(name)
            cluster.start("heartbeat")
            cluster.start_job_manager()
            settings = "/etc/meterclose/settings.yaml"
            levels = ["-m", "jobs.measure_service", "--settings", settings, "--serve"]
            cluster.start("service-levels", [*levels, str(levels_port), "--every", str(EVERY_S)])
            ports = [*cluster.metrics_ports, levels_port]
            with (
                Prometheus(folder, _config(folder, ports)) as server,
                Load(cluster.kafka(broker)) as load,
            ):
                _follow_plan(cluster, load)
                return list(_samples(server))


def _samples(server: Prometheus) -> Iterator[dict[str, Any]]:
    for name in metrics_asked():
        yield from server.ask("query", query=f"{name}[1h]")


def main(arguments: Sequence[str]) -> int:
    """Record, and write the file; return the exit code."""
    argparse.ArgumentParser(
        prog="record_scrape", description=(__doc__ or "").split("\n")[0]
    ).parse_args(arguments)
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        keep(_record(folder))
    print(f"{RECORDED.name}: {RECORDED.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
