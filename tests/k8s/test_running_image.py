"""The job and the programs beside it run from what the images have, as the manifests say."""

import json
import os
import ssl
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from iceberg.catalog import open_catalog
from jobs.local.children import Child
from jobs.local.places import ROOT
from jobs.local.ports import free_ports, listening
from jobs.local.waiting import wait_until
from schemas.instant import to_text, to_us
from tests.integration.scraping import scrape
from tests.jobs.secure_broker import PASSWORD, SecureBroker
from tests.k8s.image_folders import build_image
from tests.k8s.manifests import K8S, named
from tests.k8s.running_cluster import (
    OVERLAY,
    RunningCluster,
    make_cluster,
)

pytestmark = [pytest.mark.slow, pytest.mark.integration, pytest.mark.timeout(3600)]
ACCOUNT, CALLS = "acme", 200
WAIT_S = 600
# By when each has something to do; the order is that of a day.
PROGRAMS = ("price-usage", "issue-invoices", "seal-usage", "reconcile-usage", "reconcile-charges",
            "maintain-tables", "roll-up-windows")  # fmt: skip
# Says which folders can be written, without those below them, and whether a path exists.
_WRITABLE = """
import json, os, sys
found = []
for folder, names, _ in os.walk("/"):
    names[:] = [each for each in names if folder != "/" or each not in ("proc", "sys", "dev")]
    if os.access(folder, os.W_OK):
        found.append(folder)
        names.clear()
print(json.dumps([found, os.path.exists(sys.argv[1])]))
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCluster]:
    """The overlay on this machine: topics, tables, accounts and usage are there, nothing runs."""
    images = {target: build_image(target) for target in ("stream", "batch")}
    folder = tmp_path_factory.mktemp("cluster")
    meters = yaml.safe_load((K8S / "example" / "meters.yaml").read_text())
    meters["meters"] = [{**each, "grace_hours": 0} for each in meters["meters"]]
    end = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=4)
    files = {"meters.yaml": yaml.safe_dump(meters), "accounts.yaml": _accounts_ending(end)}
    with (
        SecureBroker(folder / "kafka", "SCRAM-SHA-512") as broker,
        make_cluster(folder, images, broker, files) as made,
    ):
        for name in ("create-topics", "create-tables", "publish-accounts", "load-rate-cards"):
            made.program(name)
        made.publish([_call(number, end - timedelta(hours=1)) for number in range(CALLS)])
        yield made


@pytest.fixture(scope="module")
def flink(cluster: RunningCluster) -> tuple[Child, Child]:
    """JobManager and TaskManager, with the job, and the heartbeat that moves time on."""
    cluster.start("heartbeat")
    return cluster.start_job_manager(), cluster.start_task_manager()


def _accounts_ending(end: datetime) -> str:
    """Return a file of accounts, with one whose present period ends then."""
    boundaries = [end - timedelta(days=1), end, end + timedelta(days=1)]
    terms = {
        "version": 1,
        "effective_from": to_text(to_us(boundaries[0])),
        "timezone": "UTC",
        "boundaries": [f"{each:%Y-%m-%dT%H:%M:%S}" for each in boundaries],
        "plan": "standard",
    }
    return yaml.safe_dump({"accounts": [{"account_id": ACCOUNT, "terms": [terms]}]})


def _call(number: int, time: datetime) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"call-{number}",
        "source": "test",
        "type": "api.called",
        "subject": ACCOUNT,
        "time": time.isoformat().replace("+00:00", "Z"),
        "data": {"region": "eu"},
    }


def _rows(cluster: RunningCluster, table: str) -> list[dict[str, Any]]:
    catalog = cluster.settings.catalog
    found = open_catalog(catalog).load_table((catalog.namespace, table))
    return found.scan().to_arrow().to_pylist()  # type: ignore[no-any-return]


def test_the_job_closes_usage(cluster: RunningCluster, flink: tuple[Child, Child]) -> None:
    """Through Kafka with TLS and a login, with Flink's own TLS, from the folder: counted once."""

    def closed() -> list[dict[str, Any]]:
        for child in flink:
            child.check()
        return _rows(cluster, "closed_usage")

    rows = wait_until(closed, "closed usage", WAIT_S)
    assert [(row["meter_id"], row["quantity"]) for row in rows] == [("calls", Decimal(CALLS))]
    assert _rows(cluster, "usage_corrections") == []


def test_the_probe_of_the_manifest_is_answered(
    cluster: RunningCluster, flink: tuple[Child, Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over TLS, by the certificate of the Secret; the job runs and has not restarted."""
    spec = named(OVERLAY, "FlinkDeployment", "meterclose")["spec"]
    (container,) = spec["jobManager"]["podTemplate"]["spec"]["containers"]
    path = container["startupProbe"]["httpGet"]["path"]
    trusted = ssl.create_default_context(cafile=str(cluster.certificate))
    url = cluster.rest.url + path
    with urllib.request.urlopen(url, context=trusted) as answer:  # noqa: S310 - a cluster of ours
        assert answer.status == 200
    monkeypatch.setenv("SSL_CERT_FILE", str(cluster.certificate))
    (job,) = cluster.rest.get("/jobs/overview")["jobs"]
    assert (job["name"], job["state"]) == ("meter_usage", "RUNNING")
    assert cluster.rest.restarts(job["jid"]) == 0


def test_processes_have_no_rights(flink: tuple[Child, Child]) -> None:
    """Each process of Flink is the manifest's user, without capabilities and ways to get one."""
    for child in flink:
        processes = _group(child.pid)
        assert processes
        for process in processes:
            status = dict(
                line.split(":\t", 1) for line in (process / "status").read_text().splitlines()
            )
            assert set(status["Uid"].split()) == set(status["Gid"].split()) == {"9999"}
            assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
            assert status["NoNewPrivs"] == "1"
            assert str(ROOT) not in (process / "environ").read_text()


def _group(pid: int) -> list[Path]:
    """Return the processes of a group, as /proc has them."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(process.name)) == pid:
                found.append(process)
        except ProcessLookupError:
            continue
    return found


def test_only_empty_folders_can_be_written(cluster: RunningCluster) -> None:
    """Nothing else in a pod's root, where this tree and its Python do not exist."""
    told = cluster.program("create-tables", ["-c", _WRITABLE, str(ROOT / "jobs")])
    writable, is_here = json.loads(told)
    scratch = "/tmp"  # noqa: S108 - an emptyDir of the pod
    assert scratch in writable
    assert set(writable) <= {scratch, str(cluster.node.shared)}
    assert not is_here


def test_logs_hold_no_secret(cluster: RunningCluster, flink: tuple[Child, Child]) -> None:
    """Neither Flink nor a program says a password, though they get them as variables."""
    for child in flink:
        assert child.alive()
    for log in cluster.node.folder.glob("*.log"):
        text = log.read_text()
        for name, secret in cluster.node.secrets.items():
            assert secret not in text, f"{log.name}: {name}"
        assert PASSWORD not in text, log.name
    said = (cluster.node.folder / "jobmanager.log").read_text()
    assert "Starting Python process" not in said
    assert "INFO" in said


def test_the_metering_agent_starts(cluster: RunningCluster) -> None:
    """The image has it, and all that it imports."""
    (container,) = named("metered-app", "Deployment", "web")["spec"]["template"]["spec"][
        "initContainers"
    ]
    told = cluster.program("create-topics", [*container["args"][:2], "--help"])
    assert told.startswith("usage: meter_pod ")


def test_the_doctor_finds_nothing_wrong(
    cluster: RunningCluster, flink: tuple[Child, Child]
) -> None:
    """By hand, in the pod that docs/kubernetes.md names: every check that it makes passes."""
    assert flink[0].alive()
    files = ["--settings", "/etc/meterclose/settings.yaml"]
    files += ["--accounts", "/etc/meterclose/accounts.yaml"]
    told = cluster.program("reconcile-usage", ["-m", "jobs.doctor", *files, "--json"])
    verdicts = {each["check"]: each["verdict"] for each in json.loads(told)}
    assert {verdicts[check] for check in ("broker", "catalog", "tables", "warehouse")} == {"ok"}


def test_service_levels_are_served(cluster: RunningCluster, flink: tuple[Child, Child]) -> None:
    """The deployment measures the tables and answers, at another port than the manifest's."""
    assert flink[0].alive()
    (port,) = free_ports(1)
    settings = "/etc/meterclose/settings.yaml"
    levels = ["-m", "jobs.measure_service", "--settings", settings, "--serve", str(port)]
    levels += ["--every", "5"]
    child = cluster.start("service-levels", levels)

    def completeness() -> Any:
        child.check()
        told = scrape([port]) if listening(port) else {}
        return told.get("meterclose_service_completeness_ratio")

    # It is not known before the second checkpoint of the tables' commits.
    assert wait_until(completeness, "completeness", WAIT_S) == [({}, 1.0)]


def test_commits_are_young(cluster: RunningCluster, flink: tuple[Child, Child]) -> None:
    """The cron job of each minute ends well, once each table has had its first commit."""
    assert flink[0].alive()
    wait_until(lambda: cluster.passes("check-commits"), "check-commits", WAIT_S)


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_run(cluster: RunningCluster, flink: tuple[Child, Child], name: str) -> None:
    """Each cron job ends well, with its own arguments, from the batch image's folder."""
    assert flink[0].alive()
    assert cluster.program(name)
