"""What is read of usage: late, waiting, brought back, and how long closes took."""

from __future__ import annotations

from datetime import timedelta

from duckdb import DuckDBPyConnection

from jobs.service_levels.reading_usage import (
    CLOSES,
    ClosedDay,
    read_closed_days,
    read_usage_facts,
)
from schemas.instant import HOUR_US, SECOND_US, to_us
from schemas.service_level import MeasuredWindow
from tests.jobs.service_world import START, second

END_US = to_us(second(86_400))
EVER = MeasuredWindow(None, END_US, END_US)


def test_nothing_came_late(rows: DuckDBPyConnection) -> None:
    """Ten events in time; the rest is zero, and the close is timed by its cut in an import."""
    facts = read_usage_facts(rows, False, EVER, 7)
    assert (facts.in_time_events, facts.late_events, facts.last_commit_us) == (10, 0, 7)
    assert (facts.expired_events, facts.unassigned_events, facts.brought_back_events) == (0, 0, 0)
    assert facts.close_delay.by_percent_us == {50: HOUR_US, 95: HOUR_US, 100: HOUR_US}


def test_late_and_waiting_usage(rows: DuckDBPyConnection) -> None:
    """A correction of 3, a retraction of 1 and 4 that expired are late; 4 of 6 wait."""
    rows.execute(
        "INSERT INTO usage_corrections BY NAME SELECT * EXCLUDE (revision, row_id), 1 AS revision,"
        " 'c1' AS row_id, 3 AS event_count_delta FROM closed_usage"
        " UNION ALL BY NAME SELECT * EXCLUDE (revision, row_id), 2 AS revision, 'c2' AS row_id,"
        " -1 AS event_count_delta FROM closed_usage"
    )
    for row_id, events in (("e1", 4), ("e2", 2)):
        rows.execute(
            "INSERT INTO expired_usage BY NAME SELECT $1 AS row_id, account_id, meter_id,"
            " period_start, CASE $1 WHEN 'e1' THEN period_end ELSE period_start END AS period_end,"
            " $2 AS event_count, cut AS log_window_end FROM closed_usage",
            [row_id, events],
        )
    rows.execute(
        "INSERT INTO brought_back_usage BY NAME SELECT 'expired_usage' AS source_table,"
        " 'e2' AS source_row_id, 2 AS event_count, cut AS decided_at FROM closed_usage"
    )
    since_october = MeasuredWindow(to_us(START), END_US, END_US)
    facts = read_usage_facts(rows, True, since_october, None)
    assert (facts.in_time_events, facts.late_events) == (10, 3 + 1 + 4)
    assert (facts.expired_events, facts.brought_back_events) == (4, 2)


def test_closes_are_timed_by_their_commits(rows: DuckDBPyConnection) -> None:
    """The row of October came 90 s after its end; another's commit has expired."""
    assert CLOSES == "closes"
    rows.execute("UPDATE closes SET committed_us = $1", [to_us(second(90))])
    rows.execute(
        "INSERT INTO closes SELECT * REPLACE ('x' AS row_id, NULL AS committed_us) FROM closes"
    )
    facts = read_usage_facts(rows, True, EVER, None)
    assert (facts.closed_rows, facts.forgotten_rows) == (2, 1)
    assert (facts.close_delay.count, facts.close_delay.by_percent_us[95]) == (1, 90 * SECOND_US)
    (day,) = read_closed_days(rows, True, EVER)
    assert day == ClosedDay(to_us(START), 2, 90 * SECOND_US)


def test_only_periods_of_the_window_close_in_it(rows: DuckDBPyConnection) -> None:
    """October ends with its last instant: the window before has none."""
    before = MeasuredWindow(None, to_us(START), END_US)
    facts = read_usage_facts(rows, True, before, None)
    assert (facts.in_time_events, facts.closed_rows) == (0, 0)
    from_then = MeasuredWindow(to_us(START), to_us(START + timedelta(seconds=1)), END_US)
    assert read_usage_facts(rows, True, from_then, None).closed_rows == 1
    assert read_closed_days(rows, True, before) == ()
