"""A metric that Prometheus reads of the product: its name, unit, labels and meaning."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class MetricKind(StrEnum):
    """How a value moves."""

    GAUGE = "gauge"
    COUNTER = "counter"


class MetricSource(StrEnum):
    """Who tells it."""

    JOB = "the metering job"
    FLINK = "Flink"
    COMMITS = "jobs.check_commits"
    LEVELS = "jobs.measure_service"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of the catalogue.

    Attributes:
        name: As Prometheus knows it.
        source: Who tells it.
        kind: How it moves. Flink's counters begin at 0 again with each attempt of a task, and its
            reporter calls them gauges.
        unit: Of a value, in the plural.
        labels: Those to ask by, in the order of their use; Flink's reporter adds more.
        doc: What it tells.
    """

    name: str
    source: MetricSource
    kind: MetricKind
    unit: str
    labels: tuple[str, ...]
    doc: str
