"""Makes the JSON of the Grafana dashboards from what k8s/base/monitoring/dashboards.yaml says.

python -m jobs.draw_dashboards
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from jobs.local.places import ROOT

MONITORING = ROOT / "k8s" / "base" / "monitoring"
_WIDTH, _HEIGHT, _ACROSS = 24, 8, 2
_DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
_REF_IDS = "ABCDEFGH"


def draw_dashboards(text: str) -> dict[str, str]:
    """Return the JSON of each dashboard by its uid.

    https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/

    Args:
        text: The YAML.
    """
    return {each["uid"]: _json(each) for each in yaml.safe_load(text)}


def _json(dashboard: Mapping[str, Any]) -> str:
    model = {
        "uid": dashboard["uid"],
        "title": dashboard["title"],
        "tags": ["meterclose"],
        "schemaVersion": 39,
        "editable": False,
        "timezone": "utc",
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {
            "list": [
                {
                    "name": "datasource",
                    "label": "Prometheus",
                    "type": "datasource",
                    "query": "prometheus",
                }
            ]
        },
        "panels": list(_panels(dashboard["rows"])),
    }
    return json.dumps(model, indent=1, ensure_ascii=False) + "\n"


def _panels(rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    number, top = 1, 0
    for row in rows:
        place = {"x": 0, "y": top, "w": _WIDTH, "h": 1}
        yield {"id": number, "type": "row", "title": row["title"], "gridPos": place, "panels": []}
        number, top = number + 1, top + 1
        for index, panel in enumerate(row["panels"]):
            width = _WIDTH // _ACROSS
            place = {"x": index % _ACROSS * width, "y": top, "w": width, "h": _HEIGHT}
            yield _panel(panel, number, place)
            number += 1
            if index % _ACROSS == _ACROSS - 1 or panel is row["panels"][-1]:
                top += _HEIGHT


def _panel(panel: Mapping[str, Any], number: int, place: Mapping[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "type": panel.get("kind", "timeseries"),
        "title": panel["title"],
        "description": panel["text"],
        "datasource": _DATASOURCE,
        "gridPos": dict(place),
        "fieldConfig": {
            "defaults": {"unit": panel["unit"], **_thresholds(panel.get("limit", {}))},
            "overrides": [],
        },
        "targets": [
            {"refId": _REF_IDS[index], "expr": query, "legendFormat": legend}
            for index, (legend, query) in enumerate(panel["queries"].items())
        ],
    }


def _thresholds(limit: Mapping[str, float]) -> dict[str, Any]:
    """Return what is red from a value on, or below it; drawn as a line where there are axes."""
    if not limit:
        return {}
    ((kind, value),) = limit.items()
    colours = {"from": ("green", "red"), "below": ("red", "green")}[kind]
    steps = [{"color": colours[0], "value": None}, {"color": colours[1], "value": value}]
    return {
        "thresholds": {"mode": "absolute", "steps": steps},
        "custom": {"thresholdsStyle": {"mode": "line"}},
    }


def main(arguments: Sequence[str], folder: Path = MONITORING) -> int:
    """Write the files; return the exit code."""
    argparse.ArgumentParser(
        prog="draw_dashboards", description=(__doc__ or "").split("\n")[0]
    ).parse_args(arguments)
    drawn = draw_dashboards((folder / "dashboards.yaml").read_text())
    (folder / "dashboards").mkdir(exist_ok=True)
    for uid, text in drawn.items():
        (folder / "dashboards" / f"{uid}.json").write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
