"""The sinks: every output goes to its Iceberg table, committed with the checkpoint."""

from pyflink.datastream import DataStream
from pyflink.table import StreamTableEnvironment

from iceberg.catalog import flink_catalog_options
from iceberg.table import Table, sql_columns
from jobs.flink.hot_path import with_options
from jobs.flink.meter_sql import quote
from jobs.flink.sections import name_section
from jobs.settings import CatalogSettings


class IcebergSinks:
    """Adds one sink a table to the plan."""

    def __init__(self, tables: StreamTableEnvironment, catalog: CatalogSettings) -> None:
        """Register the catalog with Flink."""
        self._tables = tables
        # The catalog's name is part of each table's identity in a JDBC catalog.
        self._place = f"`{catalog.name}`.`{catalog.namespace}`"
        options = with_options(flink_catalog_options(catalog))
        tables.execute_sql(f"CREATE CATALOG `{catalog.name}` WITH ({options})")

    def add_query(self, table: Table, select: str) -> None:
        """Append the rows of a query, whose columns are the table's in their order."""
        # The uid of the sink itself: its committer is found again after a restore.
        hint = f"/*+ OPTIONS('uid-suffix' = '{table.name}') */"
        name_section(self._tables, f"sink_{table.name}")
        statements = self._tables.create_statement_set()
        statements.add_insert_sql(f"INSERT INTO {self._place}.`{table.name}` {hint} {select}")
        statements.attach_as_datastream()

    def add_stream(self, table: Table, stream: DataStream, job_version: str) -> None:
        """Append the rows of a stream; `job_version` is the table's last column."""
        view = f"{table.name}_rows"
        self._tables.create_temporary_view(view, stream)
        columns = [
            f"CAST(`{name}` AS {sql_type}) AS `{name}`"
            for name, sql_type in sql_columns(table)
            if name != "job_version"
        ]
        columns.append(quote(job_version))
        # Names are those of the declared tables, not input.
        self.add_query(table, f"SELECT {', '.join(columns)} FROM {view}")  # noqa: S608
