"""Reads what service levels say of usage: late, expired, unassigned, and when periods closed."""

from collections.abc import Sequence
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from jobs.service_levels.ranking import rank
from jobs.service_levels.reading_received import bounds
from schemas.service_facts import UsageFacts
from schemas.service_level import MeasuredWindow
from schemas.service_levels import CLOSE_DELAY

CLOSES = "closes"
"""The table of closed rows with the commit that brought each: `iceberg.commit_times`."""
CLOSE_COLUMNS = ("period_end", "cut")
"""What is asked of them."""

_ENDED = "epoch_us(period_end) >= $start_us AND epoch_us(period_end) < $end_us"
_IN_TIME = f"""
    SELECT coalesce(sum(event_count), 0)::BIGINT FROM closed_usage WHERE {_ENDED}
"""  # noqa: S608 - no outside text
_LATE = f"""
    SELECT coalesce(sum(events), 0)::BIGINT FROM (
        SELECT abs(event_count_delta) AS events FROM usage_corrections WHERE {_ENDED}
        UNION ALL SELECT abs(event_count) FROM expired_usage WHERE {_ENDED}
    )
"""  # noqa: S608 - no outside text
_WAITING = """
    SELECT coalesce(sum(abs(event_count)), 0)::BIGINT FROM {table}
    ANTI JOIN brought_back_usage AS decided
        ON source_table = '{table}' AND source_row_id = {table}.row_id
    WHERE epoch_us(log_window_end) > $start_us AND epoch_us(log_window_end) <= $end_us
"""
_BROUGHT_BACK = """
    SELECT coalesce(sum(abs(event_count)), 0)::BIGINT FROM brought_back_usage
    WHERE epoch_us(decided_at) >= $start_us AND epoch_us(decided_at) < $end_us
"""
_CLOSED = f"SELECT count(*), count({{until}}) FROM {CLOSES} WHERE {_ENDED}"  # noqa: S608
_CLOSES_BY_DAY = f"""
    SELECT epoch_us(date_trunc('day', period_end)), count(*), max({{until}} - epoch_us(period_end))
    FROM {CLOSES} WHERE {_ENDED} GROUP BY 1 ORDER BY 1
"""  # noqa: S608 - no outside text


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """The periods that ended on one day of UTC.

    Attributes:
        day_us: Its first instant.
        rows: Closed rows.
        longest_us: From a period's end to its closed row; None: no commit is known.
    """

    day_us: int
    rows: int
    longest_us: int | None


def read_usage_facts(
    rows: DuckDBPyConnection, is_live: bool, window: MeasuredWindow, last_commit_us: int | None
) -> UsageFacts:
    """Return what became of usage in the window.

    Args:
        rows: From `iceberg.reading.open_rows`, with the table `CLOSES`.
        is_live: Whether closes are timed by their commits; else by their cuts.
        window: What is looked at.
        last_commit_us: Of the metering job; None: there is none.
    """
    within = bounds(window)

    def count(statement: str) -> int:
        ((number,),) = rows.execute(statement, within).fetchall()
        return int(number)

    until = _until(is_live)
    ((closed, known),) = rows.execute(_CLOSED.format(until=until), within).fetchall()
    delays = (
        f"SELECT {until} - epoch_us(period_end) FROM {CLOSES}"  # noqa: S608 - whole numbers
        f" WHERE {until} IS NOT NULL"
        f" AND epoch_us(period_end) >= {within['start_us']:d}"
        f" AND epoch_us(period_end) < {within['end_us']:d}"
    )
    return UsageFacts(
        in_time_events=count(_IN_TIME),
        late_events=count(_LATE),
        expired_events=count(_WAITING.format(table="expired_usage")),
        unassigned_events=count(_WAITING.format(table="unassigned_usage")),
        brought_back_events=count(_BROUGHT_BACK),
        closed_rows=closed,
        forgotten_rows=closed - known,
        close_delay=rank(rows, delays, tuple(CLOSE_DELAY)),
        last_commit_us=last_commit_us,
    )


def read_closed_days(
    rows: DuckDBPyConnection, is_live: bool, window: MeasuredWindow
) -> Sequence[ClosedDay]:
    """Return how many rows closed for periods that ended on each day, and how long it took."""
    statement = _CLOSES_BY_DAY.format(until=_until(is_live))
    found = rows.execute(statement, bounds(window)).fetchall()
    return tuple(ClosedDay(*row) for row in found)


def _until(is_live: bool) -> str:
    return "committed_us" if is_live else "epoch_us(cut)"
