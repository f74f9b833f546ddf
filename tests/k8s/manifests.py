"""Builds the overlays with kustomize, and finds the pods in what comes out."""

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from jobs.local.places import ROOT, RUN_DIR

K8S = ROOT / "k8s"
OVERLAYS = ("dev", "prod")
EXAMPLES = ("metered-app",)
KUSTOMIZE = RUN_DIR / "bin" / "kustomize"


@dataclass(frozen=True, slots=True)
class Pod:
    """What a pod is made from.

    Attributes:
        owner: Kind and name of the object that makes it.
        labels: Of the pod.
        spec: A core/v1 PodSpec.
    """

    owner: str
    labels: Mapping[str, str]
    spec: Mapping[str, Any]

    @property
    def container(self) -> Mapping[str, Any]:
        """The only container: no pod of ours has another."""
        assert not self.spec.get("initContainers"), self.owner
        (container,) = self.spec["containers"]
        return container  # type: ignore[no-any-return]


@cache
def build(overlay: str) -> tuple[dict[str, Any], ...]:
    """Return the objects of an overlay or example as kustomize builds it."""
    folder = "examples" if overlay in EXAMPLES else "overlays"
    command = [str(KUSTOMIZE), "build", str(K8S / folder / overlay)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return tuple(yaml.safe_load_all(done.stdout))


def of_kind(overlay: str, *kinds: str) -> list[dict[str, Any]]:
    """Return the objects of some kinds."""
    return [each for each in build(overlay) if each["kind"] in kinds]


def named(overlay: str, kind: str, name: str) -> dict[str, Any]:
    """Return the one object of a kind with a name."""
    (found,) = [each for each in of_kind(overlay, kind) if each["metadata"]["name"] == name]
    return found


def values(overlay: str) -> Mapping[str, Any]:
    """Return what an overlay's values.yaml says."""
    content = yaml.safe_load((K8S / "overlays" / overlay / "values.yaml").read_text())
    return content["spec"]  # type: ignore[no-any-return]


def pods(overlay: str) -> list[Pod]:
    """Return all pods: those of the programs, and those that Flink makes from the templates."""
    return [*program_pods(overlay), *flink_pods(overlay)]


def program_pods(overlay: str) -> list[Pod]:
    """Return the pods of jobs, cron jobs and deployments."""
    return [
        Pod(f"{each['kind']} {each['metadata']['name']}", template["metadata"]["labels"],
            template["spec"])
        for each in of_kind(overlay, "CronJob", "Job", "Deployment")
        for template in [_template(each)]
    ]  # fmt: skip


def flink_pods(overlay: str) -> list[Pod]:
    """Return the pods of Flink as the operator and Flink make them, of the deployment's templates.

    Arrays are merged by name, as the deployment asks for; Flink adds its labels, the image, the
    service account and the resources.
    """
    (deployment,) = of_kind(overlay, "FlinkDeployment")
    spec = deployment["spec"]
    options = spec["flinkConfiguration"]
    assert options["kubernetes.operator.pod-template.merge-arrays-by-name"] == "true"
    found = []
    for component, key in (("jobmanager", "jobManager"), ("taskmanager", "taskManager")):
        template = merge(spec["podTemplate"], spec[key].get("podTemplate", {}))
        account = options.get(f"kubernetes.{component}.service-account", spec["serviceAccount"])
        resource = spec[key]["resource"]
        amounts = {"cpu": resource["cpu"], "memory": resource["memory"]}
        added = {
            "serviceAccountName": account,
            "containers": [
                {
                    "name": "flink-main-container",
                    "image": spec["image"],
                    "resources": {"requests": amounts, "limits": amounts},
                }
            ],
        }
        labels = {
            **template["metadata"]["labels"],
            "app": deployment["metadata"]["name"],
            "component": component,
            "type": "flink-native-kubernetes",
        }
        found.append(Pod(f"Flink {component}", labels, merge(template["spec"], added)))
    return found


def merge(base: Any, more: Any) -> Any:
    """Return a template with another one's fields; items of arrays of one name are one."""
    if isinstance(base, dict) and isinstance(more, dict):
        names = [*base, *(name for name in more if name not in base)]
        return {
            name: merge(base[name], more[name])
            if name in base and name in more
            else base.get(name, more.get(name))
            for name in names
        }
    if isinstance(base, list) and isinstance(more, list):
        by_name = {each["name"]: each for each in base}
        for each in more:
            by_name[each["name"]] = merge(by_name.get(each["name"], {}), each)
        return list(by_name.values())
    return more


def leaves(found: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every plain value below an object with where it stands."""
    if isinstance(found, dict):
        for key, each in found.items():
            yield from leaves(each, f"{path}.{key}")
    elif isinstance(found, list):
        for place, each in enumerate(found):
            yield from leaves(each, f"{path}.{place}")
    else:
        yield path, found


def config_files(overlay: str) -> Mapping[str, str]:
    """Return the files that are mounted as the product's settings, by name."""
    maps = of_kind(overlay, "ConfigMap")
    (found,) = [each for each in maps if each["metadata"]["name"].startswith("meterclose-settings")]
    return found["data"]  # type: ignore[no-any-return]


def write_config(overlay: str, folder: Path) -> Path:
    """Write those files into a folder; return the path of the settings."""
    for name, text in config_files(overlay).items():
        (folder / name).write_text(text)
    return folder / "settings.yaml"


def environment(pod: Pod) -> dict[str, str]:
    """Return the variables of a pod's container; those of Secrets have their reference as value."""
    found = {}
    for each in pod.container["env"]:
        reference = each.get("valueFrom", {}).get("secretKeyRef")
        found[each["name"]] = (
            f"secret:{reference['name']}/{reference['key']}" if reference else each["value"]
        )
    return found


def _template(found: Mapping[str, Any]) -> Any:
    spec = found["spec"]["jobTemplate"] if found["kind"] == "CronJob" else found
    return spec["spec"]["template"]
