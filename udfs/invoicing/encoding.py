"""Invoices as canonical JSON: the same invoice gives the same bytes, and they give it back."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from functools import cache
from types import NoneType
from typing import Any, cast, get_args, get_origin, get_type_hints

from schemas.invoice import Invoice
from udfs.aggregating import plain_text


class InvoiceFormatError(Exception):
    """Bytes are no invoice; one line with the place, expected and found."""


def encode_invoice(invoice: Invoice) -> bytes:
    """Return an invoice as JSON in UTF-8: members in the order of the shapes, no spaces.

    Decimals and fractions are text, so nothing is lost; instants are whole microseconds.
    """
    shape = _encode(invoice)
    return json.dumps(shape, separators=(",", ":"), ensure_ascii=False).encode()


def decode_invoice(encoded: bytes) -> Invoice:
    """Read an invoice.

    Raises:
        InvoiceFormatError: They are not an invoice, member for member.
    """
    try:
        shape = json.loads(encoded)
    except (ValueError, RecursionError) as error:
        raise InvoiceFormatError(f"invoice: expected JSON in UTF-8, found {error}") from None
    return cast(Invoice, _decode(Invoice, shape, "invoice"))


def _encode(value: Any) -> Any:
    if is_dataclass(value):
        return {each.name: _encode(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [_encode(each) for each in value]
    if isinstance(value, Decimal):
        return plain_text(value)
    if isinstance(value, Fraction):
        return str(value)
    return value


def _decode(kind: Any, value: Any, where: str) -> Any:
    if get_origin(kind) is tuple:
        members = _expect(list, value, where)
        of = get_args(kind)[0]
        return tuple(_decode(of, each, f"{where}[{n}]") for n, each in enumerate(members))
    if NoneType in get_args(kind):
        (of,) = (each for each in get_args(kind) if each is not NoneType)
        return None if value is None else _decode(of, value, where)
    if is_dataclass(kind):
        return _decode_shape(kind, _expect(dict, value, where), where)
    if kind in (str, int, bool):
        return _expect(kind, value, where)
    return _decode_text(kind, _expect(str, value, where), where)


def _decode_shape(kind: Any, members: dict[str, Any], where: str) -> Any:
    hints = _hints(kind)
    if list(members) != list(hints):
        wrong = sorted(members.keys() ^ hints.keys()) or ["another order"]
        raise InvoiceFormatError(
            f"{where}: expected the members of {kind.__name__}, found a difference: {wrong[0]}"
        )
    return kind(**{n: _decode(of, members[n], f"{where}.{n}") for n, of in hints.items()})


def _decode_text(kind: Any, text: str, where: str) -> Any:
    assert kind in (Decimal, Fraction) or issubclass(kind, StrEnum), f"no way to read a {kind}"
    try:
        return kind(text)
    except (ValueError, ZeroDivisionError, InvalidOperation):
        found = f"{kind.__name__}, found {text!r}"
        raise InvoiceFormatError(f"{where}: expected a {found}") from None


def _expect(kind: type, value: Any, where: str) -> Any:
    if type(value) is not kind:
        raise InvoiceFormatError(f"{where}: expected {kind.__name__}, found {value!r}")
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
