"""Sections of the plan: SQL that is translated once and may be read by many.

Flink translates a view again for every sink and every conversion that reads it, sources and
dedupe included, and puts a view's expressions wherever its columns are used. A section ends both:
its rows become a stream of Flink's own row objects, unconverted and chained, and what reads them
reads columns. So the job has one source, one dedupe, and parses each record once.
"""

from typing import Any

from pyflink.java_gateway import get_gateway
from pyflink.table import StreamTableEnvironment

_ROW_TIME = "row_time"


def name_section(tables: StreamTableEnvironment, name: str) -> None:
    """Give the operators translated next uids `name-<id>_<transformation>`.

    Ids start anew here, so an operator added to one section changes no uid in another, and state
    is found after a restore.
    """
    _restart_ids(tables)
    tables.get_config().set("table.exec.uid.format", f"{name}-<id>_<transformation>")


def _restart_ids(tables: StreamTableEnvironment) -> None:
    """Let the ids of the operators translated next begin at 1 again.

    Flink does so itself only for plans that it compiles. Its planner has a class loader of its own,
    so the method is called by reflection.
    """
    gateway = get_gateway()
    loader = tables._j_tenv.getPlanner().getClass().getClassLoader()
    context = loader.loadClass("org.apache.flink.table.planner.plan.nodes.exec.ExecNodeContext")
    no_types = gateway.new_array(gateway.jvm.java.lang.Class, 0)
    no_values = gateway.new_array(gateway.jvm.java.lang.Object, 0)
    context.getMethod("resetIdCounter", no_types).invoke(None, no_values)


def open_section(
    tables: StreamTableEnvironment, name: str, select: str, row_time_sql: str | None = None
) -> None:
    """Register a query as the view `name` and translate it, here and only here.

    Args:
        tables: The table environment.
        name: Name of the view and prefix of its operators' uids.
        select: A query with the column `row_time AS log_time`; the view has its columns, with
            log_time as a plain timestamp, and `row_time` as its time attribute.
        row_time_sql: Where the query has no such column: what `row_time` is instead. Watermarks are
            those of its input all the same.
    """
    name_section(tables, name)
    jvm = get_gateway().jvm
    table = tables.sql_query(select)._j_table
    stream = tables._j_tenv.toDataStream(table, _internal_row_type(jvm, table))
    timestamp = jvm.org.apache.flink.table.api.DataTypes.TIMESTAMP_LTZ(3)
    schema = jvm.org.apache.flink.table.api.Schema.newBuilder()
    if row_time_sql is None:
        schema = schema.columnByMetadata(_ROW_TIME, timestamp, "rowtime", False)
    else:
        schema = schema.columnByExpression(_ROW_TIME, row_time_sql)
    schema = schema.watermark(_ROW_TIME, "SOURCE_WATERMARK()").build()
    tables._j_tenv.createTemporaryView(name, stream, schema)


def _internal_row_type(jvm: Any, table: Any) -> Any:
    """Return the table's row type as Flink's internal rows: converting to it costs nothing."""
    loader = jvm.java.lang.Thread.currentThread().getContextClassLoader()
    row_data = jvm.java.lang.Class.forName("org.apache.flink.table.data.RowData", True, loader)
    return table.getResolvedSchema().toPhysicalRowDataType().bridgedTo(row_data)
