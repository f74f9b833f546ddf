"""Charges become invoices, in all states, and the ledger follows."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from iceberg.charge_rows import run_row
from iceberg.charge_tables import RUNS
from jobs.invoices.changing import RefusedInvoiceError
from jobs.invoices.drafting import CarriedOver
from jobs.issue_invoices import main
from schemas.instant import DAY_US
from schemas.pricing_run import PricingRun, RunStatus
from tests.iceberg.filling import append
from tests.jobs.invoiced_tables import (
    FEB_NOON_US,
    Output,
    add_charges,
    call,
    change,
    charged_tables,
    commits,
    january,
    ledger,
    numbers,
    read_invoices,
    show_json,
    standing,
    unbilled,
)
from tests.udfs.invoicing.billing import MAR, charge, revised

WHY = ("--by", "Ada L", "--reason", "again")


def test_a_month_is_invoiced(tmp_path: Path, capsys: Output) -> None:
    """All in one command; the ledger is in balance, and what is invoiced is unbilled no more."""
    tables = charged_tables(tmp_path, january())
    assert unbilled(tables) == {"AA": 120000, "B6": 25000, "OO": 1500}
    done = show_json(tmp_path, capsys, "run", "--until", "2013-02-01T00:00:00Z")
    assert [len(done[step]) for step in ("drafted", "approved", "issued", "voided")] == [2, 2, 2, 0]
    assert done["carried_over"] == [{"account_id": "OO", "currency": "USD", "total_minor": 1500}]
    assert done["booked_entries"] == 2
    first, second = done["issued"]
    year = first["issue_date"][:4]
    assert (first["number"], second["number"]) == (f"INV-{year}-000001", f"INV-{year}-000002")
    names = ("account_id", "net_minor", "tax_minor", "total_minor", "credit_minor", "payable_minor")
    # 8.875 % of 200.00 are 17.75.
    assert [first[name] for name in names] == ["AA", 120000, 1775, 121775, 0, 121775]
    assert [second[name] for name in names] == ["B6", 30000, 0, 30000, -5000, 25000]
    assert ledger(tables)["AA"] == {
        "assets:unbilled_usage": 0,
        "assets:receivable": 121775,
        "liabilities:tax_payable:US-NY": -1775,
        "revenue:sales:landing": -100000,
        "revenue:sales:desks": -20000,
    }
    shown = show_json(tmp_path, capsys, "show")
    assert {each["account_id"]: each["amount_minor"] for each in shown["unbilled"]} == {
        "AA": 0,
        "B6": 0,
        "OO": 1500,
    }
    assert [each["number"] for each in shown["invoices"]] == [first["number"], second["number"]]
    before = commits(tables)
    assert main(call(tmp_path, "run", "--until", "2013-02-01T00:00:00Z"), {}) == 0
    assert capsys.readouterr().out == (
        "OO: 15.00 USD carried over, below its minimum\nno invoice changed\nbooked: 0 entries\n"
    )
    assert commits(tables) == before


def test_all_that_is_due_now_is_invoiced(tmp_path: Path) -> None:
    """Without --until charges due by now are drafted, as a program that runs every day wants it."""
    tables = charged_tables(tmp_path, january())
    words = list(call(tmp_path, "draft", "--until", "2013-02-01T00:00:00Z"))
    place = words.index("--until")
    assert main([*words[:place], *words[place + 2 :]], {}) == 0
    assert [account for account, _, _ in standing(tables)] == ["AA", "B6"]


def test_step_by_step(tmp_path: Path, capsys: Output) -> None:
    """Nothing is owed before the last step; one step again changes nothing."""
    tables = charged_tables(tmp_path, january())
    for step, drafted in (("draft", 2), ("draft", 0)):
        assert len(change(tmp_path, tables, step).drafted) == drafted
    assert {state for _, _, state in standing(tables)} == {"draft"}
    assert len(change(tmp_path, tables, "issue").issued) == 0
    assert len(change(tmp_path, tables, "approve").approved) == 2
    assert len(change(tmp_path, tables, "approve").approved) == 0
    assert unbilled(tables)["AA"] == 120000
    assert change(tmp_path, tables, "issue").booked_entries == 2
    assert numbers(read_invoices(tables)) == [
        ("AA", "INV-2013-000001", "issued"),
        ("B6", "INV-2013-000002", "issued"),
    ]
    assert [each.due_date for each in read_invoices(tables)] == ["2013-03-03"] * 2
    assert unbilled(tables) == {"AA": 0, "B6": 0, "OO": 1500}
    assert main(call(tmp_path, "show"), {}) == 0
    assert capsys.readouterr().out == (
        "  INV-2013-000001  issued invoice  AA  1,217.75 USD, due 2013-03-03\n"
        "  INV-2013-000002  issued invoice  B6  250.00 USD, due 2013-03-03\n"
        "unbilled usage: 1 of 3 accounts have some\n"
        "  OO  15.00 USD\n"
    )
    assert main(call(tmp_path, "show", "--number", "INV-2013-000002"), {}) == 0
    shown = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert shown[0] == "Rechnung INV-2013-000002"
    assert "Rechnungsempfänger: Blau GmbH, 2 Road" in shown
    assert any(line.startswith("landing") and line.endswith("300,00 $") for line in shown)
    assert [line for line in shown if line.endswith("250,00 $")] == ["Zu zahlen 250,00 $"]


def test_a_correction_downwards_is_a_credit_note(tmp_path: Path) -> None:
    """It names the invoice that it corrects, which cannot be void then; the ledger follows."""
    tables = charged_tables(tmp_path, january(), only_used=True)
    change(tmp_path, tables, "run")
    landing = january()[0]
    add_charges(tables, [revised(landing, 93000, MAR, quantity=7)])
    march = ("run", "--until", "2013-03-01T00:00:00Z")
    done = change(tmp_path, tables, *march, now_us=MAR + DAY_US)
    assert numbers(done.issued) == [("AA", "CN-2013-000001", "issued")]
    (note,) = done.issued
    assert note.payable_minor == -7000
    assert [line.corrected_number for line in note.lines] == ["INV-2013-000001"]
    assert note.lines[0].quantity_before == Decimal(1)
    assert unbilled(tables)["AA"] == 0
    assert ledger(tables)["AA"]["assets:receivable"] == 121775 - 7000
    with pytest.raises(RefusedInvoiceError, match="found CN-2013-000001 that corrects it"):
        change(tmp_path, tables, "void", "--number", "INV-2013-000001", "--reason", "wrong")


def test_what_is_void_is_invoiced_again(tmp_path: Path) -> None:
    """Under a new number; the old one stays taken, and the ledger has it reversed."""
    tables = charged_tables(tmp_path, january(), only_used=True)
    change(tmp_path, tables, "run")
    asked = ("void", "--number", "INV-2013-000001", "--reason", " wrong   address ")
    done = change(tmp_path, tables, *asked, now_us=FEB_NOON_US + DAY_US)
    assert [each.void_reason for each in done.voided] == ["wrong address"]
    assert done.booked_entries == 1
    assert unbilled(tables) == {"AA": 120000, "B6": 0, "OO": 1500}
    assert ledger(tables)["AA"]["assets:receivable"] == 0
    change(tmp_path, tables, "run", now_us=FEB_NOON_US + DAY_US)
    assert standing(tables) == [
        ("AA", "INV-2013-000001", "void"),
        ("AA", "INV-2013-000003", "issued"),
        ("B6", "INV-2013-000002", "issued"),
    ]
    assert unbilled(tables) == {"AA": 0, "B6": 0, "OO": 1500}
    assert ledger(tables)["AA"]["assets:receivable"] == 121775


def test_corrections_that_waited_come_with_the_same_run(tmp_path: Path) -> None:
    """What it corrects is issued first, so the correction has its number; then it is drafted."""
    tables = charged_tables(tmp_path, january(), only_used=True)
    change(tmp_path, tables, "draft")
    add_charges(tables, [revised(january()[0], 93000, MAR, quantity=7)])
    march = ("run", "--until", "2013-03-01T00:00:00Z")
    done = change(tmp_path, tables, *march, now_us=MAR + DAY_US)
    assert numbers(done.issued) == [
        ("AA", "INV-2013-000001", "issued"),
        ("B6", "INV-2013-000002", "issued"),
        ("AA", "CN-2013-000001", "issued"),
    ]
    assert unbilled(tables)["AA"] == 0


def test_what_was_issued_before_a_refusal_is_booked(tmp_path: Path) -> None:
    """A run issues what was there; then an account is found that has no buyer."""
    tables = charged_tables(tmp_path, january(), only_used=True)
    change(tmp_path, tables, "draft")
    file = tmp_path / "invoicing.yaml"
    file.write_text(file.read_text().replace("account_id: OO", "account_id: YV"))
    with pytest.raises(RefusedInvoiceError, match="buyers: expected one for account OO"):
        change(tmp_path, tables, "run")
    assert {state for _, _, state in standing(tables)} == {"issued"}
    assert unbilled(tables) == {"AA": 0, "B6": 0, "OO": 1500}


def test_little_is_carried_over_until_it_is_enough(tmp_path: Path) -> None:
    """15.00 are less than the minimum of 20.00; with 5.00 of February they are not."""
    tables = charged_tables(tmp_path, january(), only_used=True)
    assert change(tmp_path, tables, "draft").carried == (CarriedOver("OO", "USD", 1500),)
    february = charge(500, charge_id="o-2", account_id="OO", line_id="late", due_us=MAR)
    add_charges(tables, [february])
    done = change(tmp_path, tables, "draft", "--until", "2013-03-01T00:00:00Z")
    assert [each.total_minor for each in done.drafted] == [2000]
    assert done.carried == ()


def test_a_rendered_invoice(tmp_path: Path, capsys: Output) -> None:
    """Three files named by its number, in the buyer's language; of a draft by its id."""
    tables = charged_tables(tmp_path, january())
    change(tmp_path, tables, "draft")
    (draft_id,) = (each.invoice_id for each in read_invoices(tables)[:1])
    out = str(tmp_path / "out" / "of")
    paths = show_json(tmp_path, capsys, "render", "--number", draft_id, "--out", out)
    assert paths["html"] == f"{out}/{draft_id}.html"
    assert "Draft, not an invoice" in Path(paths["html"]).read_text()
    change(tmp_path, tables, "run")
    assert main(call(tmp_path, "render", "--number", "INV-2013-000002", "--out", out), {}) == 0
    paths = dict(zip(("json", "html", "pdf"), capsys.readouterr().out.split(), strict=True))
    assert "Rechnung INV-2013-000002" in Path(paths["html"]).read_text()
    assert Path(paths["pdf"]).read_bytes().startswith(b"%PDF-")
    assert main(call(tmp_path, "show", "--json", "--number", "INV-2013-000002"), {}) == 0
    assert capsys.readouterr().out == Path(paths["json"]).read_text() + "\n"
    (tmp_path / "file").write_text("")
    taken = str(tmp_path / "file")
    assert main(call(tmp_path, "render", "--number", "INV-2013-000002", "--out", taken), {}) == 2
    error = capsys.readouterr().err
    assert error.startswith("bad option, --out: expected a folder that can be written to, found")
    assert error.count("\n") == 1


def test_what_cannot_be_done_is_said_in_one_line(tmp_path: Path, capsys: Output) -> None:
    """And nothing is written."""
    tables = charged_tables(tmp_path, january())
    until = ("--until", "2013-02-01T00:00:00Z")
    assert main(call(tmp_path, "run", *until), {}) == 0
    first = read_invoices(tables)[0].number
    assert main(call(tmp_path, "void", "--number", first, *WHY), {}) == 0
    capsys.readouterr()
    before = commits(tables)

    def check(line: str, *arguments: str) -> None:
        assert main(call(tmp_path, *arguments), {}) == 2
        found = capsys.readouterr()
        assert (found.out, found.err) == ("", f"{line}\n")

    check(
        "bad value, --until: expected an instant with its zone, such as 2026-11-01T00:00:00Z,"
        " found '2013-02-01'",
        *("run", "--until", "2013-02-01"),
    )
    for command in (("show",), ("void", *WHY), ("render", "--out", str(tmp_path))):
        check(
            "invoice: expected a number or id of one, found 'INV-1'",
            *(*command, "--number", "INV-1"),
        )
    void_id = read_invoices(tables)[0].invoice_id
    check(
        f"invoice {void_id}: expected an invoice that is not void, found void {first}",
        *("void", "--number", first, *WHY),
    )
    second = read_invoices(tables)[1]
    check(
        "missing option, command line: expected --reason with a word, found nothing",
        *("void", "--number", second.number, "--by", "Ada L", "--reason", " "),
    )
    file = tmp_path / "invoicing.yaml"
    text = file.read_text()
    file.write_text(text.replace("account_id: AA", "account_id: A"))
    check(
        "buyers: expected one for account AA, which has charges that are due, found none",
        *("run", *until),
    )
    file.write_text(text.replace("2009-08-01, rate: 0}", "2013-08-01, rate: 0}"))
    check(
        "tax, product 'landing': expected a rate of jurisdiction 'US-NY', class 'standard' at"
        " 2013-01-31T23:59:59.999999Z, found none",
        *("run", *until),
    )
    assert commits(tables) == before


def test_the_clock_went_back(tmp_path: Path) -> None:
    """A number that is greater has no earlier day: it is not issued, and stays approved."""
    tables = charged_tables(tmp_path, january()[:2], only_used=True)
    change(tmp_path, tables, "run")
    add_charges(tables, january()[2:])
    with pytest.raises(
        RefusedInvoiceError, match="expected a day from 2013-02-01 on, found 2013-01"
    ):
        change(tmp_path, tables, "run", now_us=FEB_NOON_US - DAY_US)
    assert standing(tables)[1] == ("B6", "", "approved")


def test_a_pricing_run_that_died_is_finished_first(tmp_path: Path) -> None:
    """Its charges stand, but the ledger does not have them."""
    tables = charged_tables(tmp_path, january(), only_used=True)
    started = PricingRun("run-1", RunStatus.STARTED, 0, "{}", "{}", "", "1", "{}", "0")
    append(tables.catalog, RUNS, [run_row(started)])
    with pytest.raises(RefusedInvoiceError, match=r"run run-1: expected a pricing run that is fin"):
        change(tmp_path, tables, "draft")
    finished = replace(started, status=RunStatus.FINISHED)
    append(tables.catalog, RUNS, [run_row(finished)])
    assert len(change(tmp_path, tables, "draft").drafted) == 2
