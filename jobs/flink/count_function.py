"""Counts the rows of an output as a metric."""

from pyflink.common import Row
from pyflink.datastream import MapFunction, RuntimeContext


class CountRows(MapFunction):
    """Counts the rows of one output as a metric, and passes them on.

    It stands apart from the keyed stage because PyFlink drops what a timer adds to a counter.
    """

    def __init__(self, metric: str) -> None:
        """Keep the metric's name."""
        self._metric = metric

    def open(self, runtime_context: RuntimeContext) -> None:
        """Open the metric."""
        self._rows = runtime_context.get_metrics_group().counter(self._metric)

    def map(self, value: Row) -> Row:
        """Count one row."""
        self._rows.inc()
        return value
