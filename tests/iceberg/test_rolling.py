"""Running usage is rolled up: what becomes one row, when, and what that rewrites."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog

from iceberg.reading import BrokenRowsError
from iceberg.tables import METERING_WINDOWS
from tests.iceberg.filling import append
from tests.iceberg.windows import (
    Row,
    at,
    detail,
    open_windows,
    read_rows,
    roll_up,
    table_of,
    widths,
)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog with the table, empty."""
    return open_windows(tmp_path)


def _write(catalog: Catalog, *rows: Row) -> None:
    append(catalog, METERING_WINDOWS, rows)


def _day(day: int, units: int = 1) -> list[Row]:
    """Return a row of detail for each hour of a day, received at once."""
    return [
        detail(at(day, hours=hour, minutes=1), at(day, hours=hour, minutes=2), units)
        for hour in range(24)
    ]


def _only(catalog: Catalog) -> Row:
    (row,) = read_rows(catalog)
    return row


def test_detail_becomes_a_row_an_hour_then_a_day(catalog: Catalog) -> None:
    """Sums and counts add up; first and last times are the outermost; the roll-up names itself."""
    _write(catalog, *(detail(at(minutes=i), at(minutes=i + 1), i) for i in (1, 2, 61)))
    roll_up(catalog, at(3))
    assert widths(read_rows(catalog)) == [(3600, at(), 3, 2), (3600, at(hours=1), 61, 1)]
    roll_up(catalog, at(6))
    row = _only(catalog)
    assert (row["event_window_s"], row["quantity"], row["event_count"]) == (86_400, 64, 3)
    assert (row["first_event_time"], row["last_event_time"]) == (at(minutes=1), at(minutes=61))
    assert row["first_log_time"] == at(minutes=2, seconds=-7)
    assert row["last_log_time"] == at(minutes=62, seconds=-3)
    assert (row["log_window_end"], row["job_version"]) == (at(minutes=62), "roll-up 1")


@pytest.mark.parametrize(
    ("now", "is_due"),
    [(at(2, hours=23, minutes=59), False), (at(3), True)],
    ids=["the hour's day is not over for so long", "it is"],
)
def test_detail_is_kept_for_whole_days(catalog: Catalog, now: datetime, is_due: bool) -> None:
    """An hour is due when it ended before the midnight so many days ago, not earlier."""
    _write(catalog, detail(at(hours=23), at(hours=23, minutes=1)))
    assert bool(roll_up(catalog, now)) is is_due
    assert _only(catalog)["event_window_s"] == (3600 if is_due else 60)


def test_the_last_minute_of_a_day_is_in_its_hour_and_day(catalog: Catalog) -> None:
    """Files that begin within the hour, or the day, are read too."""
    for minute in (0, 1, 59):
        _write(catalog, detail(at(hours=23, minutes=minute), at(hours=23, minutes=minute + 1)))
    _write(catalog, detail(at(minutes=1), at(hours=24)))
    roll_up(catalog, at(3))
    assert widths(read_rows(catalog)) == [(3600, at(), 1, 1), (3600, at(hours=23), 3, 3)]
    roll_up(catalog, at(6))
    assert widths(read_rows(catalog)) == [(86_400, at(), 4, 4)]


def test_late_detail_is_kept_as_long(catalog: Catalog) -> None:
    """It stands beside the row of its hour for two days of its own, then is one more row."""
    _write(catalog, detail(at(), at(minutes=1)))
    roll_up(catalog, at(3))
    _write(catalog, detail(at(minutes=5), at(3, minutes=1), 7))
    assert roll_up(catalog, at(5, hours=23)) == []
    assert widths(read_rows(catalog)) == [(60, at(minutes=5), 7, 1), (3600, at(), 1, 1)]
    roll_up(catalog, at(6), days_after_days=9)
    assert widths(read_rows(catalog)) == [(3600, at(), 1, 1), (3600, at(), 7, 1)]
    roll_up(catalog, at(13), days_after_days=9)
    assert widths(read_rows(catalog)) == [(86_400, at(), 8, 2)]


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [("count", 12), ("sum", 12), ("average", 12), ("max", 7), ("min", 2)],
)
def test_quantities_by_aggregation(catalog: Catalog, aggregation: str, expected: int) -> None:
    """What SQL adds up, adds up; the greatest and the least stay what they are."""
    _write(
        catalog,
        *(detail(at(minutes=i), at(minutes=9), i, aggregation=aggregation) for i in (2, 3, 7)),
    )
    roll_up(catalog, at(3))
    assert widths(read_rows(catalog)) == [(3600, at(), expected, 3)]


def test_values_stay_apart(catalog: Catalog) -> None:
    """Of unique counts, histograms and percentiles each part keeps a row with its count."""
    values = (("5", 1), ("5", 2), ("7", 3))
    _write(
        catalog,
        *(
            detail(at(minutes=i), at(minutes=9), aggregation="unique_count", part=part)
            for part, i in values
        ),
    )
    roll_up(catalog, at(3))
    assert sorted((row["part"], row["event_count"]) for row in read_rows(catalog)) == [
        ("5", 2),
        ("7", 1),
    ]


def test_what_is_taken_back_stays_apart(catalog: Catalog) -> None:
    """Rows below zero become one of their own, and a reader adds them up."""
    back = {"event_count": -1, "is_retraction": True}
    _write(
        catalog,
        detail(at(minutes=1), at(minutes=2), 5),
        detail(at(minutes=1), at(minutes=3), 7, is_retraction=False),
        detail(at(minutes=1), at(minutes=3), -5, **back),
        detail(at(minutes=9), at(minutes=10), -7, **back),
    )
    for now, width_s in ((3, 3600), (6, 86_400)):
        roll_up(catalog, at(now))
        found = [
            (row["event_window_s"], row["quantity"], row["event_count"], row["is_retraction"])
            for row in read_rows(catalog)
        ]
        assert sorted(found) == [(width_s, -12, -2, True), (width_s, 12, 2, False)]


@pytest.mark.parametrize(
    "aggregation", ["time_weighted_sum", "latest", ""], ids=["level", "latest", "removed meter"]
)
def test_what_needs_each_event_stays_as_it_is(catalog: Catalog, aggregation: str) -> None:
    """Also beside what is rolled up, and once in a file of their own they are not touched."""
    level = detail(at(minutes=2), at(minutes=3), meter_id="disk", part="0:7") | {
        "aggregation": aggregation
    }
    _write(catalog, level, detail(at(), at(minutes=1)))
    (rolled,) = roll_up(catalog, at(3))
    assert (rolled.files_added, rolled.rows_added) == (2, 2)
    roll_up(catalog, at(9))
    assert level in read_rows(catalog)
    assert roll_up(catalog, at(90)) == []


def test_windows_of_every_width_meet(catalog: Catalog) -> None:
    """Seconds, minutes and a day; the job's own hours stay hours until their day is due."""
    _write(
        catalog,
        detail(at(seconds=1), at(minutes=1), 1, event_window_s=1),
        detail(at(minutes=1), at(minutes=2), 2),
        detail(at(), at(minutes=3), 4, event_window_s=3600),
        detail(at(), at(minutes=4), 8, event_window_s=3600),
    )
    roll_up(catalog, at(3))
    hours = [(3600, at(), 3, 2), (3600, at(), 4, 1), (3600, at(), 8, 1)]
    assert widths(read_rows(catalog)) == hours
    roll_up(catalog, at(6))
    assert widths(read_rows(catalog)) == [(86_400, at(), 15, 4)]


def test_a_repeat_before_the_roll_up_counts_once(catalog: Catalog) -> None:
    """The same rows in two files, and one data file committed twice."""
    row = detail(at(), at(minutes=1), 5)
    (path,) = append(catalog, METERING_WINDOWS, [row])
    _write(catalog, row | {"job_version": "2"})
    table_of(catalog).add_files([path], check_duplicate_files=False)
    (rolled,) = roll_up(catalog, at(3))
    assert (rolled.files_removed, rolled.rows_added) == (2, 1)
    assert widths(read_rows(catalog)) == [(3600, at(), 5, 1)]
    assert table_of(catalog).scan().to_arrow().num_rows == 1


@pytest.mark.parametrize("now", [at(3), at(6)], ids=["an hour", "a day"])
def test_a_repeat_after_the_roll_up_counts_nothing(catalog: Catalog, now: datetime) -> None:
    """Readers leave out what a rolled-up row holds; the next roll-up removes it and says so."""
    rows = [detail(at(minutes=i), at(minutes=i + 1), i) for i in (1, 2)]
    (path,) = append(catalog, METERING_WINDOWS, rows)
    roll_up(catalog, now)
    whole = read_rows(catalog)
    table_of(catalog).add_files([path])
    _write(catalog, rows[0])
    assert read_rows(catalog) == whole
    (rolled,) = roll_up(catalog, now)
    assert (rolled.repeated_rows, rolled.rows_added) == (3, 0)
    assert read_rows(catalog) == whole
    assert table_of(catalog).scan().to_arrow().num_rows == 1


def test_the_jobs_own_hours_hold_nothing(catalog: Catalog) -> None:
    """A job that went from minutes to hours wrote no roll-up: its minutes count."""
    _write(catalog, detail(at(), at(minutes=1)))
    _write(catalog, detail(at(), at(minutes=2), 2, event_window_s=3600))
    assert len(read_rows(catalog)) == 2
    roll_up(catalog, at(3))
    assert widths(read_rows(catalog)) == [(3600, at(), 1, 1), (3600, at(), 2, 1)]


def test_contradictions_are_not_rolled_up(catalog: Catalog) -> None:
    """Two contents of one identity: nothing is committed."""
    _write(catalog, detail(at(), at(minutes=1), 1))
    _write(catalog, detail(at(), at(minutes=1), 2))
    with pytest.raises(BrokenRowsError, match="metering_windows: rows of one identity differ"):
        roll_up(catalog, at(3))
    assert len(table_of(catalog).snapshots()) == 2


def test_each_month_is_a_commit_and_others_stay(catalog: Catalog) -> None:
    """April has nothing to roll up: its file is not rewritten. A day is in its UTC month."""
    april = at(22)
    _write(catalog, detail(at(), at(minutes=1)), detail(at(minutes=1), at(minutes=2)))
    _write(catalog, detail(at(-20), at(1)), detail(april, april))
    before = _files(catalog)
    assert [rolled.month for rolled in roll_up(catalog, at(9))] == ["2026-02", "2026-03"]
    assert len(table_of(catalog).snapshots()) == 4
    assert [path for path in _files(catalog) if path in before] == [before[-1]]


def test_each_row_is_rewritten_once_a_step(catalog: Catalog) -> None:
    """With a run a day: a day's files become one, once, and five days later that one, once."""
    costs = []
    for day in range(10):
        # A file for each half of a day, the second with a late row of the day before.
        rows = _day(day)
        _write(catalog, *rows[:12])
        _write(catalog, *rows[12:], detail(at(day - 1, hours=3), at(day, hours=20)))
        costs.append(
            [
                (rolled.files_removed, rolled.rows_removed, rolled.files_added, rolled.rows_added)
                for rolled in roll_up(catalog, at(day + 1, hours=4))
            ]
        )
    assert costs[:2] == [[], []]
    # Two files of detail, 25 rows, become a file of 25 hours: the late row is an hour of its own.
    assert costs[2:4] == [[(2, 25, 1, 25)]] * 2
    # Each run after that also makes days of such a file of hours, received on one day.
    assert costs[5:] == [[(3, 50, 2, 27)]] * 5


def test_the_first_run_leaves_no_file_for_every_run(catalog: Catalog) -> None:
    """A month of detail in one file: what will be due on one day lies in one file from then on."""
    _write(catalog, *(row for day in range(12) for row in _day(day)))
    (first,) = roll_up(catalog, at(12))
    assert (first.files_removed, first.rows_removed) == (1, 288)
    # Seven days as days, three as hours, two as detail.
    assert (first.files_added, first.rows_added) == (1 + 3 + 2, 7 + 3 * 24 + 2 * 24)
    (second,) = roll_up(catalog, at(13))
    assert (second.files_removed, second.rows_removed) == (2, 24 + 24)
    assert (second.files_added, second.rows_added) == (2, 1 + 24)


def test_quantities_stay_exact(catalog: Catalog) -> None:
    """Nine decimals beside many digits."""
    units = [Decimal("12345678901234567890123456789.123456789"), Decimal("0.000000001")]
    _write(catalog, *(detail(at(), at(minutes=i)) | {"quantity": units[i]} for i in (0, 1)))
    roll_up(catalog, at(3))
    assert _only(catalog)["quantity"] == Decimal("12345678901234567890123456789.123456790")


def test_a_sum_of_too_many_digits_is_said(catalog: Catalog) -> None:
    """No column holds it: nothing is committed."""
    most = Decimal("9" * 29)
    _write(catalog, *(detail(at(), at(minutes=i)) | {"quantity": most} for i in (0, 1)))
    with pytest.raises(BrokenRowsError, match="expected sums of at most 38 digits"):
        roll_up(catalog, at(3))
    assert len(table_of(catalog).snapshots()) == 1


def _files(catalog: Catalog) -> list[str]:
    """Return the paths of the data files, by month and then by name."""
    tasks = table_of(catalog).scan().plan_files()
    return [task.file.file_path for task in sorted(tasks, key=lambda task: _place(task.file))]


def _place(file: object) -> tuple[int, str]:
    return file.partition[0], file.file_path  # type: ignore[attr-defined]
