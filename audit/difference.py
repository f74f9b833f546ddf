"""What a reconciliation finds."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

REPEAT_BEYOND_HORIZON = "repeat_beyond_horizon"
KINDS = (
    "missing",
    "unexpected",
    "different_quantity",
    "different_count",
    "different_column",
    REPEAT_BEYOND_HORIZON,
    "contradicting_records",
    "unexplained_gap",
    "broken_law",
)
"""Why something is a difference: a closed list."""


@dataclass(frozen=True, order=True)
class EventPlace:
    """An event and where it stands in the log; texts are empty of a record that is no event."""

    event_source: str
    event_id: str
    kafka_partition: int
    kafka_offset: int
    batch_index: int | None = None


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it must be.

    Attributes:
        kind: One of `KINDS`.
        table: The table that is wrong; `raw_events` of what is wrong in the archive.
        account_id: Whose usage it is; None where it is no usage.
        meter_id: Of which meter.
        dimensions: Of which dimensions.
        period_start: Of which billing period; of usage beside all periods its event window.
        period_end: Its end; None where there is no period.
        revision: Of which revision.
        expected: What must be there.
        found: What is there.
        events: Events that account for it.
        more_events: How many more there are than are listed.
        explained_by: How these events were found: `windows`, their row of running usage disagrees,
            too; `amount`, one event is exactly the difference; `repeats`, records that repeat
            others; `revision` and `group`, all events of the row, or of the period, none of which
            stands out; `place`, it is the place itself.
    """

    kind: str
    table: str
    account_id: str | None
    meter_id: str | None
    dimensions: str | None
    period_start: datetime | None
    period_end: datetime | None
    revision: int | None
    expected: str
    found: str
    events: tuple[EventPlace, ...] = ()
    more_events: int = 0
    explained_by: str = ""


@dataclass(frozen=True)
class RepeatedUsage:
    """What a repeat added to one meter, if the job counted it.

    Attributes:
        meter_id: Which meter.
        dimensions: Of its row: those of the event, or of the overflow.
        period_start: Of the billing period; None where it ended beside all periods.
        period_end: Its end.
        quantity: The units of the event.
        fate: closed, corrected, expired, unassigned or open.
        revision: Of the row that it is in; None where no row has it.
        event_window_start: Of the event.
        log_window_end: In which it was received.
    """

    meter_id: str
    dimensions: str
    period_start: datetime | None
    period_end: datetime | None
    quantity: Decimal
    fate: str
    revision: int | None
    event_window_start: datetime
    log_window_end: datetime


@dataclass(frozen=True)
class RepeatBeyondHorizon:
    """A record that repeats one that the job had forgotten.

    Attributes:
        account_id: Of the repeat.
        first: The record that counts.
        first_log_time: When that was received.
        repeat: The record that does not.
        repeat_log_time: When it was received.
        is_conflict: Whether their contents differ.
        usages: What it added, by meter; none of a retraction.
    """

    account_id: str
    first: EventPlace
    first_log_time: datetime
    repeat: EventPlace
    repeat_log_time: datetime
    is_conflict: bool
    usages: tuple[RepeatedUsage, ...]
