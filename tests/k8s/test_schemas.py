"""Every object is one that Kubernetes and the operators understand, without an unknown field."""

from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from kubernetes_validate import utils

from tests.k8s.manifests import EXAMPLES, K8S, OVERLAYS, build, of_kind

# The version of Kubernetes whose schemas are used: the newest that kubernetes-validate has.
KUBERNETES = "1.37"
SCHEMAS = Path(__file__).parent / "schemas"
OWN = sorted(
    yaml.safe_load(path.read_text())["properties"]["kind"]["const"]
    for path in SCHEMAS.glob("*.yaml")
)
_CONTENTS = cache(utils.schema_contents)
BUILT = (*OVERLAYS, *EXAMPLES)
ALL = [(overlay, place) for overlay in BUILT for place in range(len(build(overlay)))]


@cache
def _schema(kind: str) -> Any:
    schema = yaml.safe_load((SCHEMAS / f"{kind.lower()}.yaml").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


def _validate(found: dict[str, Any]) -> None:
    if found["kind"] in OWN:
        jsonschema.Draft202012Validator(_schema(found["kind"])).validate(found)
        return
    with pytest.MonkeyPatch.context() as patched:
        # It would read 7 MB of definitions for each object.
        patched.setattr(utils, "schema_contents", _CONTENTS)
        assert kubernetes_validate.validate(found, KUBERNETES, strict=True) == KUBERNETES


@pytest.mark.parametrize(("overlay", "place"), ALL)
def test_objects_have_known_fields(overlay: str, place: int) -> None:
    """Kubernetes' kinds by its own schemas, the operators' by ours."""
    _validate(build(overlay)[place])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pod_templates_are_pods(overlay: str) -> None:
    """Templates inside the deployment of Flink hold what a pod may hold."""
    (deployment,) = of_kind(overlay, "FlinkDeployment")
    spec = deployment["spec"]
    templates = [spec["podTemplate"], spec["jobManager"].get("podTemplate"),
                 spec["taskManager"].get("podTemplate")]  # fmt: skip
    for template in filter(None, templates):
        _validate({"apiVersion": "v1", "kind": "Pod", **template})


def test_the_savepoint_by_hand() -> None:
    """The snapshot that people create is one."""
    _validate(yaml.safe_load((K8S / "snapshot" / "savepoint.yaml").read_text()))


@pytest.mark.parametrize("kind", OWN)
def test_unknown_fields_are_refused(kind: str) -> None:
    """Our schemas are strict: a misspelt field is an error at every level that they describe."""
    objects = [each for each in build("prod") if each["kind"] == kind]
    objects += [yaml.safe_load((K8S / "snapshot" / "savepoint.yaml").read_text())]
    found = next(each for each in objects if each["kind"] == kind)
    _validate(found)
    for broken in ({**found, "x": 1}, {**found, "spec": {**found["spec"], "x": 1}}):
        with pytest.raises(jsonschema.ValidationError, match="'x' was unexpected"):
            _validate(broken)


def test_a_wrong_object_is_refused() -> None:
    """The check of Kubernetes' kinds is strict, too."""
    (found,) = [each for each in of_kind("prod", "Job") if "tables" in each["metadata"]["name"]]
    with pytest.raises(kubernetes_validate.ValidationError, match="backofLimit"):
        _validate({**found, "spec": {**found["spec"], "backofLimit": 1}})
