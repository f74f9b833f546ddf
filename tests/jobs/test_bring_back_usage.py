"""The program that brings usage back: what it writes, shows and refuses, over real small tables."""

import json
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from iceberg.account_tables import REJECTED_ACCOUNTS
from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from iceberg.decided_tables import BROUGHT_BACK_USAGE
from iceberg.decisions import DecisionTables
from iceberg.tables import EXPIRED_USAGE
from iceberg.writing import UnknownCommitError
from jobs import bring_back_usage, show_usage
from jobs.bring_back_usage import main
from jobs.settings import KafkaSettings
from schemas.account import Account, encode_account
from schemas.account_record import AccountRecord
from schemas.cadence import Cadence
from schemas.instant import to_us
from schemas.terms import Recurring, Terms
from tests.iceberg.filling import LocalCatalog, append
from tests.iceberg.rows import row_of
from tests.jobs.bringing_back import Output, bring_back, call, refused, report
from tests.jobs.metered_tables import FLOWN, make_world, write_settings

NOT_BEFORE = "2026-01-01T00:00:00Z"


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings whose tables hold the small world: two rows expired, two were unassigned."""
    return make_world(tmp_path)


@pytest.fixture
def topic(monkeypatch: pytest.MonkeyPatch) -> list[AccountRecord]:
    """What the accounts topic says; a test may change it."""
    terms = Terms(
        7, to_us(FLOWN), "UTC", Recurring(Cadence(months=1), datetime(2013, 1, 1)), "standard"
    )
    records = [AccountRecord("X", 0, 4, encode_account(Account("X", (terms,))))]

    def read(_: KafkaSettings, account_ids: Collection[str]) -> tuple[AccountRecord, ...]:
        assert list(account_ids) == ["X"]
        return tuple(records)

    monkeypatch.setattr(bring_back_usage, "read_account_records", read)
    return records


def _pending(settings: Path, capsys: Output) -> list[str]:
    assert main(["--settings", str(settings), "--list", "--json"], {}) == 0
    return [row["row_id"] for row in json.loads(capsys.readouterr().out)["rows"]]


def test_an_expired_row_counts_again(settings: Path, capsys: Output) -> None:
    """In its period, one event more than was closed and corrected; the tables say who and why."""
    (row,) = bring_back(settings, capsys, "e-flights")
    assert (row["source_table"], row["source_row_id"]) == ("expired_usage", "e-flights")
    assert (row["decided_by"], row["reason"]) == ("Ada L", "cut off")
    assert row["decided_at"] > NOT_BEFORE
    assert (row["period_start"], row["quantity"]) == ("2013-01-01T00:00:00Z", "1")
    shown = report(settings, capsys, "--account", "A")
    flights, longest = shown["usage"]
    assert (flights["quantity"], flights["event_count"]) == ("6", 6)
    assert (longest["quantity"], longest["event_count"]) == ("2586.5", 4)
    assert shown["brought_back"] == [row]


def test_it_is_an_end_of_its_own(settings: Path, capsys: Output) -> None:
    """The events are no longer expired, and all events still add up."""
    before = report(settings, capsys)["fates"]["meters"][0]
    bring_back(settings, capsys, "e-flights")
    fates = report(settings, capsys)["fates"]["meters"]
    assert fates[0] == before | {"expired": 0, "brought_back": 1}
    assert fates[1]["brought_back"] == 0


def test_an_unassigned_row_gets_its_accounts_period(
    settings: Path, topic: list[AccountRecord], capsys: Output
) -> None:
    """That of the terms of now; so the period has a total that nothing else made."""
    flights, longest = bring_back(settings, capsys, "u-flights", "u-longest")
    assert (flights["terms_version"], flights["period_end"]) == (7, "2013-02-01T00:00:00Z")
    assert (longest["aggregation"], longest["unit"]) == ("max", "mile")
    shown = report(settings, capsys, "--account", "X")
    assert [(each["meter_id"], each["quantity"]) for each in shown["usage"]] == [
        ("flights", "1"),
        ("longest", "1"),
    ]
    meters = shown["fates"]["meters"]
    assert [(each["unassigned"], each["brought_back"]) for each in meters] == [(0, 1), (0, 1)]


def test_terms_that_the_job_refused_are_not_taken(
    settings: Path, topic: list[AccountRecord], capsys: Output
) -> None:
    """They stand in rejected_accounts; compaction may have left nothing else of the account."""
    place = {"kafka_partition": 0, "kafka_offset": 4, "log_time": FLOWN}
    too_late = row_of(REJECTED_ACCOUNTS, **place, account_id="X", reason="too_late", detail="d")
    append(open_catalog(LocalCatalog(settings.parent)), REJECTED_ACCOUNTS, [too_late])
    assert refused(call(settings, "u-flights"), capsys) == (
        "row u-flights: account X: expected terms on the accounts topic,"
        " found only records that the job refused"
    )


def test_a_row_comes_back_once(settings: Path, capsys: Output) -> None:
    """Who asks again is told who did so and when; nothing is added."""
    (row,) = bring_back(settings, capsys, "e-flights")
    line = refused(call(settings, "e-flights", by="Bob"), capsys)
    assert line == (
        "row e-flights: expected one that was not brought back before,"
        f" found that Ada L did so at {row['decided_at']}"
    )
    assert report(settings, capsys)["brought_back"] == [row]


def test_all_rows_of_a_call_or_none(settings: Path, capsys: Output) -> None:
    """One that is refused keeps the others; then both are one commit."""
    assert "row other: expected a row" in refused(call(settings, "e-flights", "other"), capsys)
    assert report(settings, capsys)["brought_back"] == []
    bring_back(settings, capsys, "e-flights", "e-longest")
    catalog = open_catalog(LocalCatalog(settings.parent))
    assert len(catalog.load_table(("billing", BROUGHT_BACK_USAGE.name)).snapshots()) == 1


def test_what_was_not_brought_back_is_listed(settings: Path, capsys: Output) -> None:
    """With its id, what it is and why; after it was brought back no longer."""
    everything = ["e-flights", "e-longest", "u-flights", "u-longest"]
    assert _pending(settings, capsys) == everything
    assert main(["--settings", str(settings), "--list"], {}) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["e-flights", "A", "flights", "from", "2013-01-01", "1", "flight", "2013-01-30"] in lines
    assert ["u-longest", "X", "longest", "unknown_account", "1", "mile", "2013-01-30"] in lines
    bring_back(settings, capsys, "e-longest")
    assert _pending(settings, capsys) == ["e-flights", "u-flights", "u-longest"]


def test_a_long_id_is_shown_whole(settings: Path, capsys: Output) -> None:
    """Names beside it go over several lines; the day is that of the account's wall clock."""
    row_id, account = "0123456789abcdef" * 2, "a-rather-long-name-of-an-account-" * 3
    zone = {"timezone": "America/Chicago"}
    long = row_of(EXPIRED_USAGE, row_id=row_id, account_id=account, **zone)
    append(open_catalog(LocalCatalog(settings.parent)), EXPIRED_USAGE, [long])
    assert main(["--settings", str(settings), "--list"], {}) == 0
    text = capsys.readouterr().out
    assert row_id in text
    assert "from 2012-12-31" in text
    assert "…" not in text


def test_nothing_to_list_is_said(tmp_path: Path, capsys: Output) -> None:
    """Empty tables are no error."""
    path = write_settings(tmp_path)
    make_tables(open_catalog(LocalCatalog(tmp_path)), "billing")
    assert main(["--settings", str(path), "--list"], {}) == 0
    assert capsys.readouterr().out.startswith("Nothing waits: no usage expired")


def test_people_see_who_and_why(settings: Path, capsys: Output) -> None:
    """The program and the report show the same short table; the fates have one column more."""
    assert main(call(settings, "e-flights", reason=" the gateway\nwas cut off "), {}) == 0
    shown = ["A", "flights", "2013-01-01", "1", "1", "Ada", "L", "the", "gateway", "was"]
    for _ in range(2):
        text = capsys.readouterr().out
        assert [line.split()[: len(shown)] for line in text.splitlines()].count(shown) == 1
        assert max(len(line) for line in text.splitlines() if "://" not in line) <= 100
        assert show_usage.main(["--settings", str(settings)], {}) == 0
    assert "brought" in text
    assert "All 31 records add up." in text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"rows": ()}, "--row, beside --by and --reason"),
        ({"rows": ("r",), "by": " "}, "--by with a word, beside --row"),
        ({"rows": ("r",), "reason": ""}, "--reason with a word, beside --row"),
    ],
)
def test_what_is_not_said_is_asked_for(
    settings: Path, capsys: Output, changes: dict[str, Any], expected: str
) -> None:
    """Nothing is brought back without a name and a reason."""
    rows = changes.pop("rows")
    assert refused(call(settings, *rows, **changes), capsys) == (
        f"missing option, command line: expected {expected}; or --list, found nothing"
    )


def test_missing_tables_are_one_line(tmp_path: Path, capsys: Output) -> None:
    """The line names the table and what to run."""
    line = refused(call(write_settings(tmp_path), "r"), capsys)
    assert line.startswith("table manual_acts, namespace billing: expected one, found none")


def test_a_catalog_without_an_answer_is_one_line(
    settings: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows then; the next call will."""

    def fail(*_: object) -> None:
        raise UnknownCommitError("commit: no answer")

    monkeypatch.setattr(DecisionTables, "append", fail)
    assert refused(call(settings, "e-flights"), capsys) == "commit: no answer"


def test_a_row_whose_source_is_gone_is_a_problem(settings: Path, capsys: Output) -> None:
    """Tables that were rolled back no longer say where it came from."""
    bring_back(settings, capsys, "e-flights")
    catalog = open_catalog(LocalCatalog(settings.parent))
    catalog.load_table(("billing", EXPIRED_USAGE.name)).delete("row_id = 'e-flights'")
    assert show_usage.main(["--settings", str(settings), "--json"], {}) == 1
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert "brought_back_usage: 1 rows whose source row is not there" in problems
