"""Alert rules: each fires when it must and is quiet when it must be, by promtool itself."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobs.describe_metrics import CATALOGUE
from jobs.local.places import ROOT, RUN_DIR
from tests.k8s.alert_rules import Group, all_rules, rule_files, rules_of

PROMTOOL = RUN_DIR / "prometheus" / "promtool"
CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "alerts.yaml").read_text())


def _alerts() -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for rule in all_rules() if "alert" in rule}


def _promtool(folder: Path, groups: list[Group], *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}))
    command = [str(PROMTOOL), *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def _unit_test(case: dict[str, Any], state: str) -> dict[str, Any]:
    """Return one case in promtool's own words."""
    given, rule = case[state], _alerts()[case["alert"]]
    fired = {
        "exp_labels": {**rule["labels"], **given.get("labels", {})},
        "exp_annotations": {**rule["annotations"], "summary": given.get("summary", "")},
    }
    return {
        "name": f"{case['alert']} {state}",
        "interval": case.get("every", "1m"),
        "input_series": [
            {"series": name, "values": values} for name, values in given["series"].items()
        ],
        "alert_rule_test": [
            {
                "eval_time": given["at"],
                "alertname": case["alert"],
                "exp_alerts": [fired] if state == "fires" else [],
            }
        ],
    }


@pytest.mark.parametrize("state", ["fires", "quiet"])
@pytest.mark.parametrize("case", CASES, ids=[case["alert"] for case in CASES])
def test_an_alert_fires_and_stays_quiet(case: dict[str, Any], state: str, tmp_path: Path) -> None:
    """With its labels and its words; quiet just beside its limit."""
    rule = _alerts()[case["alert"]]
    (groups,) = (groups for groups in rule_files() if rule in rules_of(groups))
    tests = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": case.get("every", "1m"),
        # Otherwise an alert may be asked before what is recorded for it.
        "group_eval_order": [group["name"] for group in groups],
        "tests": [_unit_test(case, state)],
    }
    (tmp_path / "tests.yaml").write_text(yaml.safe_dump(tests))
    done = _promtool(tmp_path, groups, "test", "rules", "tests.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tried() -> None:
    """At least once, both ways."""
    assert {case["alert"] for case in CASES} == set(_alerts())
    assert all({"fires", "quiet"} < set(case) for case in CASES)


def test_rules_are_valid(tmp_path: Path) -> None:
    """By promtool's own check, and no two of one name."""
    groups = [group for groups in rule_files() for group in groups]
    done = _promtool(tmp_path, groups, "check", "rules", "rules.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    names = [rule["alert"] for rule in all_rules() if "alert" in rule]
    assert len(set(names)) == len(names)


def test_every_metric_is_in_the_catalogue() -> None:
    """With the labels by which it is asked for; or a rule here records it."""
    known = {each.name: set(each.labels) for each in CATALOGUE}
    recorded = {rule["record"] for rule in all_rules() if "record" in rule}
    for rule in all_rules():
        for name, labels in re.findall(r"\b((?:flink|meterclose)[\w:]*)(\{[^}]*\})?", rule["expr"]):
            if name in recorded:
                continue
            assert name in known, f"{name} in {rule.get('alert', rule.get('record'))}"
            assert set(re.findall(r"(\w+)=~?\"", labels)) <= known[name]


@pytest.mark.parametrize("alert", sorted(_alerts()))
def test_an_alert_links_its_runbook(alert: str) -> None:
    """A page that is there and names the alert; a page for people, or a ticket."""
    rule = _alerts()[alert]
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert set(rule["annotations"]) == {"summary", "runbook"}
    page = ROOT / rule["annotations"]["runbook"]
    assert page.parent == ROOT / "docs" / "runbooks"
    assert f"`{alert}`" in page.read_text()


def test_every_runbook_is_listed() -> None:
    """In the list of runbooks, each once."""
    folder = ROOT / "docs" / "runbooks"
    listed = re.findall(r"\]\(([\w-]+\.md)\)", (folder / "README.md").read_text())
    assert sorted(listed) == sorted(
        path.name for path in folder.glob("*.md") if path.stem != "README"
    )
