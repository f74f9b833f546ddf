"""Which rows of running usage a roll-up already holds: they came once more, and count no more.

A rolled-up row says: all that was gathered of this hour (or day) by log windows up to
`log_window_end` is in here. The job commits log windows in their order, so what comes later for the
same hour has a later log window. A row whose log window is not later is a row that was rolled up
and then committed again; its own identity, by which repeats are known otherwise, is gone.
"""

HOUR_S, DAY_S = 3600, 86_400

ROLLED_UP = "roll-up "
"""How `job_version` begins in rolled-up rows: hours may also be the job's own event windows."""


def is_retraction_sql(rows: str) -> str:
    """Return whether a row of `rows` takes events back: null is no."""
    return f"coalesce({rows}.is_retraction, false)"


def reach_sql(rows: str) -> str:
    """Return the query of how far the rolled-up rows among `rows` reach in log time."""
    return (
        "SELECT account_id, meter_id, dimensions,"  # noqa: S608 - no outside text
        f" part, {is_retraction_sql(rows)} AS is_back, event_window_start, event_window_s,"
        f" max(log_window_end) AS log_window_end FROM {rows}"
        f" WHERE starts_with(job_version, '{ROLLED_UP}') GROUP BY ALL"
    )


def covered_sql(rows: str, reach: str) -> str:
    """Return the condition that a row of `rows` is held by one that `reach` tells of."""

    def held(unit: str, width_s: int) -> str:
        return f"""EXISTS (SELECT 1 FROM {reach} AS wide
            WHERE wide.account_id = {rows}.account_id AND wide.meter_id = {rows}.meter_id
            AND wide.dimensions = {rows}.dimensions
            AND wide.part IS NOT DISTINCT FROM {rows}.part
            AND wide.is_back = {is_retraction_sql(rows)}
            AND wide.event_window_s = {width_s} AND {rows}.event_window_s < {width_s}
            AND wide.event_window_start = date_trunc('{unit}', {rows}.event_window_start)
            AND wide.log_window_end >= {rows}.log_window_end)"""  # noqa: S608 - no outside text

    return f"({held('hour', HOUR_S)} OR {held('day', DAY_S)})"
