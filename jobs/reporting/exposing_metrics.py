"""Metrics in Prometheus' text format, version 0.0.4.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from collections.abc import Iterable, Iterator, Mapping

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""What a server says of the text."""
Sample = tuple[Mapping[str, str], str]
"""Labels in their order, and a value as it is written."""


def metric_family(name: str, doc: str, samples: Iterable[Sample]) -> Iterator[str]:
    """Yield the lines of one gauge with all its samples; none where it has no sample."""
    there = list(samples)
    if not there:
        return
    escaped = doc.replace("\\", "\\\\").replace("\n", "\\n")
    yield f"# HELP {name} {escaped}"
    yield f"# TYPE {name} gauge"
    for labels, value in there:
        text = ",".join(f'{label}="{_escape(value)}"' for label, value in labels.items())
        yield f"{name}{{{text}}} {value}" if text else f"{name} {value}"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
