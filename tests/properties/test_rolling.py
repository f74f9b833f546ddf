"""Whatever is appended and rolled up in whatever order: what an hour or a day adds up to stays.

Log windows are appended in their order, as the job commits them; a commit may come again at any
time. The naive sums are made of the detail alone.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from iceberg.tables import METERING_WINDOWS
from tests.iceberg.filling import append
from tests.iceberg.windows import Row, at, detail, open_windows, read_rows, roll_up, table_of

_AGGREGATIONS = (
    "count", "sum", "average", "max", "min", "latest", "unique_count", "time_weighted_sum", ""
)  # fmt: skip
_WIDTHS = (1, 60, 3600)
_TIMES = ("first_event_time", "last_event_time", "first_log_time", "last_log_time")

steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 6)),
        st.tuples(st.just("append"), st.integers(1, 6)),
        st.tuples(st.just("repeat"), st.integers(0, 9)),
        st.tuples(st.just("roll up"), st.integers(-1, 8)),
    ),
    min_size=6,
    max_size=14,
)
_WHOLE = {"latest", "time_weighted_sum", ""}


# Each step is a commit on disk: what fails is printed as it was found, not shrunk for minutes.
@settings(max_examples=5, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(steps, st.randoms(use_true_random=False), st.integers(1, 3), st.integers(0, 4))
def test_sums_never_change(
    todo: list[tuple[str, int]], chance: random.Random, hours_after: int, more: int
) -> None:
    """After each step each group's hours and days are those of all detail, each row once."""
    with TemporaryDirectory() as folder:
        catalog = open_windows(Path(folder))
        log_time, offset = at(3, hours=chance.randrange(30)), 0
        commits: list[list[Row]] = []
        has_repeats = False
        for what, number in todo:
            if what == "append":
                rows = []
                for _ in range(number):
                    log_time += timedelta(minutes=chance.choice((1, 7, 50, 400)))
                    offset += 1
                    rows.append(_row(chance, log_time, offset))
                append(catalog, METERING_WINDOWS, rows)
                commits.append(rows)
            elif what == "repeat" and commits:
                append(catalog, METERING_WINDOWS, commits[number % len(commits)])
                has_repeats = True
            elif what == "roll up":
                now = at(3 + number, hours=chance.randrange(24))
                done = roll_up(catalog, now, hours_after, hours_after + more)
                assert roll_up(catalog, now, hours_after, hours_after + more) == [], done
                midnight = now.replace(hour=0)
                hours_until = midnight - timedelta(days=hours_after)
                _check_none_due(read_rows(catalog), hours_until, hours_until - timedelta(days=more))
            found = read_rows(catalog)
            _check(found, [row for rows in commits for row in rows])
            if not has_repeats:
                assert len(found) == table_of(catalog).scan().to_arrow().num_rows


def _row(chance: random.Random, log_time: datetime, offset: int) -> Row:
    aggregation = chance.choice((*_AGGREGATIONS, "sum", "sum", "sum"))
    part = None
    if aggregation in ("latest", "time_weighted_sum"):
        part = f"{chance.randrange(12)}:{offset}"
    elif aggregation == "unique_count":
        part = chance.choice("ab")
    is_back = chance.random() < 0.2
    return detail(
        log_time - timedelta(minutes=chance.choice((-3, 0, 1, 30, 200, 2000, 6000))),
        log_time,
        chance.randrange(-5, 20),
        event_window_s=chance.choice(_WIDTHS),
        meter_id=f"m-{aggregation}",
        aggregation=aggregation,
        part=part,
        event_count=-1 if is_back else 1,
        is_retraction=is_back or chance.choice((None, False)),
    )


def _check(found: list[Row], expected: list[Row]) -> None:
    assert _kept(found, _WHOLE) == _kept(expected, _WHOLE)
    assert _sums(found, _day_of) == _sums(expected, _day_of)
    as_days = {(_group(row), _day_of(row)) for row in found if row["event_window_s"] == 86_400}

    def hours(rows: Iterable[Row]) -> dict[object, object]:
        return _sums([row for row in rows if (_group(row), _day_of(row)) not in as_days], _hour_of)

    assert hours(found) == hours(expected)


def _check_none_due(found: list[Row], hours_until: datetime, days_until: datetime) -> None:
    for row in found:
        start, width_s = _start(row), row["event_window_s"]
        received = row["log_window_end"]
        assert isinstance(received, datetime)
        if width_s == 86_400 or row["aggregation"] in _WHOLE:
            continue
        until = days_until if width_s == 3600 else hours_until
        assert start >= until or received > until, row


def _kept(rows: list[Row], aggregations: set[str]) -> list[str]:
    """Return the rows of some aggregations as texts that compare."""
    return sorted(
        str([f"{name}={value}" for name, value in sorted(_comparable(row).items())])
        for row in rows
        if row["aggregation"] in aggregations
    )


def _comparable(row: Row) -> Row:
    return row | {"quantity": f"{row['quantity']:.9f}"}


def _group(row: Row) -> tuple[object, object]:
    return row["account_id"], row["meter_id"]


def _start(row: Row) -> datetime:
    start = row["event_window_start"]
    assert isinstance(start, datetime)
    return start


def _day_of(row: Row) -> datetime:
    return _start(row).replace(hour=0, minute=0, second=0)


def _hour_of(row: Row) -> datetime:
    return _start(row).replace(minute=0, second=0)


def _sums(rows: Iterable[Row], window_of: object) -> dict[object, object]:
    """Return what each group's windows come to, as one who adds up all rows finds it."""
    gathered = defaultdict(list)
    for row in rows:
        gathered[_group(row), window_of(row)].append(row)  # type: ignore[operator]
    return {key: _sum(mine) for key, mine in gathered.items()}


def _sum(rows: list[Row]) -> tuple[object, ...]:
    units = [Decimal(str(row["quantity"])) for row in rows]
    events = sum(int(str(row["event_count"])) for row in rows)
    times = [
        (min if name.startswith("first") else max)(str(row[name]) for row in rows)
        for name in _TIMES
    ]
    aggregation = rows[0]["aggregation"]
    if aggregation in ("max", "min"):
        return (max if aggregation == "max" else min)(units), events, times
    return sum(units), sorted({str(row["part"]) for row in rows}), events, times
