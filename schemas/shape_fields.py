"""The fields of shapes, as plain values need them: types, defaults and names."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints


def hints_of(shape: Any) -> dict[str, Any]:
    """Return the type of each field of a dataclass, in their order."""
    return {name: hint for name, (hint, _) in _fields(shape).items()}


def default_of(shape: Any, name: str) -> Any:
    """Return a field's default; without one, None where it may be None, and ().

    Returns:
        MISSING, if it must be given.
    """
    return _fields(shape)[name][1]


@lru_cache(maxsize=100)
def _fields(shape: Any) -> dict[str, tuple[Any, Any]]:
    """Return type and default of each field of a dataclass."""
    hints = get_type_hints(shape)
    found = {}
    for field in fields(shape):
        hint, default = hints[field.name], field.default
        if default is MISSING and get_origin(hint) is tuple:
            default = ()
        elif default is MISSING and NoneType in get_args(hint):
            default = None
        found[field.name] = hint, default
    return found


def member_name(name: str) -> str:
    """Return what a field is called in plain values."""
    return name.removesuffix("_us")


def options_of(hint: Any) -> tuple[Any, ...]:
    """Return the types of a union, without None; of anything else, itself."""
    if get_origin(hint) not in (Union, UnionType):
        return (hint,)
    return tuple(each for each in get_args(hint) if each is not NoneType)


def type_name_of(shape: type) -> str:
    """Return the name of one of several shapes: `PerUnit` is `per_unit`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", shape.__name__).lower()


def pair_value_type(hint: Any) -> Any:
    """Return the type of the values where a hint is for pairs of name and value, else None."""
    inner = get_args(hint)[0]
    is_pair = get_origin(inner) is tuple and get_args(inner)[0] is str
    return get_args(inner)[1] if is_pair else None
