"""Shares: what an event gives to each meter of its type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec

from schemas.aggregation import BY_EVENT, Aggregation, has_parts
from schemas.dimensions import encode_dimensions
from schemas.meter import Meter
from udfs.numbering import units_text

BAD_UNITS = ""
"""Units that are there and no number; missing ones are None."""
EACH_EVENT = "*"
"""The part of usage that is to stay event by event: its place takes its place."""
SHARE_TEXTS = 3
MAX_TEXT = 256
"""The most characters of an id, a source, a subject, a dimension and a value to count."""
_REMEMBERED = 20_000
_REMEMBERED_BYTES = 512
_TEXT = msgspec.json.Decoder(str)


def properties_of(meter: Meter) -> tuple[str, ...]:
    """Return the members of `data` that a meter reads."""
    return meter.dimensions if meter.property is None else (*meter.dimensions, meter.property)


def shares_reader(
    meters: Sequence[Meter], at: Mapping[str, str]
) -> Callable[[Any], tuple[str | None, ...] | None]:
    """Return a function from an event's data to its shares in these meters.

    It returns None where a dimension is too long: state keeps each of them many times over.
    """
    names = sorted({name for meter in meters for name in properties_of(meter)})

    @lru_cache(maxsize=_REMEMBERED)
    def shares(*values: bytes) -> tuple[str | None, ...] | None:
        found = dict(zip(names, values, strict=True))
        texts: list[str | None] = []
        for meter in meters:
            dimensions = [_dimension(found[name]) for name in meter.dimensions]
            for text in dimensions:
                if text and len(text) > MAX_TEXT:
                    return None
            texts.append(encode_dimensions(meter.dimensions, dimensions))
            texts += _units_and_part(meter, found)
        return tuple(texts)

    if not names:
        return lambda _data: shares()
    places = [at[name] for name in names]
    # Of one name, attrgetter gives the value itself; named twice, it always gives a tuple.
    read = attrgetter(*places, places[0])

    def read_shares(data: Any) -> tuple[str | None, ...] | None:
        values = tuple(map(bytes, read(data)[:-1]))
        # Long ones would take gigabytes, and do not come again.
        is_long = sum(map(len, values)) > _REMEMBERED_BYTES
        return shares.__wrapped__(*values) if is_long else shares(*values)

    return read_shares


def _dimension(value: bytes) -> str | None:
    """Return a string's text, a number or boolean as written; None of anything else."""
    if value.startswith(b'"'):
        return _TEXT.decode(value)
    return None if value.startswith((b"n", b"{", b"[")) else value.decode() or None


def _units(value: bytes) -> str | None:
    """Return units as a plain decimal, BAD_UNITS, or None where they are missing or null."""
    if value in (b"", b"null"):
        return None
    text = _TEXT.decode(value) if value.startswith(b'"') else value.decode()
    return units_text(text) or BAD_UNITS


def _units_and_part(meter: Meter, found: Mapping[str, bytes]) -> tuple[str | None, str]:
    """Return the units for one meter and the part they belong to."""
    if meter.property is None:
        return "1", ""
    value = found[meter.property]
    if meter.aggregation is Aggregation.UNIQUE_COUNT:
        return _distinct(value)
    units = _units(value)
    if meter.aggregation in BY_EVENT:
        return units, EACH_EVENT
    if not has_parts(meter.aggregation, meter.options) or not units:
        return units, ""
    if meter.aggregation is not Aggregation.HISTOGRAM:
        return units, units
    fitting = [bound for bound in meter.options.bounds if Decimal(units) <= bound]
    return units, f"{fitting[0]:f}" if fitting else ""


def _distinct(value: bytes) -> tuple[str | None, str]:
    """Return the units and the part of a value that is counted once."""
    if value in (b"", b"null"):
        return None, ""
    text = _dimension(value)
    # An empty text is a value as any other; an object is none, nor is what no key should hold.
    is_value = text is not None and len(text) <= MAX_TEXT
    return ("1", f"={text}") if is_value else (BAD_UNITS, "")
