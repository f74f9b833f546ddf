"""Lays out which periods freezes of billing keep from being charged, for the checks."""

import duckdb
import pyarrow as pa

from audit.prices.waiting import Waiting

_INSTANT = pa.timestamp("us", tz="UTC")
_WAITING = pa.schema(
    [
        ("account_id", pa.string()),
        ("period_start", _INSTANT),
        ("period_end", _INSTANT),
        ("place", pa.int64()),
        ("is_told", pa.bool_()),
        ("priced_until", _INSTANT),
    ]
)
_RAN = pa.schema([("run_id", pa.string()), ("place", pa.int64())])


def lay_out_waiting(rows: duckdb.DuckDBPyConnection, waiting: Waiting) -> None:
    """Create the tables `waiting` and `ran`.

    A period that waits has the place of the last run that took it, and the log time up to which
    that one has priced; -1 and none where no run has.

    Args:
        rows: Gets them.
        waiting: The runs, and what they have left out.
    """
    periods = [
        {
            "account_id": each.account_id,
            "period_start": each.start,
            "period_end": each.end,
            "place": each.place,
            "is_told": each.is_told,
            "priced_until": waiting.runs[each.place].until if each.place >= 0 else None,
        }
        for each in waiting.periods
    ]
    ran = [{"run_id": each.run_id, "place": place} for place, each in enumerate(waiting.runs)]
    for name, listed, schema in (("waiting", periods, _WAITING), ("ran", ran, _RAN)):
        rows.register("listed", pa.Table.from_pylist(listed, schema))
        rows.execute(f"CREATE TABLE {name} AS FROM listed")
        rows.unregister("listed")
