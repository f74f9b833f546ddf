"""The one text of rows of usage: two programs that have the same rows print the same bytes.

A row is a JSON object in ASCII, members in the order of their names, without spaces. Quantities are
texts without exponent and needless zeros, instants RFC 3339 in UTC. Lines are sorted as bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from schemas.instant import to_text, to_us
from udfs.aggregating import plain_text

ROW_COLUMNS = (
    "account_id",
    "meter_id",
    "dimensions",
    "period_start",
    "period_end",
    "timezone",
    "aggregation",
    "unit",
    "revision",
    "quantity",
    "quantity_delta",
    "breakdown",
    "event_count",
    "event_count_delta",
    "cut",
    "correction_end",
    "first_event_time",
    "last_event_time",
    "first_log_time",
    "last_log_time",
    "terms_version",
)
"""What a row says; ids and the program's version are left out, as they are not usage."""

_encode = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode


def row_line(row: Mapping[str, object]) -> str:
    """Return a row as a line, without its end.

    Args:
        row: Has a value for each of `ROW_COLUMNS`; instants are aware datetimes.
    """
    return _encode({name: _plain(row[name]) for name in ROW_COLUMNS})


def row_lines(rows: Iterable[Mapping[str, object]]) -> list[str]:
    """Return rows as sorted lines."""
    return sorted(map(row_line, rows))


def lines_hash(lines: Iterable[str]) -> str:
    """Return SHA-256 over lines, each with a line feed behind it: 64 hex digits."""
    hashed = sha256()
    for line in lines:
        hashed.update(f"{line}\n".encode("ascii"))
    return hashed.hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return plain_text(value)
    if isinstance(value, datetime):
        return to_text(to_us(value))
    assert value is None or isinstance(value, str | int), f"expected a plain value, found {value!r}"
    return value
