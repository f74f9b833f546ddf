"""A real API server takes what the overlays say, makes pods of it, and grants what was meant."""

import json
import os
import re
import subprocess
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobs.local.places import ROOT, java_home
from jobs.local.waiting import wait_until
from tests.cluster.control_plane import PROGRAMS, Cluster
from tests.jobs.secure_broker import make_certificate
from tests.k8s.manifests import OVERLAYS, build, of_kind

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(900)]
PAGE = (ROOT / "docs" / "kubernetes.md").read_text()
# Of a ServiceAccount, which programs use; both of Flink's have a Role.
ACCOUNTS = ("meterclose-programs", "meterclose-jobmanager", "meterclose-taskmanager")


def namespace_of(overlay: str) -> str:
    """Return the namespace of an overlay."""
    (found,) = of_kind(overlay, "Namespace")
    return str(found["metadata"]["name"])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_all_objects_are_taken(overlay: str, told: dict[str, str]) -> None:
    """Each object is applied, with strict fields and without any warning."""
    lines = told[overlay].splitlines()
    assert [line for line in lines if not line.endswith("serverside-applied")] == []
    assert len(lines) == len(build(overlay))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_applied_again_nothing_changes(overlay: str, cluster: Cluster) -> None:
    """What the API server made of it is what was said: it is not set anew each time."""
    # Jobs are done, and gone, before anybody applies again; the page says so.
    again = [each for each in build(overlay) if each["kind"] != "Job"]
    done = cluster.try_kubectl("diff", "--server-side", "-f", "-", text=yaml.safe_dump_all(again))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_are_admitted(overlay: str, cluster: Cluster) -> None:
    """Each program's pod passes the namespace's Pod Security Standard, enforced by the server."""
    namespace = namespace_of(overlay)
    owners = {each["metadata"]["name"] for each in of_kind(overlay, "Job", "Deployment")}
    for each in of_kind(overlay, "CronJob"):
        name = each["metadata"]["name"]
        cluster.kubectl("-n", namespace, "create", "job", f"try-{name}", f"--from=cronjob/{name}")
        owners.add(f"try-{name}")
    assert len(owners) > 10

    def have_pods() -> bool:
        pods = [each["metadata"]["name"] for each in cluster.get(namespace, "pods")]
        return all(any(pod.startswith(f"{owner}-") for pod in pods) for owner in owners)

    try:
        wait_until(have_pods, "pods of all programs", 120)
    except TimeoutError:
        events = cluster.get(namespace, "events")
        pytest.fail(str({each["message"] for each in events if each["type"] == "Warning"}))


def test_a_pod_that_may_more_is_refused(cluster: Cluster) -> None:
    """The standard is enforced: a container that may gain privileges is not admitted."""
    (job, *_) = cluster.get(namespace_of("prod"), "jobs")
    spec = job["spec"]["template"]["spec"]
    spec["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "refused"}, "spec": spec}
    namespace = ("-n", namespace_of("prod"))
    done = cluster.try_kubectl(*namespace, "create", "-f", "-", text=json.dumps(pod))
    assert done.returncode != 0
    assert 'violates PodSecurity "restricted:latest"' in done.stderr


def rights(cluster: Cluster, namespace: str, account: str) -> set[tuple[str, str]]:
    """Return each verb and resource that an account may use in a namespace."""
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    }
    who = f"--as=system:serviceaccount:{namespace_of('prod')}:{account}"
    groups = [f"--as-group=system:{name}" for name in ("serviceaccounts", "authenticated")]
    told = cluster.kubectl(
        "create", "--validate=false", "-f", "-", "-o", "json", who, *groups, text=json.dumps(review)
    )  # fmt: skip
    return {
        (verb, resource)
        for rule in json.loads(told)["status"]["resourceRules"]
        for verb in rule["verbs"]
        for resource in rule["resources"]
        if not resource.startswith("self")
    }


@pytest.mark.parametrize("account", ACCOUNTS)
def test_accounts_may_no_more(account: str, cluster: Cluster) -> None:
    """An account has the rights of its Role in its own namespace, and none in any other."""
    wanted = {
        (verb, resource)
        for role in of_kind("prod", "Role")
        if role["metadata"]["name"] == account
        for rule in role["rules"]
        for verb in rule["verbs"]
        for resource in rule["resources"]
    }
    assert bool(wanted) == (account != "meterclose-programs")
    assert rights(cluster, namespace_of("prod"), account) == wanted
    for elsewhere in (namespace_of("dev"), "kube-system", "default"):
        assert rights(cluster, elsewhere, account) == set()


def run_block(cluster: Cluster, folder: Path, commands: str) -> None:
    """Run commands of docs/kubernetes.md as its reader does."""
    programs = (str(PROGRAMS), str(java_home() / "bin"), os.environ["PATH"])
    variables = {
        "PATH": os.pathsep.join(programs),
        "KUBECONFIG": str(cluster.admin),
        "HOME": str(folder),
    }
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", commands],
        cwd=folder, env=variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_trust_store_is_made(cluster: Cluster, tmp_path: Path) -> None:
    """The page's commands make a store of the certificate beside the key, for both namespaces."""
    certificate = tmp_path / "made.crt"
    make_certificate(tmp_path / "keystore.jks", certificate)
    cluster.kubectl(
        "-n", namespace_of("prod"), "create", "secret", "generic", "meterclose-flink-tls",
        f"--from-file=ca.crt={certificate}",
    )  # fmt: skip
    cluster.kubectl("create", "namespace", "flink-operator")
    (block,) = re.findall(r"```bash\n(kubectl[^`]*keytool[^`]*)```", PAGE)
    run_block(cluster, tmp_path, block)
    for namespace in (namespace_of("prod"), "flink-operator"):
        told = cluster.kubectl(
            "-n", namespace, "get", "secret", "meterclose-flink-trust", "-o", "json"
        )
        data = json.loads(told)["data"]
        assert b64decode(data["truststore.jks"]) == (tmp_path / "truststore.jks").read_bytes()
        assert (
            b64decode(data["password"]).decode()
            == options_of("prod")["security.ssl.rest.truststore-password"]
        )


def options_of(overlay: str) -> Mapping[str, str]:
    """Return Flink's options of an overlay."""
    (deployment,) = of_kind(overlay, "FlinkDeployment")
    return deployment["spec"]["flinkConfiguration"]  # type: ignore[no-any-return]


def test_the_commands_of_the_page_run(cluster: Cluster, tmp_path: Path) -> None:
    """A program by hand, as docs/kubernetes.md makes it of a CronJob, has its pod."""
    (block,) = re.findall(r"```bash\n(kubectl[^`]*--dry-run=client[^`]*)```", PAGE)
    making = block.split("\nkubectl -n meterclose logs")[0]
    run_block(cluster, tmp_path, making)

    def pod() -> dict[str, Any] | None:
        found = [
            each
            for each in cluster.get(namespace_of("prod"), "pods")
            if each["metadata"]["name"].startswith("by-hand-1-")
        ]
        return found[0] if found else None

    made = wait_until(pod, "a pod of the job by hand", 60)
    (container,) = made["spec"]["containers"]
    assert container["args"][1] == "jobs.show_usage"


def test_a_savepoint_by_hand_is_taken(cluster: Cluster) -> None:
    """The snapshot of k8s/snapshot is created as its comment says."""
    told = cluster.kubectl(
        "-n",
        namespace_of("prod"),
        "create",
        "-f",
        str(ROOT / "k8s" / "snapshot" / "savepoint.yaml"),
    )
    assert re.fullmatch(r"flinkstatesnapshot\S*/meterclose-by-hand-\w+ created\n", told)
