"""The expressions by which the configured meters enter the fixed plan.

Meters change expressions only, never operators or types: a savepoint of other meters restores.
"""

from collections.abc import Sequence

from schemas.meter import Aggregation, Meter

_SHARES_TYPE = "ARRAY<ROW<meter_id STRING, dimensions STRING, units STRING>>"


def quote(text: str) -> str:
    """Return text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def read_properties(meters: Sequence[Meter]) -> tuple[str, ...]:
    """Return the members of `data` that any meter reads, ordered by name."""
    names = {name for meter in meters for name in meter.dimensions}
    names |= {meter.property for meter in meters if meter.property is not None}
    return tuple(sorted(names))


def event_types_sql(meters: Sequence[Meter]) -> str:
    """Return the event types of all meters as a list of literals."""
    return ", ".join(quote(event_type) for event_type in _event_types(meters))


def properties_sql(meters: Sequence[Meter]) -> str:
    """Return the array of properties as texts, each read only for event types that need it."""
    elements = []
    for name in read_properties(meters):
        readers = [m for m in meters if name == m.property or name in m.dimensions]
        elements.append(
            f"CASE WHEN event_type IN ({event_types_sql(readers)}) "
            f"THEN JSON_VALUE(data, {quote(f'lax $.{name}')}) END"
        )
    # One element more keeps the array's type where no meter reads a property.
    return f"ARRAY[{', '.join([*elements, 'CAST(NULL AS STRING)'])}]"


def shares_sql(meters: Sequence[Meter]) -> str:
    """Return the event's shares: meter, dimensions and units for each meter of its type.

    Dimensions are a sequence of netstrings, one a property in the meter's order, `-` for a missing
    one: unambiguous for any text, and cheap. `schemas.dimensions` reads them.
    """
    at = {name: index for index, name in enumerate(read_properties(meters), start=1)}
    branches = []
    for event_type in _event_types(meters):
        rows = [_share(meter, at) for meter in meters if meter.event_type == event_type]
        branches.append(
            f"WHEN {quote(event_type)} THEN CAST(ARRAY[{', '.join(rows)}] AS {_SHARES_TYPE})"
        )
    return f"CASE event_type {' '.join(branches)} END"


def _event_types(meters: Sequence[Meter]) -> tuple[str, ...]:
    return tuple(sorted({meter.event_type for meter in meters}))


def _share(meter: Meter, at: dict[str, int]) -> str:
    parts = [
        f"COALESCE(CAST(CHAR_LENGTH({value}) AS STRING) || ':' || {value}, '-')"
        for value in (f"properties[{at[name]}]" for name in meter.dimensions)
    ]
    dimensions = " || ".join(parts) or "''"
    counted = meter.aggregation is Aggregation.COUNT or meter.property is None
    units = "'1'" if counted else f"properties[{at[str(meter.property)]}]"
    as_text = [f"CAST({sql} AS STRING)" for sql in (quote(meter.meter_id), dimensions, units)]
    return f"ROW({', '.join(as_text)})"
