"""The expressions by which the configured meters enter the fixed plan.

Meters change expressions only, never operators or types: a savepoint of other meters restores.
"""

from collections.abc import Mapping, Sequence

from schemas.meter import Meter
from udfs.sharing import SHARE_TEXTS

_SHARES_TYPE = "ARRAY<ROW<meter_id STRING, dimensions STRING, units STRING, part STRING>>"


def quote(text: str) -> str:
    """Return text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def quote_name(name: str) -> str:
    """Return a name as an SQL identifier, whatever characters it has."""
    return "`" + name.replace("`", "``") + "`"


def shares_sql(meters: Sequence[Meter]) -> str:
    """Return the event's shares: meter, dimensions, units and part for each meter of its type."""
    branches = []
    for event_type in _event_types(meters):
        fed = [meter for meter in meters if meter.event_type == event_type]
        rows = [_share(meter, at) for at, meter in enumerate(fed)]
        branches.append(
            f"WHEN {quote(event_type)} THEN CAST(ARRAY[{', '.join(rows)}] AS {_SHARES_TYPE})"
        )
    return f"CASE event_type {' '.join(branches)} END"


def by_meter_sql(texts: Mapping[str, str]) -> str:
    """Return the expression of the text that `meter_id` stands for, in the meters' order.

    It is empty for a meter that was removed while its usage was in flight.
    """
    branches = (f"WHEN {quote(meter)} THEN {quote(text)}" for meter, text in texts.items())
    # Its type must not follow the longest text: the sink's state knows the type.
    return f"CAST(CASE meter_id {' '.join(branches)} ELSE '' END AS STRING)"


def is_retractable_sql(meters: Sequence[Meter]) -> str:
    """Return the condition on `meter_id` that a meter's events can be taken back."""
    names = [quote(meter.meter_id) for meter in meters if meter.is_retractable]
    # Never a constant, which would let the planner leave operators out.
    return f"meter_id IN ({', '.join(names)})" if names else "meter_id = ''"


def _event_types(meters: Sequence[Meter]) -> tuple[str, ...]:
    return tuple(sorted({meter.event_type for meter in meters}))


def _share(meter: Meter, at: int) -> str:
    """Return the share of the meter that is the `at`th of those of its event type."""
    shares = ", ".join(f"shares[{SHARE_TEXTS * at + place}]" for place in range(1, SHARE_TEXTS + 1))
    return f"ROW(CAST({quote(meter.meter_id)} AS STRING), {shares})"
