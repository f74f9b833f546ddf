"""The programs that look after tables: what they print, how they end, what stays readable."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from iceberg.reading import open_rows
from iceberg.tagging import tagged_snapshots
from jobs import check_commits, maintain_tables, show_usage
from tests.jobs.pricing_rows import closed, corrected, day
from tests.jobs.pricing_world import World, make_priced_world

Output = pytest.CaptureFixture[str]


def _run(world: World, *arguments: str, at_us: int = 2**52) -> int:
    settings = ["--settings", str(world.settings)]
    return maintain_tables.main([*settings, *arguments], {}, lambda: at_us)


def _written_us(world: World) -> int:
    """Return the instant of the job's last commit to the archive."""
    snapshot = world.catalog.load_table(("billing", "raw_events")).current_snapshot()
    assert snapshot is not None
    return snapshot.timestamp_ms * 1000


def test_a_closed_month_is_read_as_of_its_tag(tmp_path: Path, capsys: Output) -> None:
    """Whatever comes later, is merged and expires: February's correction is not in it."""
    # A world of its own: an expiry deletes files, which no other world may miss.
    january = make_priced_world(tmp_path)
    january.meter(day(2, 2), closed_usage=[closed("A", 1, 8), closed("B", 1, 3)])
    capsys.readouterr()
    assert _run(january, "--tag-closed") == 0
    assert capsys.readouterr().out == "closed-2013-01: tagged at checkpoint 2\n"
    late = corrected("A", 1, 1, flights=10, delta=2, end=day(2, 4))
    january.meter(day(2, 5), usage_corrections=[late])
    for _ in range(12):
        january.commit(january.checkpoint + 1)
        january.checkpoint += 1
    tables = ["--table", "raw_events", "--table", "usage_corrections", "--table", "closed_usage"]
    asked = ["--compact", "--least-files", "2", "--expire-older-than-days", "0", *tables]
    assert _run(january, *asked, "--json") == 0
    steps = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {(step["step"], step["table"]) for step in steps} == {
        ("merged", "raw_events"),
        ("expired", "raw_events"),
        ("expired", "usage_corrections"),
        ("expired", "closed_usage"),
    }
    assert _run(january, *asked) == 0
    assert capsys.readouterr().out == "Nothing to do.\n"
    ids = tagged_snapshots(january.catalog, "billing", "closed-2013-01")
    sql = "SELECT quantity FROM usage_totals WHERE account_id = 'A'"
    for snapshot_ids, quantity in ((ids, 8), (None, 10)):
        with closing(open_rows(january.catalog, "billing", snapshot_ids)) as rows:
            assert rows.execute(sql).fetchall() == [(quantity,)]


def test_an_unknown_tag_is_one_line(january: World, capsys: Output) -> None:
    """Exit code 2."""
    settings = ["--settings", str(january.settings), "--as-of", "closed-1999-01"]
    assert show_usage.main(settings, {}) == 2
    expected = "tag, table raw_events: expected closed-1999-01, found none\n"
    assert capsys.readouterr().err == expected


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "missing option, command line: expected --tag-closed, --compact, --expire-older"),
        (["--compact", "--table", "x"], "bad value, --table: expected one of raw_events, "),
        (["--compact", "--least-files", "1"], "bad value, --least-files: expected at least 2"),
        (["--remove-orphans-older-than-hours", "1"], "expected at least 24, as younger files"),
    ],
)
def test_mistakes_are_one_line(
    january: World, capsys: Output, arguments: list[str], line: str
) -> None:
    """Exit code 2, and nothing is done."""
    before = january.snapshots()
    assert _run(january, *arguments) == 2
    output = capsys.readouterr()
    assert line in output.err
    assert output.err.count("\n") == 1
    assert january.snapshots() == before


def _check(world: World, age_s: float, *arguments: str) -> int:
    settings = ["--settings", str(world.settings), "--max-age-s", "60"]
    at_us = _written_us(world) + round(age_s * 1_000_000)
    return check_commits.main([*settings, *arguments], {}, lambda: at_us)


def test_the_alarm(january: World, capsys: Output) -> None:
    """Exit code 1 and a line where commits stay out; figures for machines in both forms."""
    assert _check(january, 60) == 0
    assert capsys.readouterr().out.startswith("raw_events: checkpoint 2 by job unknown, 60 s ago")
    assert _check(january, 90, "--prometheus") == 1
    output = capsys.readouterr()
    assert output.err.startswith("tables: expected a commit of the job within 60 s, found the last")
    assert 'meterclose_commit_age_seconds{table="raw_events"} 90\n' in output.out
    assert 'meterclose_commit_behind_checkpoints{table="expired_usage"} 2\n' in output.out
    assert output.out.endswith("meterclose_commit_faults 1\n")
    assert _check(january, 0, "--json", "--files") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["faults"] == []
    by_name = {each["table"]: each for each in found["tables"]}
    assert by_name["raw_events"]["last"]["checkpoint_id"] == 2
    assert by_name["expired_usage"]["last"] is None
