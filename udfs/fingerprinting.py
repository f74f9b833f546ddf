"""Fingerprints: whether two records of one identity say the same.

A fingerprint is a hash of an event's canonical JSON: members in the order of their names, no white
space, each text by its characters. The order and the spelling of a record therefore make no
conflict. Numbers count as they are written: `1` and `1.0` are the same units and yet two contents,
as is the text `"1"`. Which members hold units is for the meters to say; a fingerprint must not
change with them, and to round both through a binary float, as RFC 8785 does, would hide real
differences.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any


class _Number(str):
    """A number as it was written."""

    __slots__ = ()


_DECODER = json.JSONDecoder(parse_int=_Number, parse_float=_Number)


def fingerprint(payload: bytes) -> str:
    """Return the fingerprint of a valid event: 32 hex digits.

    Args:
        payload: The record's value. Of a repeated member the last one counts, as in parsing.
    """
    canonical = canonical_json(_DECODER.decode(payload.decode()))
    return blake2b(canonical.encode(), digest_size=16).hexdigest()


def canonical_json(value: Any) -> str:
    """Return the one text of a decoded JSON value whose numbers are texts as written."""
    if isinstance(value, dict):
        members = (f"{json.dumps(name)}:{canonical_json(value[name])}" for name in sorted(value))
        return f"{{{','.join(members)}}}"
    if isinstance(value, list):
        return f"[{','.join(map(canonical_json, value))}]"
    return value if isinstance(value, _Number) else json.dumps(value)
