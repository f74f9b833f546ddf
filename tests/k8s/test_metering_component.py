"""The sidecar of the metering agent fits its program, and asks for one right beyond the usual."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobs.meter_pod import make_parser
from jobs.metering_agent.spool import Spool
from tests.k8s.manifests import K8S, named, of_kind, values
from tests.udfs.pod_readings import reading
from udfs.sampling import first_state

COMPONENT = K8S / "components/metering-agent"
EXAMPLE = K8S / "examples/metered-app"
PAGE = K8S.parent / "docs/metering-pods.md"
MIB = 1024 * 1024


def load(path: Path) -> Any:
    """Return what a manifest holds."""
    return yaml.safe_load(path.read_text())


@pytest.fixture(scope="module")
def app() -> Any:
    """The app of the example, as kustomize builds it with the agent beside it."""
    return named("metered-app", "Deployment", "web")


@pytest.fixture(scope="module")
def pod(app: Any) -> Any:
    """Its pod's spec."""
    return app["spec"]["template"]["spec"]


@pytest.fixture(scope="module")
def sidecar(pod: Any) -> Any:
    """The container that the component adds."""
    (container,) = pod["initContainers"]
    return container


def options_of(sidecar: Any) -> Any:
    """Return what the program reads of the sidecar's arguments."""
    flag, module, *arguments = sidecar["args"]
    assert (flag, module) == ("-m", "jobs.meter_pod")
    return make_parser().parse_args(arguments)


def mount_of(pod: Any, sidecar: Any, path: str) -> tuple[Any, Any]:
    """Return the mount in which a path lies, and its volume."""
    (mount,) = (
        each for each in sidecar["volumeMounts"] if Path(path).is_relative_to(each["mountPath"])
    )
    (volume,) = (each for each in pod["volumes"] if each["name"] == mount["name"])
    return mount, volume


def test_the_program_takes_its_arguments(sidecar: Any) -> None:
    """Each option exists, and each variable in them is set from the pod itself."""
    assert "command" not in sidecar  # the image's entry point is the Python that has the packages
    options = options_of(sidecar)
    found = set(re.findall(r"\$\((\w+)\)", " ".join(sidecar["args"])))
    fields = {
        each["name"]: each["valueFrom"]["fieldRef"]["fieldPath"]
        for each in sidecar["env"]
        if "fieldRef" in each.get("valueFrom", {})
    }
    assert found == set(fields)
    assert (options.account, fields["ACCOUNT"]) == (
        "$(ACCOUNT)",
        "metadata.annotations['meterclose/account']",
    )
    assert (options.pod_uid, fields["POD_UID"]) == ("$(POD_UID)", "metadata.uid")
    assert (options.pod, fields["POD_NAME"]) == ("$(POD_NAME)", "metadata.name")
    assert (options.namespace, fields["POD_NAMESPACE"]) == (
        "$(POD_NAMESPACE)",
        "metadata.namespace",
    )
    assert (options.node, fields["NODE_NAME"]) == ("$(NODE_NAME)", "spec.nodeName")


def test_it_runs_beside_the_app_from_before_to_after(sidecar: Any) -> None:
    """A native sidecar that has its grace within that of a pod (30 s unless it says otherwise)."""
    assert sidecar["restartPolicy"] == "Always"
    assert options_of(sidecar).grace < 30


def test_the_app_waits_for_the_first_reading(sidecar: Any, tmp_path: Path) -> None:
    """The probe looks at the spool, which is empty until the first reading is on disk."""
    options = options_of(sidecar)
    command = shlex.join(sidecar["startupProbe"]["exec"]["command"])
    with Spool(tmp_path, options.spool_bytes) as spool:
        assert command == f"test -s {options.spool / 'spool'}"
        assert (tmp_path / "spool").stat().st_size == 0
        spool.keep(first_state(reading(0), "s"), None)
        assert (tmp_path / "spool").stat().st_size > 0


def test_files_are_where_the_arguments_say(pod: Any, sidecar: Any) -> None:
    """The spool alone can be written, and its volume has room for a spool that is rewritten."""
    options = options_of(sidecar)
    settings, source = mount_of(pod, sidecar, options.settings)
    assert settings["readOnly"]
    (config,) = of_kind("metered-app", "ConfigMap")
    assert source["configMap"] == {"name": config["metadata"]["name"]}
    assert Path(options.settings).name in config["data"]
    groups, source = mount_of(pod, sidecar, str(options.cgroup_root))
    assert groups["readOnly"]
    assert source["hostPath"]["path"].startswith("/sys/fs/cgroup/")
    spool, source = mount_of(pod, sidecar, str(options.spool))
    assert not spool.get("readOnly")
    size = source["emptyDir"]["sizeLimit"]
    assert size.endswith("Mi")
    assert options.spool_bytes * 3 // 2 <= int(size.removesuffix("Mi")) * MIB
    assert len(pod["volumes"]) == len(sidecar["volumeMounts"]) == 3


def test_it_keeps_to_restricted_but_for_the_control_groups(pod: Any, sidecar: Any) -> None:
    """PodSecurity `restricted` in every field; hostPath is the one thing that it forbids."""
    context = sidecar["securityContext"]
    assert context["runAsNonRoot"] is True
    assert context["runAsUser"] > 0
    assert context["allowPrivilegeEscalation"] is False
    assert context["readOnlyRootFilesystem"] is True
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    # No shareProcessNamespace, and nothing of the host's own.
    assert set(pod) == {"containers", "initContainers", "volumes"}
    assert [each["name"] for each in pod["volumes"] if "hostPath" in each] == [
        "metering-agent-cgroups"
    ]


def test_secrets_are_references(sidecar: Any) -> None:
    """The login stands in no manifest."""
    (secret,) = (each for each in sidecar["env"] if "secretKeyRef" in each.get("valueFrom", {}))
    assert secret["name"] == "METERCLOSE_KAFKA_PROPERTY_SASL_JAAS_CONFIG"
    for word in secret["valueFrom"]["secretKeyRef"].values():
        assert f"`{word}`" in PAGE.read_text()
    assert not of_kind("metered-app", "Secret")
    assert "jaas" not in (EXAMPLE / "agent.yaml").read_text().partition("kafka:")[2]


def test_its_image_is_that_of_the_programs(sidecar: Any) -> None:
    """The example runs the agent from the image that the overlays take for programs."""
    assert sidecar["image"] == values("prod")["images"]["batch"]


def test_what_the_agent_needs_stands_at_the_app(app: Any) -> None:
    """The annotation that names the account, and the label by which the agent came."""
    (patch,) = load(COMPONENT / "kustomization.yaml")["patches"]
    name, _, value = patch["target"]["labelSelector"].partition("=")
    assert app["metadata"]["labels"][name] == value
    assert re.fullmatch(patch["target"]["kind"], app["kind"])
    spec = app["spec"]
    assert spec["template"]["metadata"]["annotations"]["meterclose/account"] == "acme"
    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
