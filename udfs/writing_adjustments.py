"""Rows of adjustments, and what each counts as once it is approved.

A row has the events of one event window, so that a period in which a price changes can be cut, and
at most so many that their names stand in one column.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce
from itertools import groupby

from schemas.aggregation import Aggregation
from schemas.brought_back_usage import BringBackDecision, BroughtBackUsage, SourceTable
from schemas.usage_adjustment import (
    AdjustmentKind,
    DifferingTotal,
    EventName,
    MeteredEvent,
    UsageAdjustment,
)
from udfs.aggregating import EXACT
from udfs.identifying import digest

MOST_EVENTS = 1_000
"""Events of one row; of more there are more rows."""

_EXTREMES = {Aggregation.MAX: max, Aggregation.MIN: min}


@dataclass(frozen=True, slots=True)
class Change:
    """One event that is put into a total, or taken out of it."""

    kind: AdjustmentKind
    event: MeteredEvent

    @property
    def is_taken_out(self) -> bool:
        """Whether the total has one event less with it."""
        return (self.kind is not AdjustmentKind.LOST_USAGE) != self.event.is_retraction

    @property
    def quantity(self) -> Decimal:
        """What it adds to a sum."""
        quantity = self.event.quantity
        return EXACT.minus(quantity) if self.is_taken_out else quantity


def write_adjustments(
    total: DifferingTotal, changes: Iterable[Change]
) -> tuple[UsageAdjustment, ...]:
    """Return the rows for changes of one total, the same whatever their order."""
    ordered = sorted(changes, key=lambda each: (*_window(each), each.event.name))
    rows = []
    for _, of_window in groupby(ordered, key=_window):
        alike = list(of_window)
        rows += [
            _row(total, alike[start : start + MOST_EVENTS])
            for start in range(0, len(alike), MOST_EVENTS)
        ]
    return tuple(rows)


def count_adjustment(row: UsageAdjustment) -> BroughtBackUsage:
    """Return what an approved adjustment counts as: usage that a person brought back."""
    return BroughtBackUsage(
        row_id=digest("brought_back", row.row_id),
        source_table=SourceTable.USAGE_ADJUSTMENTS,
        source_row_id=row.row_id,
        account_id=row.account_id,
        meter_id=row.meter_id,
        dimensions=row.dimensions,
        period_start_us=row.period_start_us,
        period_end_us=row.period_end_us,
        timezone=row.timezone,
        aggregation=row.aggregation,
        quantity=row.quantity,
        unit=row.unit,
        event_count=row.event_count,
        first_event_time_us=row.first_event_time_us,
        last_event_time_us=row.last_event_time_us,
        first_log_time_us=row.first_log_time_us,
        last_log_time_us=row.last_log_time_us,
        terms_version=row.terms_version,
        decided_by=row.decided_by,
        reason=row.reason,
        decided_at_us=row.decided_at_us,
    )


def approve_adjustment(
    row: UsageAdjustment, proposal_id: str, decision: BringBackDecision
) -> UsageAdjustment:
    """Return a proposed row as one that a person has approved."""
    return replace(
        row,
        proposal_id=proposal_id,
        decided_by=decision.decided_by,
        reason=decision.reason,
        decided_at_us=decision.decided_at_us,
    )


def event_names(row: UsageAdjustment) -> tuple[EventName, ...]:
    """Return the events that a row accounts for."""
    return tuple(EventName(*each) for each in json.loads(row.events))


def _window(change: Change) -> tuple[str, bool, int]:
    return change.kind.value, change.is_taken_out, change.event.window_start_us


def _row(total: DifferingTotal, changes: Sequence[Change]) -> UsageAdjustment:
    kind, is_taken_out = changes[0].kind, changes[0].is_taken_out
    names = sorted(each.event.name for each in changes)
    listed = [
        [each.source, each.id, each.kafka_partition, each.kafka_offset, each.batch_index]
        for each in names
    ]
    key = total.key
    span = (str(key.period_start_us), str(key.period_end_us))
    texts = [str(part) for each in listed for part in each]
    named = (key.account_id, key.meter_id, key.dimensions, *span, kind.value, str(is_taken_out))
    of = _EXTREMES.get(total.aggregation)
    times_us = sorted(each.event.event_time_us for each in changes)
    log_times_us = sorted(each.event.log_time_us for each in changes)
    return UsageAdjustment(
        row_id=digest("adjustment", *named, *texts),
        kind=kind,
        account_id=key.account_id,
        meter_id=key.meter_id,
        dimensions=key.dimensions,
        period_start_us=key.period_start_us,
        period_end_us=key.period_end_us,
        timezone=total.timezone,
        aggregation=total.aggregation,
        quantity=of(each.event.quantity for each in changes)
        if of is not None
        else reduce(EXACT.add, (each.quantity for each in changes), Decimal(0)),
        unit=total.unit,
        event_count=-len(changes) if is_taken_out else len(changes),
        first_event_time_us=times_us[0],
        last_event_time_us=times_us[-1],
        first_log_time_us=log_times_us[0],
        last_log_time_us=log_times_us[-1],
        terms_version=min(each.event.terms_version for each in changes),
        is_taken_out=is_taken_out,
        events=json.dumps(listed, separators=(",", ":"), ensure_ascii=False),
    )
