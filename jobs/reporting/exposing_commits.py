"""How far the job's commits have come, as Prometheus reads it: `schemas.metrics.COMMIT_METRICS`."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from iceberg.commit_ages import TableAge
from jobs.reporting.exposing_metrics import metric_family
from schemas.metrics import COMMIT_METRICS
from udfs.aggregating import plain_text

_AGE, _CHECKPOINT, _BEHIND, _REPEATED, _FAULTS = COMMIT_METRICS
_MS_S = Decimal("0.001")


def commit_lines(ages: Sequence[TableAge]) -> Iterator[str]:
    """Yield the lines of what is known of each table."""
    for metric, values in (
        (
            _AGE,
            {
                each.table: plain_text(each.age_ms * _MS_S)
                for each in ages
                if each.age_ms is not None
            },
        ),
        (_CHECKPOINT, {each.table: each.last.checkpoint_id for each in ages if each.last}),
        (_BEHIND, {each.table: each.behind for each in ages}),
        (_REPEATED, {each.table: len(each.repeated) for each in ages}),
    ):
        samples = [({"table": table}, str(value)) for table, value in values.items()]
        yield from metric_family(metric.name, metric.doc, samples)


def fault_lines(faults: int) -> Iterator[str]:
    """Yield the lines of the number of faults."""
    yield from metric_family(_FAULTS.name, _FAULTS.doc, [({}, str(faults))])
