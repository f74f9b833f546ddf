"""What one object names, another one is: Secrets, keys, files, ports, accounts, pods."""

import re
from collections.abc import Iterator

import pytest

from tests.documents.reading import ROOT
from tests.k8s.manifests import (
    OVERLAYS,
    Pod,
    build,
    config_files,
    flink_pods,
    named,
    of_kind,
    pods,
    values,
)

PAGE = ROOT / "docs" / "kubernetes.md"
# A row of the page's table of Secrets: name, key, overlays.
_SECRET_ROW = re.compile(r"^\| `(meterclose-[\w-]+)` \| `([\w.-]+)` \| ([\w, ]+) \|", re.MULTILINE)


def _secrets(pod: Pod) -> Iterator[tuple[str, str]]:
    """Yield every key of a Secret that a pod needs."""
    for each in pod.container["env"]:
        reference = each.get("valueFrom", {}).get("secretKeyRef")
        if reference:
            yield reference["name"], reference["key"]
    for volume in pod.spec["volumes"]:
        for item in volume.get("secret", {}).get("items", ()):
            yield volume["secret"]["secretName"], item["key"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_secrets_are_those_of_the_page(overlay: str) -> None:
    """Every key that a pod refers to is to be made by docs/kubernetes.md, and no other."""
    told = {
        (name, key)
        for name, key, where in _SECRET_ROW.findall(PAGE.read_text())
        if overlay in where.split(", ")
    }
    assert {each for pod in pods(overlay) for each in _secrets(pod)} == told


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_volumes_are_there(overlay: str) -> None:
    """Each mount has its volume and each volume its mount; whole Secrets are never mounted."""
    settings = {each["metadata"]["name"] for each in of_kind(overlay, "ConfigMap")}
    for pod in pods(overlay):
        volumes = {each["name"]: each for each in pod.spec["volumes"]}
        mounts = [each["name"] for each in pod.container["volumeMounts"]]
        assert sorted(mounts) == sorted(volumes), pod.owner
        for volume in volumes.values():
            if "configMap" in volume:
                assert volume["configMap"]["name"] in settings
            assert "secret" not in volume or volume["secret"]["items"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_files_are_there(overlay: str) -> None:
    """A file that an argument, an option or the settings name is mounted in that pod."""
    for pod in pods(overlay):
        mounted = {
            f"{mount['mountPath']}/{name}"
            for mount in pod.container["volumeMounts"]
            for volume in pod.spec["volumes"]
            if volume["name"] == mount["name"]
            for name in _names(overlay, volume)
        }
        said = " ".join(pod.container.get("args", ()))
        if "meterclose/reads-kafka" in pod.labels:
            said += config_files(overlay)["settings.yaml"]
        if pod.owner.startswith("Flink"):
            said += str(named(overlay, "FlinkDeployment", "meterclose")["spec"])
        if pod.owner == "Flink taskmanager":
            said = said.replace("/etc/meterclose/settings.yaml", "")  # the JobManager's program
        paths = set(
            re.findall(r"(?:/etc/meterclose(?:-kafka)?|/opt/flink/tls(?:-cert)?)/[\w.-]+", said)
        )
        assert paths <= mounted, pod.owner
        assert paths, pod.owner


def _names(overlay: str, volume: dict[str, dict[str, list[dict[str, str]]]]) -> list[str]:
    if "configMap" in volume:
        return list(config_files(overlay))
    return [item["path"] for item in volume.get("secret", {}).get("items", ())]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_accounts_are_there(overlay: str) -> None:
    """Each account that a pod or a binding names is one, and so is each role."""
    accounts = {each["metadata"]["name"] for each in of_kind(overlay, "ServiceAccount")}
    roles = {each["metadata"]["name"] for each in of_kind(overlay, "Role")}
    assert {pod.spec["serviceAccountName"] for pod in pods(overlay)} == accounts
    for binding in of_kind(overlay, "RoleBinding"):
        assert binding["roleRef"]["name"] in roles
        assert {each["name"] for each in binding["subjects"]} <= accounts


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_selectors_select(overlay: str) -> None:
    """Every selector of ours finds pods, and every monitor and metrics policy finds their port."""
    found = pods(overlay)
    for each in build(overlay):
        spec = each.get("spec", {})
        selector = spec.get("podSelector", spec.get("selector"))
        if each["kind"] == "ConfigMap" or not selector or "matchLabels" not in selector:
            continue
        chosen = [pod for pod in found if selector["matchLabels"].items() <= pod.labels.items()]
        assert chosen, each["metadata"]["name"]
        ports = [endpoint["port"] for endpoint in spec.get("podMetricsEndpoints", ())]
        if each["metadata"]["name"] == "metrics":
            ports += [port["port"] for rule in spec["ingress"] for port in rule["ports"]]
        for pod in chosen:
            assert set(ports) <= {port["name"] for port in pod.container.get("ports", ())}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_whoever_has_metrics_is_scraped(overlay: str) -> None:
    """Pods with a port for metrics are let be read, and monitored."""
    monitored = [each["spec"]["selector"]["matchLabels"] for each in of_kind(overlay, "PodMonitor")]
    for pod in pods(overlay):
        has_port = any(port["name"] == "metrics" for port in pod.container.get("ports", ()))
        assert has_port == ("meterclose/has-metrics" in pod.labels)
        assert has_port == any(labels.items() <= pod.labels.items() for labels in monitored)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_ports_of_flink_are_open_to_flink(overlay: str) -> None:
    """The ports that Flink is told to use are those of the policies, and of the metrics."""
    options = named(overlay, "FlinkDeployment", "meterclose")["spec"]["flinkConfiguration"]
    policy = named(overlay, "NetworkPolicy", "flink")["spec"]
    (opened,) = policy["ingress"][0]["ports"]
    assert policy["ingress"][0]["ports"] == policy["egress"][0]["ports"]
    for option in (
        "jobmanager.rpc.port",
        "high-availability.jobmanager.port",
        "blob.server.port",
        "taskmanager.rpc.port",
        "taskmanager.data.port",
    ):
        assert opened["port"] <= int(options[option]) <= opened["endPort"], option
    rest = named(overlay, "NetworkPolicy", "flink-rest")["spec"]["ingress"][0]
    assert [each["port"] for each in rest["ports"]] == [int(options["rest.port"])]
    for pod in flink_pods(overlay):
        (port,) = pod.container["ports"]
        assert str(port["containerPort"]) == options["metrics.reporter.prom.port"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_addresses_of_the_settings_are_reached(overlay: str) -> None:
    """Ports in the settings' addresses are those that the policies open."""
    network = values(overlay)["network"]
    settings = config_files(overlay)["settings.yaml"]
    (servers,) = re.findall(r"bootstrap_servers: (\S+)", settings)
    (uri,) = re.findall(r"^  uri: (\S+)", settings, re.MULTILINE)
    kafka = {int(server.rpartition(":")[2]) for server in servers.split(",")}
    assert kafka == _ports(network["kafka"]["ports"])
    default = 5432 if uri.startswith("jdbc:postgresql") else 443
    port = re.search(r"//[^/]*:(\d+)", uri)
    assert {int(port[1]) if port else default} == _ports(network["catalog"]["ports"])
    endpoint = values(overlay).get("storageEndpoint", "https://s3.amazonaws.com:443")
    assert {int(endpoint.rpartition(":")[2])} == _ports(network["storage"]["ports"])


def _ports(found: list[dict[str, int]]) -> set[int]:
    return {each["port"] for each in found}
