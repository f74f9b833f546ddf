"""Rows of tables as shapes: field for column, instants as microseconds, without `job_version`."""

from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Any, TypeVar, get_type_hints

from schemas.instant import EPOCH, MICROSECOND, to_us

Shape = TypeVar("Shape")


def read_shape(shape: type[Shape], row: Mapping[str, Any]) -> Shape:
    """Return a row as a dataclass whose instants have the column's name and `_us`.

    Args:
        shape: Such as `schemas.usage_row.ExpiredUsage`.
        row: Values by column; a null truth value is false.

    Raises:
        ValueError: A text is none of the field's closed list.
    """
    types = get_type_hints(shape)
    values = {name: _read(name, types[name], row) for name in types}
    return shape(**values)


def write_shape(row: Any, job_version: str) -> dict[str, object]:
    """Return a dataclass as a row: values by column."""
    values: dict[str, object] = {}
    for field in fields(row):
        value = getattr(row, field.name)
        if field.name.endswith("_us") and value is not None:
            value = EPOCH + value * MICROSECOND
        elif isinstance(value, StrEnum):
            value = value.value
        values[field.name.removesuffix("_us")] = value
    return {**values, "job_version": job_version}


def _read(name: str, of_type: Any, row: Mapping[str, Any]) -> Any:
    value = row[name.removesuffix("_us")]
    if name.endswith("_us"):
        return None if value is None else to_us(value)
    if isinstance(of_type, type) and issubclass(of_type, StrEnum):
        return of_type(value)
    return bool(value) if of_type is bool else value
