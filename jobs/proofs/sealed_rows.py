"""The rows of usage beside their recompute: which are proved, and of which events each is made.

Works in one DuckDB connection that holds the tables of usage, each row once, and what
`audit.recomputing` left there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

import duckdb

from schemas.instant import to_text
from schemas.seal import SealedEvent, SealedRow
from udfs.aggregating import plain_text
from udfs.sealing import SealedTree

_BATCH_ROWS = 10_000
# What a statement gives is held as a whole. A correction has all events of its row, so that those
# of many corrections are many times those of the archive.
_MOST_EVENTS = 200_000
_KEY = "account_id, meter_id, dimensions, period_start, period_end"
_ROW = f"row_id, {_KEY}, revision, quantity, unit, event_count"

# A row counts what is due by its own instant: its cut, or the end of its gathering bucket.
_USAGE_ROWS = f"""
    CREATE OR REPLACE TEMP TABLE usage_rows AS
    SELECT {_ROW}, cut AS due FROM closed_usage WHERE cut <= $until
    UNION ALL SELECT {_ROW}, correction_end FROM usage_corrections WHERE correction_end <= $until
"""  # noqa: S608 - no outside text
_LIVED_EVENTS = f"""
    CREATE OR REPLACE TEMP TABLE lived_events AS
    WITH gone AS (
        SELECT meter_id, event_source, event_id, min(due) AS gone
        FROM audit_usage WHERE is_retraction GROUP BY ALL
    )
    SELECT {_KEY}, event_source, event_id, fingerprint, kafka_partition, kafka_offset,
        batch_index, quantity, due, gone, event_time, log_time, event_window_start, log_window_end
    FROM audit_usage LEFT JOIN gone USING (meter_id, event_source, event_id)
    WHERE NOT is_retraction AND fate IN ('closed', 'corrected')
"""  # noqa: S608 - no outside text
_UNPROVED = f"""
    SELECT row_id, account_id, meter_id, dimensions, epoch_us(period_start), revision,
        (audited.quantity, audited.unit, audited.event_count),
        (found.quantity, found.unit, found.event_count)
    FROM usage_rows AS found LEFT JOIN audit_rows AS audited USING ({_KEY}, revision)
    WHERE found.quantity IS DISTINCT FROM audited.quantity
        OR found.event_count IS DISTINCT FROM audited.event_count
        OR found.unit IS DISTINCT FROM audited.unit
    ORDER BY account_id, period_start, meter_id, dimensions, revision, row_id
"""  # noqa: S608 - no outside text
_COUNTED = """
    SELECT row_id, event_count FROM usage_rows WHERE row_id IN (SELECT unnest(?::VARCHAR[]))
    ORDER BY row_id
"""
_TREES = """
    SELECT found.row_id, found.account_id, found.meter_id, found.dimensions,
        epoch_us(found.period_start), epoch_us(found.period_end), found.revision, found.quantity,
        found.unit, found.event_count, event_source, event_id, fingerprint, kafka_partition,
        kafka_offset, batch_index, lived.quantity
    FROM usage_rows AS found SEMI JOIN wanted_rows USING (row_id)
    LEFT JOIN lived_events AS lived ON found.account_id = lived.account_id
        AND found.meter_id = lived.meter_id AND found.dimensions = lived.dimensions
        AND found.period_start = lived.period_start AND found.period_end = lived.period_end
        AND lived.due <= found.due AND (lived.gone IS NULL OR lived.gone > found.due)
    ORDER BY found.row_id
"""
_ROW_FIELDS = len(fields(SealedRow))


@dataclass(frozen=True, slots=True)
class UnprovedRow:
    """A row of usage that a recompute does not confirm.

    Attributes:
        row_id: Of the row.
        account_id: Whose usage it is.
        meter_id: Which meter counted it.
        dimensions: Canonical JSON.
        period_start_us: First instant of its period.
        revision: 0 of a closed row.
        expected: What the recompute comes to.
        found: What the row says.
    """

    row_id: str
    account_id: str
    meter_id: str
    dimensions: str
    period_start_us: int
    revision: int
    expected: str
    found: str

    @property
    def line(self) -> str:
        """What is wrong, in one line."""
        period = to_text(self.period_start_us)
        return (
            f"row {self.row_id} (account {self.account_id}, meter {self.meter_id},"
            f" {self.dimensions}, period from {period}, revision {self.revision}):"
            f" expected {self.expected}, found {self.found}"
        )


def place_rows(rows: duckdb.DuckDBPyConnection, until: datetime) -> None:
    """Make of both tables of rows one, and of the recompute the events of each group.

    Args:
        rows: As said above.
        until: Log time up to which rows are due that are looked at.
    """
    rows.execute(_USAGE_ROWS, {"until": until})
    rows.execute(_LIVED_EVENTS)


def usage_row_ids(rows: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the ids of all closed rows and corrections, ordered."""
    found = rows.execute("SELECT row_id FROM usage_rows ORDER BY row_id").fetchall()
    return [row_id for (row_id,) in found]


def unproved_rows(rows: duckdb.DuckDBPyConnection) -> tuple[UnprovedRow, ...]:
    """Return the rows whose quantity, unit or number of events the recompute does not have."""
    found = rows.execute(_UNPROVED).fetchall()
    return tuple(
        UnprovedRow(
            row_id,
            account_id,
            meter_id,
            dimensions,
            start_us,
            revision,
            _shown(*audited),
            _shown(*tabled),
        )
        for row_id, account_id, meter_id, dimensions, start_us, revision, audited, tabled in found
    )


def sealed_trees(
    rows: duckdb.DuckDBPyConnection, row_ids: Collection[str], most_events: int = _MOST_EVENTS
) -> Iterator[tuple[SealedRow, SealedTree | UnprovedRow]]:
    """Yield rows with their trees, ordered by id; a portion of their events is held at a time.

    Where the recompute has other events than the row counts, there is no tree.

    Args:
        rows: After `place_rows`.
        row_ids: Which rows.
        most_events: Of a portion; a row of more is a portion of its own.

    Raises:
        RepeatedEventError: An event counts twice in a row.
    """
    for portion in _portions(rows, row_ids, most_events):
        rows.execute("CREATE OR REPLACE TEMP TABLE wanted_rows (row_id VARCHAR)")
        rows.execute("INSERT INTO wanted_rows SELECT unnest(?)", [portion])
        for row, found in groupby(_read(rows), key=lambda each: SealedRow(*each[:_ROW_FIELDS])):
            leaves = [each[_ROW_FIELDS:] for each in found]
            events = [SealedEvent(*leaf) for leaf in leaves if leaf[0] is not None]
            yield row, _tree(row, events)


def _portions(
    rows: duckdb.DuckDBPyConnection, row_ids: Collection[str], most_events: int
) -> Iterator[list[str]]:
    """Yield the rows that are there, ordered by id, in portions of at most so many events."""
    counted = rows.execute(_COUNTED, [list(row_ids)]).fetchall()
    portion: list[str] = []
    events = 0
    for row_id, event_count in counted:
        if portion and events + event_count > most_events:
            yield portion
            portion, events = [], 0
        portion.append(row_id)
        events += event_count
    if portion:
        yield portion


def _tree(row: SealedRow, events: list[SealedEvent]) -> SealedTree | UnprovedRow:
    if len(events) == row.event_count:
        return SealedTree(row, events)
    return UnprovedRow(
        row.row_id,
        row.account_id,
        row.meter_id,
        row.dimensions,
        row.period_start_us,
        row.revision,
        f"{len(events)} events in the archive",
        f"{row.event_count} events",
    )


def _read(rows: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    cursor = rows.execute(_TREES)
    while some := cursor.fetchmany(_BATCH_ROWS):
        yield from some


def _shown(quantity: Decimal | None, unit: str | None, event_count: int | None) -> str:
    if quantity is None:
        return "no such row"
    return f"{plain_text(quantity)} {unit} of {event_count} events"
