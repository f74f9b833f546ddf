"""What metering remembers of an account: shapes only.

The bytes they are kept as are in `entry_state`, `usage_state`, `part_state`, `chain_state` and
`group_state`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from json.encoder import encode_basestring_ascii as _quote

from schemas.aggregation import Aggregation, AggregationOptions, has_parts

STATE_VERSION = 2
"""Version of the bytes that are written; every one ever written loads for ever."""


class StateVersionError(RuntimeError):
    """State written by a version of the program that this one does not know."""


@dataclass(frozen=True, slots=True)
class Accumulator:
    """Many events as one quantity; None stands for no events.

    Attributes:
        quantity: Count, sum, maximum or minimum of their units; the sum for an average. Of what
            has parts: what was emitted last, 0 before.
        event_count: How many, less those taken back.
        first_event_us: Earliest event time, of those taken back, too.
        last_event_us: Latest event time.
        first_log_us: Earliest log time: of an event's receipt or its retraction's.
        last_log_us: Latest log time.
    """

    quantity: Decimal
    event_count: int
    first_event_us: int
    last_event_us: int
    first_log_us: int
    last_log_us: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing was received, so that its times say nothing."""
        return self.event_count == 0 and self.last_log_us == 0


NO_EVENTS = Accumulator(Decimal(0), 0, 0, 0, 0, 0)
"""What a level that was carried in adds: nothing was received, so its times say nothing."""


@dataclass(frozen=True, slots=True)
class PeriodEntry:
    """One meter and its dimensions in one open period of one account.

    It carries what it needs of its meter, so that it closes under the rules it was opened with,
    whatever the configuration says by then.

    Attributes:
        aggregation: How its quantities merge.
        options: What the aggregation needs to know.
        unit: Name of the unit.
        timezone: IANA zone of the period's boundaries.
        terms_version: Version of the account's terms that hold in the period.
        grace_us: From the period's end to its cut.
        correction_horizon_us: From the cut to the last log time of a correction.
        closed: Whether the cut has passed.
        revision: Of the last row emitted; 0 before the first correction.
        total: Up to the close the usage within the cut, then all usage emitted so far.
        pending: Late usage by the end of its correction bucket, ordered; not yet emitted.
    """

    aggregation: Aggregation
    options: AggregationOptions
    unit: str
    timezone: str
    terms_version: int
    grace_us: int
    correction_horizon_us: int
    closed: bool
    revision: int
    total: Accumulator | None
    pending: tuple[tuple[int, Accumulator], ...]

    @property
    def has_parts(self) -> bool:
        """Whether its quantity is formed from its parts."""
        return has_parts(self.aggregation, self.options)


@dataclass(frozen=True, slots=True, order=True)
class EntryKey:
    """Which entry of an account; the order of its fields is the order of emitted rows.

    Attributes:
        period_start_us: First instant of the period.
        period_end_us: First instant after the period.
        meter_id: Which meter.
        dimensions: Canonical JSON text.
    """

    period_start_us: int
    period_end_us: int
    meter_id: str
    dimensions: str

    def encode(self) -> str:
        """Return the key as canonical JSON array text, equal exactly for equal keys."""
        return (
            f"[{self.period_start_us},{self.period_end_us},{_quote(self.meter_id)},"
            f"{_quote(self.dimensions)}]"
        )

    @classmethod
    def decode(cls, text: str) -> EntryKey:
        """Read a key back from its text."""
        return cls(*json.loads(text))


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things that an entry with parts is formed from.

    Attributes:
        name: A value, the greatest value of a histogram's bucket, or an event's place; empty for
            the bucket of all greater values, the latest event, and the level carried in.
        received: What was received of it, by the log time from which on it counts (0 within the
            cut), ordered: a number of events, the latest event, units, a level, or nothing, as
            the aggregation needs it.
    """

    name: str
    received: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True, order=True)
class GroupKey:
    """Which meter in which period of an account: all its dimensions together.

    Attributes:
        period_start_us: First instant of the period.
        meter_id: Which meter.
    """

    period_start_us: int
    meter_id: str


@dataclass(frozen=True, slots=True)
class Group:
    """How many dimensions an account's meter has in a period.

    Attributes:
        count: Entries opened, the overflow's not counted; once full, the limit.
        is_full: Whether the limit was passed and it is certain which are kept.
    """

    count: int
    is_full: bool


@dataclass(frozen=True, slots=True, order=True)
class ChainKey:
    """Which chain of an account.

    Attributes:
        meter_id: Which meter.
        dimensions: Canonical JSON text.
        run_start_us: Since when the contract runs without a gap.
    """

    meter_id: str
    dimensions: str
    run_start_us: int


@dataclass(frozen=True, slots=True)
class Chain:
    """Consecutive periods that have an entry each: a level passes from one to the next.

    Attributes:
        first_start_us: Start of the first period.
        last_start_us: Start of the last.
    """

    first_start_us: int
    last_start_us: int
