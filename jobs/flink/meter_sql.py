"""The expressions by which the configured meters enter the fixed plan.

Meters change expressions only, never operators or types: a savepoint of other meters restores.
"""

from collections.abc import Sequence

from schemas.meter import Meter

_SHARES_TYPE = "ARRAY<ROW<meter_id STRING, dimensions STRING, units STRING>>"


def quote(text: str) -> str:
    """Return text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def read_properties(meters: Sequence[Meter]) -> tuple[tuple[str, bool], ...]:
    """Return the members of `data` that any meter reads, and whether as units; ordered."""
    read = {(name, False) for meter in meters for name in meter.dimensions}
    read |= {(meter.property, True) for meter in meters if meter.property is not None}
    return tuple(sorted(read))


def event_types_sql(meters: Sequence[Meter]) -> str:
    """Return the event types of all meters as a list of literals."""
    return ", ".join(quote(event_type) for event_type in _event_types(meters))


def properties_sql(meters: Sequence[Meter]) -> str:
    """Return the array of properties as texts, each read only for event types that need it."""
    elements = []
    for name, is_units in read_properties(meters):
        readers = [m for m in meters if name in ((m.property,) if is_units else m.dimensions)]
        path = quote(f"lax $.{name}")
        value = f"JSON_VALUE(data, {path})"
        # Units that are an object or array are there, and bad.
        text = f"COALESCE({value}, JSON_QUERY(data, {path}))" if is_units else value
        elements.append(f"CASE WHEN event_type IN ({event_types_sql(readers)}) THEN {text} END")
    # One element more keeps the array's type where no meter reads a property.
    return f"ARRAY[{', '.join([*elements, 'CAST(NULL AS STRING)'])}]"


def shares_sql(meters: Sequence[Meter]) -> str:
    """Return the event's shares: meter, dimensions and units for each meter of its type.

    Dimensions are a sequence of netstrings, one a property in the meter's order, `-` for a missing
    one: unambiguous for any text, and cheap. `schemas.dimensions` reads them.
    """
    at = {read: index for index, read in enumerate(read_properties(meters), start=1)}
    branches = []
    for event_type in _event_types(meters):
        rows = [_share(meter, at) for meter in meters if meter.event_type == event_type]
        branches.append(
            f"WHEN {quote(event_type)} THEN CAST(ARRAY[{', '.join(rows)}] AS {_SHARES_TYPE})"
        )
    return f"CASE event_type {' '.join(branches)} END"


def _event_types(meters: Sequence[Meter]) -> tuple[str, ...]:
    return tuple(sorted({meter.event_type for meter in meters}))


def _share(meter: Meter, at: dict[tuple[str, bool], int]) -> str:
    parts = [
        f"COALESCE(CAST(CHAR_LENGTH({value}) AS STRING) || ':' || {value}, '-')"
        for value in (f"properties[{at[name, False]}]" for name in meter.dimensions)
    ]
    dimensions = " || ".join(parts) or "''"
    units = "'1'" if meter.property is None else f"properties[{at[meter.property, True]}]"
    as_text = [f"CAST({sql} AS STRING)" for sql in (quote(meter.meter_id), dimensions, units)]
    return f"ROW({', '.join(as_text)})"
