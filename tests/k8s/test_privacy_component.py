"""The component of the privacy gateway, added to a copy of the overlay for real."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from jobs.settings import check_rules, load_meters, load_settings
from tests.k8s.manifests import K8S, KUSTOMIZE, OVERLAYS, Pod, build, environment
from tests.k8s.test_arguments import parse
from tests.k8s.test_schemas import KUBERNETES

Found = dict[tuple[str, str], Any]
PEERS = {
    "to": [{"ipBlock": {"cidr": "10.20.3.10/32"}}],
    "ports": [{"port": 5432, "protocol": "TCP"}],
}
SECTION = {
    "privacy": {
        "intake_topic": "usage-intake",
        "key_store": "postgresql://keys.example.com/privacy",
        "otherwise": "keep",
    }
}


@pytest.fixture(scope="module")
def overlay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the overlay with what docs/kubernetes.md says to add."""
    copy = tmp_path_factory.mktemp("private") / "k8s"
    shutil.copytree(K8S, copy)
    overlay = copy / "overlays" / "prod"
    kustomization = yaml.safe_load((overlay / "kustomization.yaml").read_text())
    kustomization["components"].insert(0, "../../components/privacy-gateway")
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    own = yaml.safe_load((overlay / "values.yaml").read_text())
    own["spec"]["network"]["keyStore"] = PEERS
    (overlay / "values.yaml").write_text(yaml.safe_dump(own))
    settings = overlay / "config" / "settings.yaml"
    settings.write_text(settings.read_text() + "\n" + yaml.safe_dump(SECTION))
    return overlay


@pytest.fixture(scope="module")
def built(overlay: Path) -> Found:
    """All objects, by kind and name."""
    done = subprocess.run(
        [str(KUSTOMIZE), "build", str(overlay)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    objects = yaml.safe_load_all(done.stdout)
    return {(each["kind"], each["metadata"]["name"]): each for each in objects}


@pytest.fixture(scope="module")
def added(built: Found) -> Found:
    """The objects that come with the component."""
    before = {(each["kind"], each["metadata"]["name"]) for each in build("prod")}
    settings = [name for kind, name in built if kind == "ConfigMap" and "settings" in name]
    return {key: built[key] for key in built if key not in before and key[1] not in settings}


def pod_of(found: Mapping[str, Any]) -> Pod:
    """Return what an object's pods are made from."""
    template = found["spec"]["template"]
    return Pod(found["metadata"]["name"], template["metadata"]["labels"], template["spec"])


@pytest.fixture(scope="module")
def pods(added: Found) -> list[Pod]:
    """The gateway's pod, and that of the job that creates the key store."""
    return [pod_of(each) for (kind, _), each in added.items() if kind in ("Deployment", "Job")]


def test_it_adds_these_objects_and_no_others(added: Found) -> None:
    """Each one that Kubernetes knows, in the overlay's namespace."""
    assert set(added) == {
        ("Deployment", "privacy-gateway"),
        ("Job", "create-key-store"),
        ("NetworkPolicy", "key-store"),
        ("PodDisruptionBudget", "privacy-gateway"),
    }
    for each in added.values():
        assert kubernetes_validate.validate(each, KUBERNETES, strict=True) == KUBERNETES
        assert each["metadata"]["namespace"] == "meterclose"


def test_its_pods_are_like_all_others(built: Found, pods: list[Pod]) -> None:
    """Image, rights and account are those of every program of the overlay."""
    other = pod_of(built["Deployment", "heartbeat"])
    for pod in pods:
        assert pod.container["image"] == other.container["image"]
        assert pod.container["securityContext"] == other.container["securityContext"]
        for name in ("securityContext", "serviceAccountName", "automountServiceAccountToken"):
            assert pod.spec[name] == other.spec[name]
        volumes = {each["name"] for each in pod.spec["volumes"]}
        assert {each["name"] for each in pod.container["volumeMounts"]} == volumes
        (mounted,) = [each["configMap"] for each in pod.spec["volumes"] if "configMap" in each]
        assert ("ConfigMap", mounted["name"]) in built, "with the suffix of its content"
        flag, module, *options = pod.container["args"]
        assert flag == "-m"
        assert str(parse(module, options).settings) == "/etc/meterclose/settings.yaml"


def test_secrets_are_references_and_the_settings_are_read(
    built: Found, pods: list[Pod], tmp_path: Path
) -> None:
    """With what the pod gets, the settings load, and have the login from the Secret."""
    (files,) = [
        each["data"] for (kind, name), each in built.items()
        if kind == "ConfigMap" and name.startswith("meterclose-settings")
    ]  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    for pod in pods:
        variables = environment(pod) | {
            "METERCLOSE_PRIVACY_KEY_STORE": "postgresql://me:hidden@k/db"
        }
        privacy = load_settings(tmp_path / "settings.yaml", variables).privacy
        assert privacy is not None
        assert privacy.master_key == "secret:meterclose-privacy/master-key"
        given = environment(pod)["METERCLOSE_PRIVACY_KEY_STORE"]
        assert given == "secret:meterclose-privacy/key-store"
        check_rules(tmp_path / "settings.yaml", privacy, load_meters(tmp_path / "meters.yaml"))


def test_its_pods_speak_to_the_key_store_and_the_gateway_to_kafka(
    built: Found, pods: list[Pod]
) -> None:
    """By policies that choose them, as everything else is denied."""
    policy = built["NetworkPolicy", "key-store"]["spec"]
    assert policy["egress"] == [PEERS]
    for pod in pods:
        assert policy["podSelector"]["matchLabels"].items() <= pod.labels.items()
    (gateway,) = [pod for pod in pods if pod.owner == "privacy-gateway"]
    kafka = built["NetworkPolicy", "kafka"]["spec"]["podSelector"]["matchLabels"]
    assert kafka.items() <= gateway.labels.items()
    selector = built["PodDisruptionBudget", "privacy-gateway"]["spec"]["selector"]["matchLabels"]
    assert selector.items() <= gateway.labels.items()


def test_publishing_accounts_has_the_keys(built: Found, pods: list[Pod]) -> None:
    """And nobody else has them: no other pod of the overlay refers to the Secret."""
    job = built["CronJob", "publish-accounts"]["spec"]["jobTemplate"]
    template = job["spec"]["template"]
    pod = Pod("publish-accounts", template["metadata"]["labels"], template["spec"])
    allowed = built["NetworkPolicy", "key-store"]["spec"]["podSelector"]["matchLabels"]
    assert allowed.items() <= pod.labels.items()
    ours = [value for value in environment(pods[0]).values() if "meterclose-privacy/" in value]
    theirs = [value for value in environment(pod).values() if "meterclose-privacy/" in value]
    assert ours == theirs
    readers = {name for (_, name), each in built.items() if "meterclose-privacy" in str(each)}
    assert readers == {"publish-accounts", "privacy-gateway", "create-key-store"}


def test_overlays_are_without_it_unless_asked() -> None:
    """Who needs no gateway has none."""
    for overlay in OVERLAYS:
        assert not [each for each in build(overlay) if "privacy" in each["metadata"]["name"]]
