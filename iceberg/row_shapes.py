"""Rows of tables as shapes: field for column, instants as microseconds, without `job_version`."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, cast, get_args, get_type_hints

import pyarrow as pa

from schemas.instant import EPOCH, MICROSECOND, to_text, to_us

Shape = TypeVar("Shape")


def read_shape(shape: type[Shape], row: Mapping[str, Any]) -> Shape:
    """Return a row as a dataclass whose instants have the column's name and `_us`.

    Args:
        shape: Such as `schemas.usage_row.ExpiredUsage`.
        row: Values by column; a null truth value is false.

    Raises:
        ValueError: A text is none of the field's closed list.
    """
    types = _types_of(cast(Hashable, shape))
    values = {name: _read(name, types[name], row) for name in types}
    return shape(**values)


def read_shapes(shape: type[Shape], rows: pa.Table | pa.RecordBatch) -> Iterator[Shape]:
    """Yield Arrow rows as `read_shape` does, column by column, which takes a tenth of the time.

    Raises:
        ValueError: A text is none of the field's closed list.
    """
    types = _types_of(cast(Hashable, shape))
    return map(shape, *(_read_column(name, types[name], rows) for name in types))


def shapes_table(shape: type[Shape], shapes: Sequence[Shape], schema: pa.Schema) -> pa.Table:
    """Return shapes as Arrow rows of a table that has a column for each field, and no other."""
    columns = []
    for name in _types_of(cast(Hashable, shape)):
        values = [getattr(each, name) for each in shapes]
        of_type = schema.field(name.removesuffix("_us")).type
        if name.endswith("_us"):
            columns.append(pa.array(values, pa.int64()).cast(of_type))
        else:
            columns.append(pa.array(values, of_type))
    return pa.Table.from_arrays(columns, schema=schema)


def write_shape(row: Any, job_version: str) -> dict[str, object]:
    """Return a dataclass as a row: values by column, with the version of the program."""
    return {**shape_values(row), "job_version": job_version}


def shape_values(row: Any) -> dict[str, object]:
    """Return a dataclass as a row: values by column, none but its own."""
    values: dict[str, object] = {}
    for field in fields(row):
        value = getattr(row, field.name)
        if field.name.endswith("_us") and value is not None:
            value = EPOCH + value * MICROSECOND
        elif isinstance(value, StrEnum):
            value = value.value
        values[field.name.removesuffix("_us")] = value
    return values


def shown_key(key: Sequence[Any]) -> tuple[object, ...]:
    """Return the values of a key for a line that people read: instants as text."""
    return tuple(to_text(to_us(each)) if isinstance(each, datetime) else each for each in key)


# For each row anew it would take most of the time of reading.
_types_of = cache(get_type_hints)


def _read_column(name: str, of_type: Any, rows: pa.Table | pa.RecordBatch) -> list[Any]:
    column = rows.column(name.removesuffix("_us"))
    if name.endswith("_us"):
        return cast(list[Any], column.cast(pa.int64()).to_pylist())
    values = cast(list[Any], column.to_pylist())
    if (words := _words_of(of_type)) is not None:
        members = {text: None if text is None else words(text) for text in set(values)}
        return [members[text] for text in values]
    return list(map(bool, values)) if of_type is bool else values


def _read(name: str, of_type: Any, row: Mapping[str, Any]) -> Any:
    value = row[name.removesuffix("_us")]
    if name.endswith("_us"):
        return None if value is None else to_us(value)
    if (words := _words_of(of_type)) is not None:
        return None if value is None else words(value)
    return bool(value) if of_type is bool else value


def _words_of(of_type: Any) -> type[StrEnum] | None:
    """Return the closed list of a field's type, which may allow None; None: it has none."""
    for each in get_args(of_type) or (of_type,):
        if isinstance(each, type) and issubclass(each, StrEnum):
            return each
    return None
