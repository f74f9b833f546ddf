"""Flink in native mode gets from a real API what it needs, with the rights of our Roles."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from jobs.local.waiting import wait_until
from tests.cluster.control_plane import Cluster
from tests.cluster.flink_native import NAME, Native, Process, native
from tests.k8s.manifests import flink_pods, values

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(900)]
_SECONDS = 240


@pytest.fixture(scope="module")
def flink(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Native:
    """The JobManager's Deployment of the overlay prod, as Flink's client makes it."""
    found = native(cluster, "prod", tmp_path_factory.mktemp("flink") / "home")
    found.deploy()
    return found


@pytest.fixture(scope="module")
def job_manager(flink: Native) -> Iterator[Process]:
    """A JobManager with the rights of its account, that wants one TaskManager."""
    # As many slots as one TaskManager has: it asks for it before there is any job.
    options = {"slotmanager.number-of-slots.min": "2"}
    command = "exec kubernetes-jobmanager.sh kubernetes-session"
    process = flink.start("meterclose-jobmanager", command, options)
    with closing(_Ending(process)):
        yield process


class _Ending:
    def __init__(self, process: Process) -> None:
        self._process = process

    def close(self) -> None:
        """End the process."""
        self._process.child.stop()


def pods_of(flink: Native, component: str) -> list[dict[str, Any]]:
    """Return the pods of Flink's JobManager or TaskManagers."""
    return [
        each
        for each in flink.cluster.get(flink.namespace, "pods")
        if each["metadata"]["labels"].get("app") == NAME
        and each["metadata"]["labels"].get("component") == component
        and "deletionTimestamp" not in each["metadata"]
    ]


def fits(wanted: Any, found: Any) -> bool:
    """Tell whether all that is wanted is there; items of a list may be among others."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            key in found and fits(value, found[key]) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return all(any(fits(each, other) for other in found) for each in wanted)
    return bool(wanted == found)


def is_expected(pod: dict[str, Any], component: str) -> None:
    """Fail unless a pod is what tests/k8s takes it to be, beside what Flink adds."""
    (expected,) = [each for each in flink_pods("prod") if each.owner == f"Flink {component}"]
    assert fits(dict(expected.labels), pod["metadata"]["labels"])
    (container,) = expected.spec["containers"]
    limits = container["resources"]["limits"]
    del container["resources"]  # the server writes sizes in another way
    assert fits(dict(expected.spec), pod["spec"])
    (found,) = pod["spec"]["containers"]
    assert sorted(found["resources"]["limits"]) == sorted(limits)


def test_the_job_managers_pod_is_admitted(flink: Native) -> None:
    """Its pods pass Pod Security, run our entry point, and are what the other tests look at."""

    def pods() -> list[dict[str, Any]] | None:
        found = pods_of(flink, "jobmanager")
        return found if len(found) == values("prod")["jobManagers"] else None

    for pod in wait_until(pods, "pods of all JobManagers", _SECONDS):
        is_expected(pod, "jobmanager")
        (container,) = pod["spec"]["containers"]
        assert container["command"] == ["/opt/meterclose/entrypoint.sh"]
        assert "kubernetes-jobmanager.sh kubernetes-application" in " ".join(container["args"])


def test_task_managers_are_made_and_come(flink: Native, job_manager: Process) -> None:
    """The JobManager makes a pod, its command finds the leader, and a pod that goes is replaced."""
    (pod,) = wait_until(lambda: pods_of(flink, "taskmanager"), "a TaskManager's pod", _SECONDS)
    is_expected(pod, "taskmanager")
    first = pod["metadata"]["name"]
    flink.cluster.schedule(flink.namespace, first)
    (owner,) = pod["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"]) == ("Deployment", NAME)
    (container,) = pod["spec"]["containers"]
    shell, option, command = container["args"]
    assert (shell, option) == ("bash", "-c")
    task_manager = flink.start("meterclose-taskmanager", command, {})
    with closing(_Ending(task_manager)):
        wait_until(lambda: _registered(job_manager, task_manager), "registration", _SECONDS)
    flink.cluster.kubectl(
        "-n", flink.namespace, "delete", "pod", first, "--grace-period=0", "--force"
    )

    def is_replaced() -> bool:
        return [each["metadata"]["name"] for each in pods_of(flink, "taskmanager")] not in (
            [], [first]
        )  # fmt: skip

    wait_until(is_replaced, "another TaskManager's pod", _SECONDS)
    for process in (job_manager, task_manager):
        assert "forbidden" not in process.log().lower()


def _registered(job_manager: Process, task_manager: Process) -> bool:
    task_manager.child.check()
    found = job_manager.ask("/taskmanagers")
    return bool(found and found["taskmanagers"])


def test_the_leader_stands_in_config_maps(flink: Native, job_manager: Process) -> None:
    """High availability keeps its leader in the namespace, where another JobManager finds it."""

    def leader() -> Any:
        return next(
            (
                each["metadata"]["annotations"]
                for each in flink.cluster.get(flink.namespace, "configmaps")
                if each["metadata"]["name"] == f"{NAME}-cluster-config-map"
                and "annotations" in each["metadata"]
            ),
            None,
        )

    found = wait_until(leader, "the leader's ConfigMap", _SECONDS)
    assert json.loads(found["control-plane.alpha.kubernetes.io/leader"])["holderIdentity"]
    job_manager.child.check()
