"""A log drawn at random, and what it must lead to, worked out from its events alone.

Nothing here asks the rules: periods are two fixed months, and every figure is formed anew.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from schemas.aggregation import NO_OPTIONS, Aggregation, AggregationOptions
from schemas.instant import DAY_US, HOUR_US, MINUTE_US
from schemas.meter import Meter
from schemas.metered_usage import MeteredUsage
from tests.udfs.engine import at

Name = tuple[int, str, str]
"""Start of the period, meter and dimensions of an entry."""

Times = tuple[int | None, int | None]
Figures = tuple[Name, int, int, Decimal, int, Times, Times]
"""An entry's name, revision, last log time that counts, quantity, count, event and log times."""

JANUARY, FEBRUARY, MARCH = at("2013-01-01T00:00"), at("2013-02-01T00:00"), at("2013-03-01T00:00")
GRACE_US, HORIZON_US, WINDOW_US = 90 * MINUTE_US, 3 * DAY_US, 10_000_000
BOUNDS = (Decimal("-0.000000001"), Decimal(0), Decimal("0.000000002"))
OPTIONS = {
    Aggregation.HISTOGRAM: AggregationOptions(bounds=BOUNDS),
    Aggregation.PERCENTILE: AggregationOptions(percentile=Decimal("62.5")),
}
METERS = {
    f"m-{aggregation}": Meter(
        f"m-{aggregation}",
        "flight.departed",
        aggregation,
        None if aggregation is Aggregation.COUNT else "miles",
        "mile",
        ("origin",),
        GRACE_US,
        HORIZON_US,
        OPTIONS.get(aggregation, NO_OPTIONS),
    )
    for aggregation in sorted(set(Aggregation) - {Aggregation.TIME_WEIGHTED_SUM})
}

# Around each edge of a period's life: its end, its cut, its log hours, its horizon.
EDGES_US = [
    -20 * DAY_US,
    -GRACE_US,
    *(edge * HOUR_US for edge in (0, 1, 2)),
    *(30 * MINUTE_US + edge * HOUR_US for edge in (0, 1, 2)),
    HORIZON_US,
    HORIZON_US + 30 * MINUTE_US,
    HORIZON_US + 2 * HOUR_US,
]


@dataclass(frozen=True)
class Event:
    """One event as its meter sees it, with the end of its log window."""

    meter_id: str
    dimensions: str
    event_us: int
    units: Decimal
    log_us: int
    window_end_us: int
    place: tuple[int, int]


@st.composite
def _events(draw: st.DrawFn, meter_id: str) -> Event:
    """Draw an event of January or February that is received about an edge of that period."""
    start_us, end_us = draw(st.sampled_from([(JANUARY, FEBRUARY), (FEBRUARY, MARCH)]))
    minute_us = draw(st.sampled_from([start_us, start_us + DAY_US, end_us - MINUTE_US]))
    window_end_us = end_us + GRACE_US + draw(st.sampled_from(EDGES_US))
    window_end_us += draw(st.integers(-1, 1)) * WINDOW_US
    # Small ones so that equal maxima occur, large ones so that digits count.
    units = draw(st.integers(-3, 3) | st.integers(-(10**24), 10**24))
    is_count = METERS[meter_id].aggregation is Aggregation.COUNT
    return Event(
        meter_id,
        draw(st.sampled_from(['{"origin":"JFK"}', '{"origin":null}'])),
        minute_us + draw(st.integers(0, MINUTE_US - 1)),
        Decimal(1) if is_count else Decimal(units).scaleb(-9),
        window_end_us - draw(st.integers(1, WINDOW_US)),
        window_end_us,
        (draw(st.integers(0, 2)), 0),
    )


# Of one or two meters, so that most events meet others of their entry.
logs = (
    st.lists(st.sampled_from(list(METERS)), min_size=1, max_size=2)
    .flatmap(lambda names: st.lists(st.sampled_from(names).flatmap(_events), max_size=16))
    .map(lambda log: [replace(e, place=(e.place[0], n)) for n, e in enumerate(log)])
)


def pre_aggregate(log: list[Event], chance: random.Random | None) -> list[MeteredUsage]:
    """Aggregate events by their window as the hot path does; by chance in several parts."""
    groups: dict[tuple[str, str, int, int, str, int], list[Event]] = defaultdict(list)
    for event in log:
        share = chance.randint(0, 2) if chance else 0
        minute_us = event.event_us // MINUTE_US * MINUTE_US
        key = (
            event.meter_id,
            event.dimensions,
            minute_us,
            event.window_end_us,
            _part(event),
            share,
        )
        groups[key].append(event)
    return [
        MeteredUsage(
            "A1",
            meter_id,
            dimensions,
            minute_us,
            quantity(members),
            len(members),
            min(event.event_us for event in members),
            max(event.event_us for event in members),
            min(event.log_us for event in members),
            max(event.log_us for event in members),
            window_end_us,
            part,
        )
        for (meter_id, dimensions, minute_us, window_end_us, part, _), members in groups.items()
    ]


def figures(log: list[Event]) -> list[Figures]:
    """Work out all rows from the events: bucket by bucket, each total from all events so far."""
    rows: list[Figures] = []
    for key, members in by_entry(log).items():
        buckets: dict[int, list[Event]] = defaultdict(list)
        for event in members:
            if event.window_end_us <= horizon_us(event):
                buckets[_bucket(event)].append(event)
        has_closed = horizon_us(members[0]) - HORIZON_US in buckets
        so_far: list[Event] = []
        for n, end_us in enumerate(sorted(buckets), start=0 if has_closed else 1):
            added = buckets[end_us]
            so_far += added
            event_times = sorted(event.event_us for event in added)
            log_times = sorted(event.log_us for event in added)
            rows.append(
                (
                    key,
                    n,
                    end_us,
                    result(so_far),
                    len(so_far),
                    (event_times[0], event_times[-1]),
                    (log_times[0], log_times[-1]),
                )
            )
    return sorted(rows)


def _bucket(event: Event) -> int:
    """Return the cut, or the first full hour that is not before the end of the window."""
    cut_us = horizon_us(event) - HORIZON_US
    if event.window_end_us <= cut_us:
        return cut_us
    hour_us = JANUARY
    while hour_us < event.window_end_us:
        hour_us += HOUR_US
    return hour_us


def horizon_us(event: Event) -> int:
    """Return the last log time that counts for the event's period."""
    end_us = FEBRUARY if event.event_us < FEBRUARY else MARCH
    return end_us + GRACE_US + HORIZON_US


def by_entry(log: Iterable[Event]) -> dict[Name, list[Event]]:
    """Group events by period, meter and dimensions."""
    groups: dict[Name, list[Event]] = defaultdict(list)
    for event in log:
        start_us = JANUARY if event.event_us < FEBRUARY else FEBRUARY
        groups[(start_us, event.meter_id, event.dimensions)].append(event)
    return groups


def quantity(members: Sequence[Event]) -> Decimal:
    """Return what SQL forms of the units of events of one meter."""
    return merge(members[0].meter_id, [event.units for event in members])


def merge(meter_id: str, units: list[Decimal]) -> Decimal:
    """Return the greatest, the least or the sum, as SQL does for the meter."""
    return Decimal({"m-max": max, "m-min": min}.get(meter_id, sum)(units))


def _part(event: Event) -> str:
    if event.meter_id == "m-latest":
        return f"{event.place[0]}:{event.place[1]}"
    if event.meter_id in ("m-unique_count", "m-percentile"):
        return f"{event.units.normalize():f}"
    if event.meter_id == "m-histogram":
        return next((f"{bound:f}" for bound in BOUNDS if event.units <= bound), "")
    return ""


def result(members: Sequence[Event]) -> Decimal:
    """Return what the events of one meter come to; the default context has digits enough."""
    meter_id, units = members[0].meter_id, sorted(event.units for event in members)
    if meter_id == "m-average":
        return round_half_up(sum(map(Fraction, units), Fraction()) / len(units))
    if meter_id == "m-unique_count":
        return Decimal(len(set(units)))
    if meter_id == "m-latest":
        return max((event.event_us, event.place, event.units) for event in members)[2]
    if meter_id == "m-percentile":
        return next(unit for n, unit in enumerate(units, 1) if 8 * n >= 5 * len(units))
    if meter_id == "m-histogram":
        return Decimal(len(units))
    return quantity(members)


def round_half_up(exact: Fraction) -> Decimal:
    """Round to nine decimals, away from zero between two."""
    billionths = int(abs(exact) * 10**9 + Fraction(1, 2))
    return Decimal(-billionths if exact < 0 else billionths).scaleb(-9)
