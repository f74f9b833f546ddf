"""Reads shapes from the plain values that `schemas.plain_form` describes, strictly."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import MISSING, is_dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar, get_args, get_origin

from schemas.instant import to_us
from schemas.plain_form import decimal_text
from schemas.shape_fields import (
    default_of,
    hints_of,
    member_name,
    options_of,
    pair_value_type,
    type_name_of,
)
from schemas.terms_record import show

Steps = tuple[str | int, ...]
"""The way to a value: names of members and places in lists."""
Shape = TypeVar("Shape")

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,19})(?:\.[0-9]{1,18})?", re.ASCII)
_TEXT = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,256}")
_PLAIN_NAME = re.compile(r"[\w -]{1,60}")
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
_INSTANT = re.compile(rf"{_DATE}(?:{_TIME}(Z|[+-][0-9]{{2}}:[0-9]{{2}})?)?", re.ASCII)
_GREATEST_INT = 2**31 - 1


class PlainFormError(ValueError):
    """A plain value is no such shape; the message is one line `where: expected, found`.

    Attributes:
        steps: The way to the value.
        expected: What it should be.
        found: What it is.
    """

    def __init__(self, steps: Steps, expected: str, found: str) -> None:
        """Keep the parts and join them to one line."""
        super().__init__(f"{steps_text(steps) or 'value'}: expected {expected}, found {found}")
        self.steps, self.expected, self.found = steps, expected, found


def steps_text(steps: Steps) -> str:
    """Return the way to a value as it is read, such as `prices[0].model.tiers`."""
    texts = (f"[{step}]" if isinstance(step, int) else f".{_word(step)}" for step in steps)
    return "".join(texts).removeprefix(".")


def _word(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else show(name)


def decode_shape(shape: type[Shape], text: str) -> Shape:
    """Read a shape back from its canonical JSON text.

    Raises:
        PlainFormError: The text is damaged.
    """
    try:
        plain = json.loads(text)
    except ValueError as error:
        raise PlainFormError((), "JSON", str(error)) from None
    return from_plain(shape, plain)


def from_plain(
    shape: type[Shape], plain: object, zone: tzinfo | None = None, steps: Steps = ()
) -> Shape:
    """Read a shape from plain values; members that it does not know are refused.

    Args:
        shape: A dataclass.
        plain: What JSON or YAML was read as.
        zone: Whose wall clock shows the instants without an offset; None: they are refused.
        steps: The way to `plain`.

    Raises:
        PlainFormError: The first value that does not fit.
    """
    members = _object(plain, steps)
    hints = hints_of(shape)
    known = {member_name(name): name for name in hints}
    for member in members:
        if member not in known:
            raise PlainFormError((*steps, member), f"one of {', '.join(known)}", show(member))
    values: dict[str, Any] = {}
    for member, name in known.items():
        default = default_of(shape, name)
        if member in members:
            at = (*steps, member)
            if members[member] is None and default is None:
                values[name] = None
            elif name.endswith("_us"):
                values[name] = _read_instant(members[member], zone, at)
            else:
                values[name] = _read(hints[name], members[member], zone, at)
        elif default is MISSING:
            raise PlainFormError((*steps, member), "a value", "nothing")
        else:
            values[name] = default
    return shape(**values)


def _read(hint: Any, plain: Any, zone: tzinfo | None, steps: Steps) -> Any:
    (of_type, *others) = options = options_of(hint)
    if others:
        return _read_one_of(options, plain, zone, steps)
    if get_origin(of_type) is tuple:
        value_type = pair_value_type(of_type)
        if value_type is None:
            inner = get_args(of_type)[0]
            listed = _list(plain, steps)
            return tuple(_read(inner, each, zone, (*steps, n)) for n, each in enumerate(listed))
        members = _object(plain, steps)
        names = [_read(str, name, zone, (*steps, name)) for name in sorted(members)]
        return tuple(
            (name, _read(value_type, members[name], zone, (*steps, name))) for name in names
        )
    if is_dataclass(of_type):
        assert isinstance(of_type, type)
        return from_plain(of_type, plain, zone, steps)
    return _read_simple(of_type, plain, steps)


def _read_one_of(
    options: tuple[type, ...], plain: Any, zone: tzinfo | None, steps: Steps
) -> object:
    members = _object(plain, steps)
    by_name = {type_name_of(each): each for each in options}
    name = members.get("type")
    if not isinstance(name, str) or name not in by_name:
        found = show(name) if "type" in members else "nothing"
        raise PlainFormError((*steps, "type"), f"one of {', '.join(by_name)}", found)
    rest = {member: members[member] for member in members if member != "type"}
    return from_plain(by_name[name], rest, zone, steps)


def _read_simple(of_type: type, plain: Any, steps: Steps) -> object:
    if of_type is Decimal:
        is_whole = isinstance(plain, int) and not isinstance(plain, bool)
        text = str(plain) if is_whole or isinstance(plain, str) else ""
        if not _NUMBER.fullmatch(text):
            expected = (
                "a whole number, or text such as '0.05', of at most 20 digits and 18 decimals"
            )
            raise PlainFormError(steps, expected, show(plain))
        return Decimal(decimal_text(Decimal(text)))
    if issubclass(of_type, StrEnum):
        if plain not in [*of_type]:
            raise PlainFormError(steps, f"one of {', '.join(of_type)}", show(plain))
        return of_type(plain)
    if of_type is bool:
        if not isinstance(plain, bool):
            raise PlainFormError(steps, "true or false", show(plain))
    elif of_type is int:
        if type(plain) is not int or abs(plain) > _GREATEST_INT:
            expected = f"a whole number of at most {_GREATEST_INT}"
            raise PlainFormError(steps, expected, show(plain))
    elif not isinstance(plain, str) or not _TEXT.fullmatch(plain):
        raise PlainFormError(steps, "text of 1 to 256 characters in one line", show(plain))
    return plain


def _read_instant(plain: Any, zone: tzinfo | None, steps: Steps) -> int:
    match = _INSTANT.fullmatch(plain) if isinstance(plain, str) else None
    try:
        moment = datetime.fromisoformat(plain) if match else None
    except ValueError:
        moment = None
    if moment is not None and moment.tzinfo is None and zone is not None:
        moment = moment.replace(tzinfo=zone)
    if moment is None or moment.tzinfo is None:
        expected = "an instant as 2013-07-01T00:00:00Z"
        if zone is not None:
            expected += ", or a time of the zone as 2013-07-01 or 2013-07-01T00:00"
        elif moment is not None:
            expected += ", or beside it a `timezone`"
        raise PlainFormError(steps, expected, show(plain))
    if not 1 < moment.year < 9999:  # at the ends, other zones' clocks have no such time
        raise PlainFormError(steps, "a year from 2 to 9998", show(plain))
    return to_us(moment)


def _object(plain: Any, steps: Steps) -> Mapping[str, Any]:
    if not isinstance(plain, dict):
        raise PlainFormError(steps, "names and values", show(plain))
    for name in plain:
        if not isinstance(name, str):
            raise PlainFormError(steps, "names that are text", show(name))
    return plain


def _list(plain: Any, steps: Steps) -> list[Any]:
    if not isinstance(plain, list):
        raise PlainFormError(steps, "a list", show(plain))
    return plain
