"""Reads the alert rules as kustomize takes them."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from jobs.draw_dashboards import MONITORING

Rule = dict[str, Any]
Group = dict[str, Any]


@cache
def rule_files() -> tuple[list[Group], ...]:
    """Return the groups of rules of each file."""
    listed = yaml.safe_load((MONITORING / "kustomization.yaml").read_text())["resources"]
    files = [yaml.safe_load((MONITORING / name).read_text()) for name in listed]
    return tuple(each["spec"]["groups"] for each in files if each["kind"] == "PrometheusRule")


def rules_of(groups: list[Group]) -> list[Rule]:
    """Return the rules of some groups, in their order."""
    return [rule for group in groups for rule in group["rules"]]


def all_rules() -> list[Rule]:
    """Return the rules of all files: alerts, and what is recorded."""
    return [rule for groups in rule_files() for rule in rules_of(groups)]
