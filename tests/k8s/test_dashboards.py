"""Dashboards: their files are what their description says, and each query can be asked."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobs.describe_metrics import CATALOGUE
from jobs.draw_dashboards import MONITORING, draw_dashboards, main
from jobs.local.places import RUN_DIR
from tests.k8s.alert_rules import all_rules

DRAWN = draw_dashboards((MONITORING / "dashboards.yaml").read_text())


def _panels() -> list[dict[str, Any]]:
    """Return the panels of all dashboards, without the titles of rows."""
    models = [json.loads(text) for text in DRAWN.values()]
    return [panel for each in models for panel in each["panels"] if panel["type"] != "row"]


def _queries() -> list[tuple[str, str]]:
    return [
        (target["expr"], target["legendFormat"]) for each in _panels() for target in each["targets"]
    ]


def _recorded() -> set[str]:
    return {rule["record"] for rule in all_rules() if "record" in rule}


def test_files_are_what_is_described(tmp_path: Path) -> None:
    """`python -m jobs.draw_dashboards` writes them, and there are no others."""
    files = {path.stem: path.read_text() for path in (MONITORING / "dashboards").glob("*.json")}
    assert files == DRAWN
    (tmp_path / "dashboards.yaml").write_text((MONITORING / "dashboards.yaml").read_text())
    assert main([], tmp_path) == 0
    assert {path.stem for path in (tmp_path / "dashboards").iterdir()} == set(DRAWN)


@pytest.mark.parametrize("uid", sorted(DRAWN))
def test_panels_do_not_overlap(uid: str) -> None:
    """Each cell of the grid has one panel at most, and each panel has its own number."""
    panels = json.loads(DRAWN[uid])["panels"]
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_each_query_parses(tmp_path: Path) -> None:
    """By promtool, each as a rule that records it."""
    rules = [
        {"record": f"panel:{number}", "expr": query} for number, (query, _) in enumerate(_queries())
    ]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    promtool = RUN_DIR / "prometheus" / "promtool"
    command = [str(promtool), "check", "rules", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(rules)} rules found" in done.stdout


def test_each_metric_is_in_the_catalogue() -> None:
    """With the labels that are asked for, those of the legend among them."""
    known = {each.name: set(each.labels) for each in CATALOGUE}
    known |= {name: {"objective"} for name in _recorded()}
    for query, legend in _queries():
        names = re.findall(r"\b((?:flink|meterclose)[\w:]*)(?:\{([^}]*)\})?", query)
        assert names, query
        for name, labels in names:
            assert set(re.findall(r"(\w+)=~?\"", labels)) <= known[name], query
        assert set(re.findall(r"\{\{(\w+)\}\}", legend)) <= known[names[0][0]], query


def test_each_panel_says_what_it_tells() -> None:
    """A sentence at least, a unit, and titles that differ within a dashboard."""
    for panel in _panels():
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
    for text in DRAWN.values():
        titles = [panel["title"] for panel in json.loads(text)["panels"]]
        assert len(set(titles)) == len(titles)
