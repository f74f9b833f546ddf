"""Makes the tables of a catalog what their declaration says, or refuses in one line."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table as IcebergTable
from pyiceberg.transforms import MonthTransform
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DecimalType,
    IntegerType,
    LongType,
    NestedField,
    PrimitiveType,
    StringType,
    TimestamptzType,
)

from iceberg.table import FORMAT_VERSION, ColumnType, Table
from iceberg.tables import TABLES

_ICEBERG_TYPES: Mapping[ColumnType, PrimitiveType] = MappingProxyType(
    {
        "string": StringType(),
        "boolean": BooleanType(),
        "int": IntegerType(),
        "long": LongType(),
        "timestamptz": TimestamptzType(),
        "decimal(38,9)": DecimalType(38, 9),
        "decimal(38,12)": DecimalType(38, 12),
        "binary": BinaryType(),
    }
)


class TableConflictError(Exception):
    """An existing table contradicts its declaration; one line with table, expected and found."""


class Outcome(StrEnum):
    """What became of one table."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class TableChange:
    """What was done to one table; `details` says each change, in the declaration's order."""

    table: str
    outcome: Outcome
    details: tuple[str, ...] = ()


def iceberg_schema(table: Table) -> Schema:
    """Return the Iceberg schema of a declared table, field ids from 1 in column order."""
    return Schema(
        *(
            NestedField(
                field_id=field_id,
                name=column.name,
                field_type=_ICEBERG_TYPES[column.type],
                required=column.required,
                doc=column.doc,
            )
            for field_id, column in enumerate(table.columns, start=1)
        )
    )


def partition_spec(table: Table) -> PartitionSpec:
    """Return the Iceberg partition spec of a declared table: by month of one column."""
    source_id = iceberg_schema(table).find_field(table.partition_by).field_id
    name = f"{table.partition_by}_month"
    return PartitionSpec(PartitionField(source_id, 1000, MonthTransform(), name))


def make_tables(catalog: Catalog, namespace: str) -> tuple[TableChange, ...]:
    """Create or change the namespace and every declared table, or none of them on a conflict.

    Raises:
        TableConflictError: See `make_table`.
    """
    catalog.create_namespace_if_not_exists(namespace)
    for table in TABLES:
        with suppress(NoSuchTableError):
            check_table(catalog.load_table((namespace, table.name)), table)
    return tuple(make_table(catalog, namespace, table) for table in TABLES)


def check_tables(catalog: Catalog, namespace: str, tables: Sequence[Table] = TABLES) -> None:
    """Raise a TableConflictError for the first table that is missing or not as declared.

    A program that reads few tables names them, so that who may read no others can run it.
    """
    for table in tables:
        check_declared(catalog, namespace, table)


def check_declared(catalog: Catalog, namespace: str, table: Table) -> IcebergTable:
    """Return a table that is there and as declared; raise a TableConflictError otherwise."""
    remedy = "; run python -m jobs.create_tables"
    try:
        existing = catalog.load_table((namespace, table.name))
    except NoSuchTableError:
        raise TableConflictError(
            f"table {table.name}, namespace {namespace}: expected one, found none{remedy}"
        ) from None
    check_table(existing, table)
    fields = {field.name: field for field in existing.schema().fields}
    for column in table.columns:
        if column.name in fields and fields[column.name].required != column.required:
            raise _conflict(table, f"{column.name} optional", f"required{remedy}")
    missing = set(table.names).difference(existing.schema().column_names)
    if missing:
        raise _conflict(table, f"the column {min(missing)}", f"none{remedy}")
    return existing


def make_table(catalog: Catalog, namespace: str, table: Table) -> TableChange:
    """Create a missing table, or bring an existing one up to its declaration.

    Idempotent: a second call changes nothing. Optional columns, docs and properties are added,
    columns made optional; properties that the declaration does not name are left as they are.

    Raises:
        TableConflictError: The change would need a rewrite, or lose what older rows say.
    """
    identifier = (namespace, table.name)
    try:
        existing = catalog.load_table(identifier)
    except NoSuchTableError:
        catalog.create_table(
            identifier,
            schema=iceberg_schema(table),
            partition_spec=partition_spec(table),
            properties=table.properties,
        )
        return TableChange(table.name, Outcome.CREATED)
    check_table(existing, table)
    details = _evolve(existing, table)
    return TableChange(table.name, Outcome.CHANGED if details else Outcome.UNCHANGED, details)


def check_table(existing: IcebergTable, table: Table) -> None:
    """Raise a TableConflictError where no compatible change leads to the declaration."""
    version = table.properties[FORMAT_VERSION]
    if f"{existing.format_version}" != version:
        raise _conflict(table, f"format version {version}", f"{existing.format_version}")
    fields = {field.name: field for field in existing.schema().fields}
    for column in table.columns:
        field = fields.get(column.name)
        if field is None:
            if column.required:
                raise _conflict(table, f"the required column {column.name}", "none")
        elif field.field_type != _ICEBERG_TYPES[column.type]:
            raise _conflict(table, f"{column.name} as {column.type}", f"{field.field_type}")
        elif column.required and not field.required:
            raise _conflict(table, f"{column.name} required", "optional")
    shared = [column.name for column in table.columns if column.name in fields]
    if list(fields) != shared:
        raise _conflict(table, f"the columns {', '.join(shared)}", ", ".join(fields))
    if existing.schema().identifier_field_ids:
        names_found = sorted(existing.schema().identifier_field_names())
        raise _conflict(table, "no identifier fields", ", ".join(names_found))
    partition = ", ".join(
        f"{field.transform}({existing.schema().find_column_name(field.source_id)})"
        for field in existing.spec().fields
    )
    if partition != f"month({table.partition_by})":
        raise _conflict(table, f"partition month({table.partition_by})", partition or "none")


def _evolve(existing: IcebergTable, table: Table) -> tuple[str, ...]:
    """Apply the compatible differences in one commit, and return what they were."""
    fields = {field.name: field for field in existing.schema().fields}
    properties = find_other_properties(existing, table)
    details = []
    with existing.transaction() as transaction:
        with transaction.update_schema() as schema:
            for place, column in enumerate(table.columns):
                if column.name not in fields:
                    schema.add_column(column.name, _ICEBERG_TYPES[column.type], doc=column.doc)
                    # An INSERT without names goes by position: keep the declared order.
                    if place:
                        schema.move_after(column.name, table.columns[place - 1].name)
                    else:
                        schema.move_first(column.name)
                    details.append(f"added column {column.name}")
                    continue
                if fields[column.name].doc != column.doc:
                    schema.update_column(column.name, doc=column.doc)
                    details.append(f"changed the doc of {column.name}")
                if fields[column.name].required and not column.required:
                    schema.make_column_optional(column.name)
                    details.append(f"made {column.name} optional")
        if properties:
            transaction.set_properties(properties)
            details += [f"set {key}" for key in properties]
    return tuple(details)


def find_other_properties(existing: IcebergTable, table: Table) -> dict[str, str]:
    """Return the declared properties that a table lacks or has with another value."""
    return {
        key: value
        for key, value in table.properties.items()
        if key != FORMAT_VERSION and existing.properties.get(key) != value
    }


def _conflict(table: Table, expected: str, found: str) -> TableConflictError:
    return TableConflictError(f"table {table.name}: expected {expected}, found {found}")
