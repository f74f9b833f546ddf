"""A small job for the cluster's tests: sums the numbers 1 to N in Python keyed state.

Run as `summing_job N OUTPUT`; it writes the running total after each number, about 500 a second,
to files in the folder OUTPUT, each exactly once.
"""

import sys
from collections.abc import Iterator

from pyflink.common import Row, Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext, StreamExecutionEnvironment
from pyflink.datastream.state import ValueStateDescriptor
from pyflink.table import DataTypes, Schema, StreamTableEnvironment

_SOURCE = """
CREATE TABLE numbers (n BIGINT) WITH (
  'connector' = 'datagen', 'rows-per-second' = '500',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '{last}'
)"""

_SINK = """
CREATE TABLE totals (total BIGINT) WITH (
  'connector' = 'filesystem', 'path' = '{output}', 'format' = 'csv'
)"""


class RunningTotal(KeyedProcessFunction):
    """Adds each number to the total kept in state."""

    def open(self, runtime_context: RuntimeContext) -> None:
        """Register the state."""
        self._total = runtime_context.get_state(ValueStateDescriptor("total", Types.LONG()))

    def process_element(self, value: Row, ctx: KeyedProcessFunction.Context) -> Iterator[Row]:
        """Emit the new total."""
        total = (self._total.value() or 0) + value[0]
        self._total.update(total)
        yield Row(total)


def main() -> None:
    """Build and submit the job."""
    last, output = sys.argv[1:]
    if int(last) < 1:
        raise ValueError(f"N: expected 1 or more, found {last}")
    env = StreamExecutionEnvironment.get_execution_environment()
    env.enable_checkpointing(500)
    tables = StreamTableEnvironment.create(env)
    tables.execute_sql(_SOURCE.format(last=last))
    tables.execute_sql(_SINK.format(output=output))
    totals = (
        tables.to_data_stream(tables.from_path("numbers"))
        .key_by(lambda row: 0, Types.INT())
        .process(RunningTotal(), Types.ROW_NAMED(["total"], [Types.LONG()]))
        .uid("running-total")
    )
    schema = Schema.new_builder().column("total", DataTypes.BIGINT()).build()
    tables.from_data_stream(totals, schema).execute_insert("totals")


if __name__ == "__main__":
    main()
