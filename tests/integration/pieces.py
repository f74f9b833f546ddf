"""The oracle, asked in pieces: what the runs must have written that `test_changing_state` makes.

Each piece is one meter under one set of rules, asked for the records, or the rows, that these
rules hold for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from audit.judging import EPOCH
from audit.shapes import OracleMeter, RawRecord, read_accounts, read_meters
from tests.integration.world import PARTITIONS, SLACK_MS
from tests.oracle.recompute import Clocks, Expected, final_watermark, recompute

NARROW, WIDE = timedelta(seconds=1), timedelta(minutes=1)
_KINDS = ("closed", "corrections", "expired")


def expected_of(
    records: Sequence[RawRecord],
    accounts_file: Path,
    meters_files: tuple[Path, Path],
    renamed_file: Path,
    saved_ms: tuple[int, int],
) -> Expected:
    """Return what three runs must have written.

    Args:
        records: All of the topic.
        accounts_file: The accounts.
        meters_files: Of the first and the second run: a meter differs in grace and horizon.
        renamed_file: Of the third: the meter is gone, and another has come.
        saved_ms: Log times of the heartbeats before each savepoint.
    """
    accounts = read_accounts(accounts_file)
    final = Clocks(final_watermark(records, PARTITIONS, SLACK_MS))
    before, after = (read_meters(path) for path in meters_files)
    renamed = read_meters(renamed_file)
    first_us, second_ms = _watermark(saved_ms[0]), saved_ms[1]
    gone = [each for each in before if each not in after]
    kept = [each for each in before if each in after]
    new = [each for each in renamed if each.meter_id not in {each.meter_id for each in before}]
    to_second = [each for each in records if each.log_time_ms <= second_ms]
    from_second = [each for each in records if each.log_time_ms > second_ms]
    asked: list[tuple[Sequence[RawRecord], list[OracleMeter]]] = [
        (records, kept),
        (to_second, gone),
        (from_second, new),
    ]
    total = Expected()
    for some, meters in asked:
        found = recompute(some, meters, accounts, final)
        _add(total, found, _KINDS if meters is not gone else ())
        for kind in ("unassigned", "overflows", "meter_rejects"):
            getattr(total, kind).extend(getattr(found, kind))
        narrow, wide = (
            recompute(some, meters, accounts, replace(final, event_window=width)).windows
            for width in (NARROW, WIDE)
        )
        # What SQL held at the savepoint was gathered by the narrow windows, and goes out under
        # the width of the run that emits it.
        held = first_us + final.log_window + timedelta(seconds=10)
        total.windows += [row for row in narrow if row.log_window_end <= first_us]
        total.windows += [
            replace(row, event_window_s=60)
            for row in narrow
            if first_us < row.log_window_end <= held
        ]
        total.windows += [row for row in wide if row.log_window_end > held]
    _add_changed(
        total,
        to_second,
        (gone, [each for each in after if each not in before]),
        final,
        first_us,
        accounts,
    )
    everyone = [*before, *new]
    total.fates = recompute(records, everyone, accounts, final).fates
    return total


def _watermark(beaten_ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=beaten_ms - SLACK_MS)


def _add(total: Expected, found: Expected, kinds: Iterable[str]) -> None:
    for kind in kinds:
        getattr(total, kind).extend(getattr(found, kind))


def _add_changed(
    total: Expected,
    records: Sequence[RawRecord],
    meters: tuple[list[OracleMeter], list[OracleMeter]],
    clocks: Clocks,
    first: datetime,
    accounts: Any,
) -> None:
    """Add the rows of the meter whose grace changed: entries keep what they were opened with."""
    was, is_now = (recompute(records, each, accounts, clocks) for each in meters)
    early = [each for each in records if _window_end(each, clocks) <= first]
    opened = recompute(early, meters[0], accounts, clocks)
    keys = {_key(row) for kind in _KINDS for row in getattr(opened, kind)}
    # What first comes when the reach of before is over cannot be told from what was forgotten.
    metered = {_key(row) for row in (*was.closed, *was.corrections)}
    keys |= {_key(row) for row in was.expired} - metered
    for kind in _KINDS:
        rows = [row for row in getattr(was, kind) if _key(row) in keys]
        rows += [row for row in getattr(is_now, kind) if _key(row) not in keys]
        getattr(total, kind).extend(rows)


def _window_end(record: RawRecord, clocks: Clocks) -> datetime:
    log_time = timedelta(milliseconds=record.log_time_ms)
    return EPOCH + (log_time // clocks.log_window + 1) * clocks.log_window


def _key(row: Any) -> tuple[Any, ...]:
    return (row.account_id, row.dimensions, row.period_start)
