"""The one text of a leaf and of a row: what is hashed, so that anybody can write it again.

Both are JSON arrays in ASCII without spaces, as the ledger's chain has them. Quantities are texts
without exponent and needless zeros, instants RFC 3339 in UTC.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from schemas.instant import to_text
from schemas.seal import SEAL_ALGORITHM, SealedEvent, SealedRow
from udfs.aggregating import plain_text

_ROW = b"\x02"
_encode = json.JSONEncoder(separators=(",", ":")).encode

LEAF_MEMBERS = (
    "source",
    "id",
    "fingerprint",
    "kafka_partition",
    "kafka_offset",
    "batch_index",
    "quantity",
)
"""What a leaf's text lists."""

ROW_MEMBERS = (
    "algorithm",
    "row_id",
    "account_id",
    "meter_id",
    "dimensions",
    "period_start",
    "period_end",
    "revision",
    "quantity",
    "unit",
    "event_count",
)
"""What a row's text lists."""

Identity = tuple[str, str]
"""Source and id; compared by Unicode code points, which is the order of their UTF-8, too."""


def leaf_text(event: SealedEvent) -> str:
    """Return the text of a leaf, members as in `LEAF_MEMBERS`."""
    return _encode(
        [
            event.source,
            event.event_id,
            event.fingerprint,
            event.kafka_partition,
            event.kafka_offset,
            event.batch_index,
            plain_text(event.quantity),
        ]
    )


def row_text(row: SealedRow) -> str:
    """Return the text of a row, members as in `ROW_MEMBERS`."""
    return _encode(
        [
            SEAL_ALGORITHM,
            row.row_id,
            row.account_id,
            row.meter_id,
            row.dimensions,
            to_text(row.period_start_us),
            to_text(row.period_end_us),
            row.revision,
            plain_text(row.quantity),
            row.unit,
            row.event_count,
        ]
    )


def seal_root(row: str, tree: bytes) -> str:
    """Return the root of a seal: 64 hex digits over the root of the tree and the row's text."""
    return sha256(_ROW + tree + row.encode("ascii")).hexdigest()


def read_leaf(text: str) -> Identity | None:
    """Return the identity that a leaf's text names; None: it is no canonical leaf."""
    members = _members(text, len(LEAF_MEMBERS))
    if members is None or not (isinstance(members[0], str) and isinstance(members[1], str)):
        return None
    return members[0], members[1]


def read_row(text: str) -> tuple[Any, ...] | None:
    """Return the members of a row's text; None: it is no canonical row of this algorithm."""
    members = _members(text, len(ROW_MEMBERS))
    if members is None or members[0] != SEAL_ALGORITHM:
        return None
    size = members[-1]
    return tuple(members) if type(size) is int and size >= 0 else None


def _members(text: str, count: int) -> list[Any] | None:
    try:
        members = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_canonical = isinstance(members, list) and len(members) == count and _encode(members) == text
    return members if is_canonical else None
