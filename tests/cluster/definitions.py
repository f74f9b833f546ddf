"""Definitions of the operators' kinds, with the names that their API groups give them.

They take any field: fields are checked against the schemas in tests/k8s/schemas.
"""

from typing import Any

import yaml

_KINDS = (
    ("flink.apache.org", "v1beta1", "FlinkDeployment", "flinkdeployments"),
    ("flink.apache.org", "v1beta1", "FlinkStateSnapshot", "flinkstatesnapshots"),
    ("monitoring.coreos.com", "v1", "PodMonitor", "podmonitors"),
    ("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules"),
)
NAMES = tuple(f"customresourcedefinition/{plural}.{group}" for group, _, _, plural in _KINDS)


def definitions() -> str:
    """Return all definitions as one text of YAML."""
    return yaml.safe_dump_all(_definition(*each) for each in _KINDS)


def _definition(group: str, version: str, kind: str, plural: str) -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }
