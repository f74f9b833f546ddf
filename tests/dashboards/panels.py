"""The panels of the dashboards, and what Prometheus answers to their queries."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jobs.draw_dashboards import MONITORING, draw_dashboards
from tests.dashboards.prometheus import Prometheus
from tests.dashboards.recording import EVERY_S, Recording


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel of a dashboard.

    Attributes:
        row: Title of its row.
        model: As Grafana reads it.
    """

    row: str
    model: Mapping[str, Any]

    @property
    def title(self) -> str:
        """What stands over it."""
        return str(self.model["title"])

    @property
    def unit(self) -> str:
        """Grafana's name of the unit."""
        return str(self.model["fieldConfig"]["defaults"]["unit"])


@dataclass(frozen=True, slots=True)
class Series:
    """What is drawn of one series.

    Attributes:
        legend: Its name.
        points: Time in seconds since 1970, and value.
    """

    legend: str
    points: tuple[tuple[float, float], ...]


def dashboards() -> dict[str, dict[str, Any]]:
    """Return the model of each dashboard by its uid."""
    drawn = draw_dashboards((MONITORING / "dashboards.yaml").read_text())
    return {uid: json.loads(text) for uid, text in drawn.items()}


def panels_of(model: Mapping[str, Any]) -> Iterator[Panel]:
    """Yield the panels of a dashboard, in their order."""
    row = ""
    for each in model["panels"]:
        if each["type"] == "row":
            row = each["title"]
        else:
            yield Panel(row, each)


def ask(server: Prometheus, recording: Recording, panel: Panel) -> list[Series]:
    """Return what a panel shows over the time of a recording."""
    found = []
    for target in panel.model["targets"]:
        answer = server.ask(
            "query_range",
            # Four scrapes, as Grafana works it out.
            query=target["expr"].replace("$__rate_interval", f"{4 * EVERY_S}s"),
            start=str(recording.begin_s),
            end=str(recording.end_s),
            step=str(EVERY_S),
        )
        for each in answer:
            points = tuple((float(time), float(value)) for time, value in each["values"])
            found.append(Series(_legend(target["legendFormat"], each["metric"]), points))
    return sorted(found, key=lambda each: each.legend)


def _legend(form: str, labels: Mapping[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda match: labels.get(match[1], ""), form)
