"""The ledger is shown: balances for people and as JSON, and entries for other programs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jobs.show_ledger import main
from schemas.journal import JournalEntry, Posting
from tests.jobs.booked_tables import (
    Output,
    chained,
    check_no_tables,
    read_json,
    small_ledger,
    write_journal,
)
from tests.udfs.ledgers import full_ledger
from udfs.exporting_beancount import export_beancount
from udfs.exporting_hledger import export_hledger


def test_an_empty_ledger_has_nothing_to_show(tmp_path: Path, capsys: Output) -> None:
    """Before anything was priced."""
    settings = write_journal(tmp_path, ())
    assert main(["--settings", settings], {}) == 0
    assert capsys.readouterr().out == "The journal has no entries.\n"
    empty: dict[str, object] = {"trial_balance": [], "balances": [], "rests_minor": {}}
    assert read_json(main, capsys, "--settings", settings) == empty


def test_the_trial_balance_for_people(tmp_path: Path, capsys: Output) -> None:
    """Debits on one side, credits on the other, in the currency's decimals."""
    settings = write_journal(tmp_path, chained(small_ledger()))
    assert main(["--settings", settings], {}) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines[0] == ["Trial", "balance"]
    assert lines[3:] == [
        ["assets:unbilled_usage", "JPY", "900"],
        ["revenue:sales:landing", "JPY", "900"],
        ["assets:receivable", "USD", "13.12"],
        ["assets:unbilled_usage", "USD", "0.00"],
        ["liabilities:payouts:airport", "USD", "0.05"],
        ["liabilities:tax_payable:US-NY", "USD", "1.07"],
        ["revenue:sales:landing", "USD", "12.00"],
    ]


def test_the_days_of_one_customer(tmp_path: Path, capsys: Output) -> None:
    """What each day moves and leaves; brackets are no markup."""
    settings = write_journal(tmp_path, chained(small_ledger()))
    assert main(["--settings", settings, "--account", "B6"], {}) == 0
    text = capsys.readouterr().out
    assert "JPY" not in text
    lines = [line.split() for line in text.splitlines()]
    name = "assets:unbilled_usage"
    assert [name, "2013-01-31", "12.05", "USD", "12.05", "USD"] in lines
    assert [name, "2013-03-01", "-12.05", "USD", "0.00", "USD"] in lines
    shown = read_json(main, capsys, "--settings", settings, "--account", "[AA]")
    assert {each["account_id"] for each in shown["balances"]} == {"[AA]"}


@pytest.mark.parametrize(
    ("until", "standing"), [("2013-01-30", None), ("2013-02-28", 1205), ("2013-03-01", 0)]
)
def test_balances_of_a_day(
    until: str, standing: int | None, tmp_path: Path, capsys: Output
) -> None:
    """What was booked up to it, that day included."""
    settings = write_journal(tmp_path, chained(small_ledger()))
    given = ("--settings", settings, "--account", "B6", "--until", until)
    shown = read_json(main, capsys, *given)
    found = {each["ledger_account"]: each["balance_minor"] for each in shown["trial_balance"]}
    assert found.get("assets:unbilled_usage") == standing
    assert shown["rests_minor"] == ({} if standing is None else {"USD": 0})


@pytest.mark.parametrize(
    ("name", "export"), [("beancount", export_beancount), ("hledger", export_hledger)]
)
def test_exports(name: str, export: Any, tmp_path: Path, capsys: Output) -> None:
    """All entries in the order of the chain, or those of one customer."""
    entries = full_ledger()
    settings = write_journal(tmp_path, chained(entries))
    assert main(["--settings", settings, "--export", name], {}) == 0
    assert capsys.readouterr().out.splitlines() == list(export(entries))
    one = [each for each in entries if each.account_id == "a b"]
    assert main(["--settings", settings, "--export", name, "--account", "a b"], {}) == 0
    assert capsys.readouterr().out.splitlines() == list(export(one))


def _one_sided() -> JournalEntry:
    return replace(small_ledger()[1], postings=(Posting("assets:receivable", 7),))


def test_a_ledger_out_of_balance_is_shown_and_told(tmp_path: Path, capsys: Output) -> None:
    """With the currency and the rest, as exit code 1."""
    settings = write_journal(tmp_path, chained([_one_sided()]))
    assert main(["--settings", settings], {}) == 1
    output = capsys.readouterr()
    assert "assets:receivable" in output.out
    line = "ledger, JPY: expected debits and credits that sum to 0, found 7 minor units\n"
    assert output.err == line


@pytest.mark.parametrize("until", ["yesterday", "2013-02-30", "2013-1-1"])
def test_a_day_that_is_none_is_one_line(until: str, tmp_path: Path, capsys: Output) -> None:
    """Before anything is read."""
    settings = write_journal(tmp_path, ())
    assert main(["--settings", settings, "--until", until], {}) == 2
    expected = "bad option, command line, --until: expected an ISO 8601 date, such as 2013-03-31"
    assert capsys.readouterr().err == f"{expected}, found {until}\n"


def test_rows_that_are_no_entry_are_one_line(tmp_path: Path, capsys: Output) -> None:
    """A currency that nobody knows has no decimals to show."""
    entry = replace(small_ledger()[0], currency="XXX")
    settings = write_journal(tmp_path, chained([entry]))
    for arguments in ([], ["--export", "hledger"], ["--json"]):
        assert main(["--settings", settings, *arguments], {}) == 1
        error = "journal, entry 0: expected currency as a code of ISO 4217, found XXX\n"
        assert capsys.readouterr().err == error


def test_no_tables_are_one_line(tmp_path: Path, capsys: Output) -> None:
    """With what to do about it."""
    check_no_tables(main, tmp_path, capsys)
