"""The shape of a table's declaration, and what follows from it; plain data, no library."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from schemas.content import Content

ColumnType = Literal[
    "string", "boolean", "int", "long", "timestamptz", "decimal(38,9)", "decimal(38,12)", "binary"
]

FORMAT_VERSION = "format-version"
KEY_PROPERTY = "meterclose.key"

_SQL_TYPES: Mapping[ColumnType, str] = MappingProxyType(
    {
        "string": "STRING",
        "boolean": "BOOLEAN",
        "int": "INT",
        "long": "BIGINT",
        "timestamptz": "TIMESTAMP_LTZ(6)",
        "decimal(38,9)": "DECIMAL(38,9)",
        "decimal(38,12)": "DECIMAL(38,12)",
        "binary": "BYTES",
    }
)

# Rows are only ever appended. Flink commits with each checkpoint, up to 8,640 versions of the
# metadata a day at 10 s: the last 100 stay. Retries cover another writer's commit in between.
_PROPERTIES: Mapping[str, str] = MappingProxyType(
    {
        "commit.retry.max-wait-ms": "10000",
        "commit.retry.min-wait-ms": "100",
        "commit.retry.num-retries": "10",
        FORMAT_VERSION: "2",
        "write.distribution-mode": "none",
        "write.format.default": "parquet",
        "write.metadata.delete-after-commit.enabled": "true",
        "write.metadata.previous-versions-max": "100",
        "write.parquet.compression-codec": "zstd",
        "write.target-file-size-bytes": str(128 * 2**20),
        "write.upsert.enabled": "false",
    }
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, Iceberg type, meaning, and whether every row has a value."""

    name: str
    type: ColumnType
    doc: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the namespace.

    Attributes:
        name: Name inside the namespace.
        doc: What one row is. Stored as the table property `comment`.
        content: What kind of thing it holds, by which roles are given read on it (docs/roles.md).
        columns: The columns in their order.
        key: Natural key: no two distinct rows agree in all of these columns.
        partition_by: The instant whose UTC month is the only partition field. By the day, a year
            that is replayed in minutes leaves 700 small files instead of 28, and is no faster to
            read: within a month, each file's bounds already say what it holds.
    """

    name: str
    doc: str
    content: Content
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition_by: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns in their order."""
        return tuple(column.name for column in self.columns)

    @property
    def identity(self) -> tuple[str, ...]:
        """The columns by which a row that was committed twice is known: its id or its key."""
        return ("row_id",) if "row_id" in self.names else self.key

    @property
    def properties(self) -> dict[str, str]:
        """Every Iceberg table property of this table, ordered by name."""
        own = {"comment": self.doc, KEY_PROPERTY: ",".join(self.key)}
        # Bounds of opaque bytes help no query and make every manifest larger.
        for column in self.columns:
            if column.type == "binary":
                own[f"write.metadata.metrics.column.{column.name}"] = "none"
        return dict(sorted({**_PROPERTIES, **own}.items()))


def sql_columns(table: Table) -> tuple[tuple[str, str], ...]:
    """The table's columns in order, each with its Flink SQL type, such as ("revision", "INT")."""
    return tuple((column.name, _SQL_TYPES[column.type]) for column in table.columns)
