"""Rows of the pricing job at the border between SQL and the rules.

SQL hands a row over as a JSON array of texts: the table's name, then the columns in the order of
the shape's fields. Decimals and instants as text survive every coder exactly.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, get_args, get_type_hints

from pyflink.common import Row, Types
from pyflink.common.typeinfo import RowTypeInfo

from iceberg.charge_tables import CHARGES
from iceberg.table import sql_columns
from jobs.flink.rows import instant_text
from schemas.account import decode_account
from schemas.account_rows import AccountRows, RefusedAccount
from schemas.brought_back_usage import BroughtBackUsage
from schemas.charge import Charge
from schemas.contract import Contract, CreditGrant, OneOffFee
from schemas.instant import to_us
from schemas.plain_form_reader import decode_shape
from schemas.usage_row import ClosedUsage, UsageCorrection
from schemas.usage_window import UsageWindow

ROW_SHAPES: Mapping[str, type[Any]] = {
    "closed_usage": ClosedUsage,
    "usage_corrections": UsageCorrection,
    "brought_back_usage": BroughtBackUsage,
    "metering_windows": UsageWindow,
    "charges": Charge,
}
"""Tables whose rows come column for column, with their shapes."""
CONTENT_SHAPES: Mapping[str, type[Any]] = {
    "contracts": Contract,
    "credit_grants": CreditGrant,
    "one_off_fees": OneOffFee,
}
"""Tables whose rows come as the text of their content, with its shape."""
ACCOUNTS = "accounts"
"""Rows of this table come as offset and terms."""

GATHERED = Types.ROW_NAMED(["account_id", "contents"], [Types.STRING(), Types.STRING()])
"""An account and its rows, one a line."""
SPAN = Types.ROW_NAMED(
    ["account_id", "since", "until"], [Types.STRING(), Types.STRING(), Types.STRING()]
)
"""A billing period whose windows are priced."""
OUTCOME = Types.ROW_NAMED(["charges", "refusal"], [Types.LONG(), Types.STRING()])
"""Of an account that was looked at: how many charges it gets, and why it gets none, or null."""

_TYPES = {"BIGINT": Types.LONG(), "INT": Types.INT()}
_FIELDS = {
    "closed_usage": "closed",
    "usage_corrections": "corrections",
    "brought_back_usage": "brought_back",
    "metering_windows": "windows",
    "charges": "before",
    "credit_grants": "grants",
}
_STEP_DIGITS = 2
_SEPARATOR = "\x1f"


def charge_type() -> RowTypeInfo:
    """Return the Flink type of a charge: instants and decimals are text."""
    columns = sql_columns(CHARGES)
    types = [_TYPES.get(sql_type, Types.STRING()) for _, sql_type in columns]
    return Types.ROW_NAMED([name for name, _ in columns], types)


def write_charge(charge: Charge) -> Row:
    """Return a charge as a row of `charge_type`."""
    return Row(*(_write(field.name, getattr(charge, field.name)) for field in fields(charge)))


def write_refusal(refused: RefusedAccount) -> str:
    """Return a refusal as text; the least of some is what a run by tables would have found."""
    order = f"{refused.step:0{_STEP_DIGITS}}{refused.account_id}{_SEPARATOR}"
    return order + json.dumps([refused.step, refused.account_id, refused.error, refused.line])


def read_refusal(text: str) -> RefusedAccount:
    """Return the refusal of a text of `write_refusal`."""
    return RefusedAccount(*json.loads(text.rpartition(_SEPARATOR)[2]))


def read_account(account_id: str, contents: Iterable[str]) -> AccountRows:
    """Return an account's rows from their texts."""
    rows: dict[str, list[Any]] = {}
    terms: dict[int, str] = {}
    for text in contents:
        name, *values = json.loads(text)
        if name == ACCOUNTS:
            # An account's records stand in one partition, as they have one key.
            terms[int(values[0])] = values[1]
        else:
            rows.setdefault(_FIELDS.get(name, name), []).append(_READERS[name](values))
    found = {name: tuple(each) for name, each in rows.items()}
    if terms:
        account = decode_account(terms[max(terms)].encode())
        return AccountRows(account_id, account.terms, **found)
    return AccountRows(account_id, **found)


def _write(name: str, value: Any) -> Any:
    if name.endswith("_us"):
        return instant_text(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value) if isinstance(value, StrEnum) else value


def _shape_reader(shape: type[Any]) -> Callable[[list[str | None]], Any]:
    """Return a function that reads a row's texts as a shape."""
    readers = [_value_reader(name, hint) for name, hint in get_type_hints(shape).items()]

    def read(values: list[str | None]) -> Any:
        return shape(
            *(
                None if text is None else reader(text)
                for reader, text in zip(readers, values, strict=True)
            )
        )

    return read


def _value_reader(name: str, hint: Any) -> Callable[[str], Any]:
    if isinstance(hint, UnionType):
        (hint,) = (each for each in get_args(hint) if each is not NoneType)
    if name.endswith("_us"):
        return _read_instant
    return _read_truth if hint is bool else hint


def _read_instant(text: str) -> int:
    return to_us(datetime.fromisoformat(text).replace(tzinfo=UTC))


def _read_truth(text: str) -> bool:
    return text == "TRUE"


def _content_reader(shape: type[Any]) -> Callable[[list[str | None]], Any]:
    return lambda values: decode_shape(shape, values[0] or "")


_READERS: dict[str, Callable[[list[str | None]], Any]] = {
    **{name: _shape_reader(shape) for name, shape in ROW_SHAPES.items()},
    **{name: _content_reader(shape) for name, shape in CONTENT_SHAPES.items()},
}
