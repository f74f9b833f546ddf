"""Dimensions: the texts that split a meter's usage, in the meter's order."""

from __future__ import annotations

import json
from collections.abc import Sequence


def encode_dimensions(names: Sequence[str], values: Sequence[str | None]) -> str:
    """Return the canonical JSON text of dimensions: one text for the same values, always.

    Args:
        names: The meter's dimensions, in its order.
        values: Their values in the same order; None for a missing one.

    Returns:
        For example `{"origin":"JFK"}`; a missing property is null.
    """
    values_by_name = dict(zip(names, values, strict=True))
    return json.dumps(values_by_name, separators=(",", ":"), ensure_ascii=False)
