"""The sinks: tables in Iceberg, committed with the checkpoint, and compacted topics in Kafka."""

from dataclasses import fields

from pyflink.datastream import DataStream
from pyflink.table import StreamTableEnvironment

from iceberg.catalog import flink_catalog_options
from iceberg.table import Table, sql_columns
from jobs.flink.hot_path import kafka_properties, with_options
from jobs.flink.meter_sql import quote, quote_name
from jobs.flink.rows import EmittedRow, sql_type
from jobs.flink.sections import name_section
from jobs.settings import CatalogSettings, KafkaSettings


class IcebergSinks:
    """Adds one sink a table to the plan."""

    def __init__(self, tables: StreamTableEnvironment, catalog: CatalogSettings) -> None:
        """Register the catalog with Flink."""
        self._tables = tables
        # The catalog's name is part of each table's identity in a JDBC catalog.
        self._place = f"{quote_name(catalog.name)}.{quote_name(catalog.namespace)}"
        options = with_options(flink_catalog_options(catalog))
        tables.execute_sql(f"CREATE CATALOG {quote_name(catalog.name)} WITH ({options})")

    def add_query(self, table: Table, select: str) -> None:
        """Append the rows of a query, whose columns are the table's in their order."""
        # The uid of the sink itself: its committer is found again after a restore.
        hint = f"/*+ OPTIONS('uid-suffix' = '{table.name}') */"
        place = f"{self._place}.`{table.name}` {hint}"
        _insert(self._tables, f"sink_{table.name}", place, select)

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


class KafkaSinks:
    """Adds one sink a compacted topic to the plan: the last row of each key stands."""

    def __init__(self, tables: StreamTableEnvironment, kafka: KafkaSettings) -> None:
        """Keep where to."""
        self._tables, self._kafka = tables, kafka

    def add_stream(
        self,
        topic: str,
        name: str,
        rows: tuple[DataStream, type[EmittedRow]],
        key: tuple[str, ...],
        job_version: str,
    ) -> None:
        """Write the rows of a stream as JSON, at least once; instants are RFC 3339.

        Args:
            topic: Where to.
            name: What the sink's operators are called by.
            rows: The stream, and the shape of its rows.
            key: The columns that make the key of a record.
            job_version: Goes into the last column.
        """
        stream, shape = rows
        view, table = f"{name}_topic_rows", f"{name}_topic"
        self._tables.create_temporary_view(view, stream)
        columns, values = [], []
        for field in fields(shape):
            column = field.name.removesuffix("_us")
            columns.append(f"`{column}` {sql_type(column)}")
            is_instant = field.name.endswith("_us")
            values.append(_rfc_3339(f"`{column}`") if is_instant else f"`{column}`")
        columns += ["`job_version` STRING", f"PRIMARY KEY ({', '.join(key)}) NOT ENFORCED"]
        options = with_options(self._options(topic))
        self._tables.execute_sql(
            f"CREATE TEMPORARY TABLE {table} ({', '.join(columns)}) WITH ({options})"
        )
        # Names are those of the shapes, not input.
        select = f"SELECT {', '.join(values)}, {quote(job_version)} FROM {view}"  # noqa: S608
        _insert(self._tables, f"sink_{table}", table, select)

    def _options(self, topic: str) -> dict[str, str]:
        return {
            "connector": "upsert-kafka",
            "topic": topic,
            "key.format": "json",
            "value.format": "json",
            "sink.delivery-guarantee": "at-least-once",
            **kafka_properties(self._kafka),
        }


def _insert(tables: StreamTableEnvironment, section: str, place: str, select: str) -> None:
    name_section(tables, section)
    statements = tables.create_statement_set()
    statements.add_insert_sql(f"INSERT INTO {place} {select}")
    statements.attach_as_datastream()


def _rfc_3339(instant: str) -> str:
    """Return the SQL of an instant as `schemas.instant.to_text` writes it."""
    return f"REPLACE(REPLACE({instant}, ' ', 'T'), '.000000', '') || 'Z'"
