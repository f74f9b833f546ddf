"""Pods have no more rights than they need, and no manifest holds a secret."""

import re
from typing import Any

import pytest
import yaml

from jobs.settings.shapes import SECRET_NAME
from tests.k8s.manifests import (
    K8S,
    OVERLAYS,
    Pod,
    build,
    config_files,
    environment,
    leaves,
    named,
    of_kind,
    pods,
    values,
)

ALL = [(overlay, pod) for overlay in OVERLAYS for pod in pods(overlay)]
EVERY_POD = pytest.mark.parametrize(
    ("overlay", "pod"), ALL, ids=[f"{overlay}-{pod.owner}" for overlay, pod in ALL]
)
# What a container writes, by what it is for.
WRITABLE = {
    "program": {"/tmp"},  # noqa: S108 - an emptyDir is mounted there
    "flink-main-container": {"/tmp", "/opt/flink/log", "/run/flink"},  # noqa: S108
}


@EVERY_POD
def test_pods_are_restricted(overlay: str, pod: Pod) -> None:
    """What the Pod Security Standard `restricted` asks for, and a root that cannot be written."""
    spec, container = pod.spec, pod.container
    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 9999,
        "runAsGroup": 9999,
        "fsGroup": 9999,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC", "hostUsers"} & set(spec), overlay
    assert all("hostPort" not in port for port in container.get("ports", ()))
    kinds = {kind for volume in spec["volumes"] for kind in volume if kind != "name"}
    assert kinds <= {"emptyDir", "secret", "configMap"}


@EVERY_POD
def test_only_empty_folders_are_writable(overlay: str, pod: Pod) -> None:
    """What is written goes to folders that end with the pod and have a size; all else is read."""
    empty = {each["name"]: each["emptyDir"] for each in pod.spec["volumes"] if "emptyDir" in each}
    mounts = pod.container["volumeMounts"]
    written = {each["mountPath"] for each in mounts if each["name"] in empty}
    assert written == WRITABLE[pod.container["name"]], overlay
    assert all(each["sizeLimit"] for each in empty.values())
    assert all(each["readOnly"] for each in mounts if each["name"] not in empty)


@EVERY_POD
def test_pods_have_requests_and_limits(overlay: str, pod: Pod) -> None:
    """Each container says what it needs; memory is not promised beyond what there is."""
    resources = pod.container["resources"]
    for amounts in (resources["requests"], resources["limits"]):
        assert {"cpu", "memory"} <= set(amounts), overlay
    assert resources["requests"]["memory"] == resources["limits"]["memory"]


@EVERY_POD
def test_only_flink_speaks_to_kubernetes(overlay: str, pod: Pod) -> None:
    """Programs get no token, and their account no role; nobody has the default account."""
    account = pod.spec["serviceAccountName"]
    bound = {
        subject["name"]: each["roleRef"]["name"]
        for each in of_kind(overlay, "RoleBinding")
        for subject in each["subjects"]
    }
    if pod.owner.startswith("Flink "):
        assert bound[account] == f"meterclose-{pod.owner.removeprefix('Flink ')}"
    else:
        assert account == "meterclose-programs"
        assert account not in bound
        assert pod.spec["automountServiceAccountToken"] is False


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_roles_are_small(overlay: str) -> None:
    """Roles are of the namespace, and name each verb; a TaskManager changes nothing."""
    assert not of_kind(overlay, "ClusterRole", "ClusterRoleBinding")
    for role in of_kind(overlay, "Role"):
        for rule in role["rules"]:
            assert "*" not in [*rule["verbs"], *rule["resources"], *rule["apiGroups"]]
            assert "secrets" not in rule["resources"]
    (rule,) = named(overlay, "Role", "meterclose-taskmanager")["rules"]
    assert set(rule["verbs"]) == {"get", "list", "watch"}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_namespace_enforces_it(overlay: str) -> None:
    """Kubernetes itself refuses other pods in the namespace, where everything is."""
    (namespace,) = of_kind(overlay, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    others = [each for each in build(overlay) if each["kind"] != "Namespace"]
    assert {each["metadata"]["namespace"] for each in others} == {namespace["metadata"]["name"]}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_manifest_holds_a_secret(overlay: str) -> None:
    """No Secret is among the objects, and nothing with a secret's name has a value."""
    assert not of_kind(overlay, "Secret")
    found = [each for each in build(overlay) if each["kind"] != "ConfigMap"]
    settings = [yaml.safe_load(text) for text in config_files(overlay).values()]
    for path, value in leaves([*found, *settings, values(overlay)]):
        assert not _is_secret(path, value), path


def _is_secret(path: str, value: Any) -> bool:
    """Tell whether a value looks like a secret by its name or by itself; references are none."""
    key = path.rsplit(".", 1)[-1]
    if key == "truststore-password":  # of certificates alone
        return False
    if re.search(r"secretKeyRef\.(name|key)$|secretName$|\.items\.\d+\.(key|path)$", path):
        return False
    named_secret = bool(SECRET_NAME.search(key)) and key != "automountServiceAccountToken"
    password_in_uri = re.search(r"://[^/\s]*:[^/\s]*@|BEGIN [A-Z ]*PRIVATE KEY", str(value))
    return (named_secret and not path.endswith(".name")) or bool(password_in_uri)


@EVERY_POD
def test_secret_variables_are_references(overlay: str, pod: Pod) -> None:
    """What opens Kafka, the catalog, storage and stores of keys comes from Secrets alone."""
    for name, value in environment(pod).items():
        is_secret = bool(SECRET_NAME.search(name)) or name.endswith(("_USER", "_KEY_ID"))
        assert value.startswith("secret:") == is_secret, f"{overlay} {name}"


def test_a_secret_would_be_seen() -> None:
    """The check finds a password by its name, in an address, and a key by its form."""
    assert _is_secret(".spec.flinkConfiguration.security.ssl.keystore-password", "x")
    assert _is_secret(".catalog.uri", "jdbc:postgresql://me:hidden@host/db")
    assert _is_secret(".data.x", "-----BEGIN " + "PRIVATE KEY-----")
    assert not _is_secret(".env.3.valueFrom.secretKeyRef.key", "password")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_images_stand_in_one_place(overlay: str) -> None:
    """Every pod runs one of the two images of values.yaml, which no other file names."""
    images = values(overlay)["images"]
    for pod in pods(overlay):
        name = "stream" if pod.owner.startswith("Flink ") else "batch"
        assert pod.container["image"] == images[name]
    for path in K8S.rglob("*.yaml"):
        if path.name != "values.yaml":
            assert all(image not in path.read_text() for image in images.values()), path


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_nothing_is_allowed_by_default(overlay: str) -> None:
    """One policy denies all; no other lets every pod, every peer or every port through."""
    denied = named(overlay, "NetworkPolicy", "default-deny")["spec"]
    assert denied == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for policy in of_kind(overlay, "NetworkPolicy"):
        spec = policy["spec"]
        rules = [*spec.get("ingress", ()), *spec.get("egress", ())]
        assert rules or policy["metadata"]["name"] == "default-deny"
        assert spec["podSelector"] or policy["metadata"]["name"] in ("default-deny", "names")
        for rule in rules:
            peers = [*rule.get("from", ()), *rule.get("to", ())]
            assert peers
            assert rule["ports"]
            assert all(peer and "0.0.0.0/0" not in str(peer) for peer in peers)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_flink_speaks_tls_alone(overlay: str) -> None:
    """Among its processes, to the operator and to the probe; and the web UI changes nothing."""
    spec = named(overlay, "FlinkDeployment", "meterclose")["spec"]
    options = spec["flinkConfiguration"]
    for store in ("internal", "rest"):
        assert options[f"security.ssl.{store}.enabled"] == "true"
        assert options[f"security.ssl.{store}.keystore"] == "/opt/flink/tls/keystore.jks"
        trusted = options[f"security.ssl.{store}.truststore"]
        assert trusted == "/opt/flink/tls-cert/truststore.jks"  # where the operator's chart has it
    (container,) = spec["jobManager"]["podTemplate"]["spec"]["containers"]
    assert container["startupProbe"]["httpGet"]["scheme"] == "HTTPS"
    assert options["kubernetes.operator.jm-deployment.startup.probe.enabled"] == "false"
    for what in ("submit", "cancel", "rescale"):
        assert options[f"web.{what}.enable"] == "false"
