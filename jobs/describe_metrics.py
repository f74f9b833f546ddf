"""Prints the catalogue of metrics for docs/metrics.md: all that dashboards and alerts may use.

python -m jobs.describe_metrics
"""

import argparse
import sys
from collections.abc import Iterator, Sequence

from jobs.service_levels.rendering_prometheus import level_metrics
from schemas.metric import Metric, MetricSource
from schemas.metrics import BUSINESS_METRICS, COMMIT_METRICS, FLINK_METRICS, JOB_METRICS

CATALOGUE: tuple[Metric, ...] = (
    *JOB_METRICS,
    *FLINK_METRICS,
    *COMMIT_METRICS,
    *BUSINESS_METRICS,
    *level_metrics(),
)
"""Every metric, by who tells it."""


def describe_metrics() -> str:
    """Return the catalogue as Markdown; it ends with a line feed."""
    return "\n".join(_sections())


def _sections() -> Iterator[str]:
    for source in MetricSource:
        rows = "".join(
            f"| `{each.name}` | {each.kind} | {each.unit} | {_labels(each)} | {each.doc} |\n"
            for each in CATALOGUE
            if each.source is source
        )
        head = "| metric | kind | unit | labels | what it tells |\n|---|---|---|---|---|\n"
        yield f"### Told by {source}\n\n{head}{rows}"


def _labels(metric: Metric) -> str:
    return ", ".join(f"`{label}`" for label in metric.labels)


def main(arguments: Sequence[str]) -> int:
    """Print the catalogue; return the exit code."""
    argparse.ArgumentParser(
        prog="describe_metrics", description=(__doc__ or "").split("\n")[0]
    ).parse_args(arguments)
    print(describe_metrics(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
