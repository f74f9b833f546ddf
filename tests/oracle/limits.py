"""The limit of dimensions: events beyond it get the overflow value before anything is added up."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from audit.counting import Unit
from audit.periods import Period
from audit.shapes import Overflow

_Subject = tuple[str, str, str, datetime]
_Members = Sequence[tuple[Unit, Period]]


def fold_overflow(
    groups: Mapping[_Subject, _Members],
) -> tuple[dict[_Subject, _Members], list[Overflow]]:
    """Return the groups with what is beyond a limit renamed, and a row for each limit passed.

    Args:
        groups: The units of each account, meter, dimensions and period start.
    """
    by_meter: dict[tuple[str, str, datetime], dict[str, _Members]] = defaultdict(dict)
    for (account_id, meter_id, dimensions, start), members in groups.items():
        by_meter[account_id, meter_id, start][dimensions] = members
    folded: dict[_Subject, _Members] = {}
    passed = []
    for (account_id, meter_id, start), named in by_meter.items():
        first = {name: min(unit.log_time for unit, _ in named[name]) for name in named}
        in_order = sorted(named, key=lambda name: (first[name], name))
        limit = next(iter(named.values()))[0][0].meter.max_dimensions
        for name in in_order[:limit]:
            folded[account_id, meter_id, name, start] = named[name]
        if len(in_order) > limit:
            rest = [member for name in in_order[limit:] for member in named[name]]
            row = _overflow(rest[0], named[in_order[limit - 1]])
            other = row.overflow_dimensions
            members = [(unit._replace(dimensions=other), period) for unit, period in rest]
            folded[account_id, meter_id, other, start] = members
            passed.append(row)
    return folded, sorted(passed)


def _overflow(beyond: tuple[Unit, Period], last_kept: _Members) -> Overflow:
    unit, period = beyond
    names = ",".join(f'"{name}":"__overflow__"' for name in json.loads(unit.dimensions))
    return Overflow(
        account_id=unit.account_id,
        meter_id=unit.meter.meter_id,
        overflow_dimensions=f"{{{names}}}",
        period_start=period.start,
        period_end=period.end,
        timezone=period.terms.timezone,
        max_dimensions=unit.meter.max_dimensions,
        full_since=min(unit.window_end for unit, _ in last_kept),
    )
