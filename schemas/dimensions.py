"""Dimensions: the texts that split a meter's usage, in the meter's order."""

from __future__ import annotations

import json
from collections.abc import Sequence


def decode_dimensions(names: Sequence[str], netstrings: str) -> str:
    """Return the canonical JSON text of dimensions that the SQL plan wrote as netstrings.

    Args:
        names: The meter's dimensions, in its order.
        netstrings: For each name `<number of characters>:<text>`, or `-` for a missing property
            (https://cr.yp.to/proto/netstrings.txt, without the closing comma).

    Returns:
        For example `{"origin":"JFK"}`; a missing property is null. Values without a name, as of a
        meter that is no longer configured, are named by their place: `{"1":"JFK"}`.
    """
    values: dict[str, str | None] = {}
    rest = netstrings
    while rest:
        name = names[len(values)] if len(values) < len(names) else str(len(values) + 1)
        if rest.startswith("-"):
            values[name], rest = None, rest[1:]
            continue
        length, _, rest = rest.partition(":")
        values[name], rest = rest[: int(length)], rest[int(length) :]
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False)
