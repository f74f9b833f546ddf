"""Shapes as plain values and back: what YAML files say of prices, and the JSON that tables keep.

A field is a member of the same name. A decimal is text (a whole number may be an integer), an
instant RFC 3339 text without the field's `_us`, pairs of a name and a value are an object ordered
by name, and one of several shapes has a member `type` with its name. What has its default, and what
is None, is left out: a shape that gains a field with a default keeps the texts it had.
"""

from __future__ import annotations

import json
from dataclasses import is_dataclass
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from typing import Any, get_args

from schemas.instant import to_text
from schemas.shape_fields import (
    default_of,
    hints_of,
    member_name,
    options_of,
    pair_value_type,
    type_name_of,
)


def encode_shape(shape: object) -> str:
    """Return a shape's canonical JSON text: equal shapes have one text, others another."""
    return json.dumps(to_plain(shape), separators=(",", ":"), ensure_ascii=False)


def content_fingerprint(text: str) -> str:
    """Return the fingerprint of a canonical text: 32 hex digits."""
    return blake2b(text.encode(), digest_size=16).hexdigest()


def to_plain(shape: object) -> dict[str, Any]:
    """Return a shape as plain values, members in the order of its fields."""
    plain: dict[str, Any] = {}
    hints = hints_of(type(shape))
    for name, hint in hints.items():
        value = getattr(shape, name)
        if value is None or value == default_of(type(shape), name):
            continue
        is_instant = name.endswith("_us")
        plain[member_name(name)] = to_text(value) if is_instant else _plain(value, hint)
    return plain


def _plain(value: Any, hint: Any) -> Any:
    options = options_of(hint)
    if len(options) > 1:
        return {"type": type_name_of(type(value)), **to_plain(value)}
    if is_dataclass(value):
        return to_plain(value)
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, tuple):
        (inner, _) = get_args(options[0])
        if pair_value_type(options[0]) is None:
            return [_plain(each, inner) for each in value]
        assert list(value) == sorted(dict(value).items()), value
        return dict(value)
    return value.value if isinstance(value, StrEnum) else value


def decimal_text(value: Decimal) -> str:
    """Return a number without exponent, and without zeros that say nothing."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text
