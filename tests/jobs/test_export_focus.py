"""The program that exports FOCUS: CSV and Parquet from real tables, and what it refuses."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from iceberg.catalog import open_catalog
from iceberg.charge_rows import charges_table
from iceberg.charge_tables import CHARGES
from iceberg.creating import make_tables
from jobs import export_focus
from jobs.export_focus import main
from jobs.invoices.changing import Tables
from schemas.charge import Charge
from schemas.focus import EXPORTED_COLUMNS
from schemas.invoice import InvoiceState
from schemas.statement import LineKind
from tests.charges import EVERY_KIND, USAGE, charge_of, revision_of, whole
from tests.iceberg.filling import LocalCatalog, append
from tests.jobs.invoiced_tables import (
    FEB_NOON_US,
    add_charges,
    change,
    charged_tables,
    january,
    read_invoices,
)
from tests.jobs.metered_tables import write_settings
from tests.udfs.invoicing.billing import FEB, MAR, charge

CHARGED = (*EVERY_KIND, revision_of(USAGE, "a1", -30, quantity=Decimal(900)))
JANUARY_TEXT, FEBRUARY_TEXT = "2013-01-01T00:00:00Z", "2013-02-01T00:00:00Z"
YEN = charge_of(charge_id="z0", account_id="Z", currency="JPY")
Output = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with settings and empty tables."""
    write_settings(tmp_path)
    make_tables(open_catalog(LocalCatalog(tmp_path)), "billing")
    return tmp_path


def _fill(folder: Path, charges: Sequence[Charge]) -> None:
    rows = charges_table(charges).to_pylist()
    append(open_catalog(LocalCatalog(folder)), CHARGES, rows)


def _export(folder: Path, name: str, *options: str) -> int:
    settings, output = str(folder / "settings.yaml"), str(folder / name)
    given = ["--settings", settings, "--output", output, "--provider", "Air", *options]
    return main(given, {})


def _csv(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "focus.csv").open(newline="") as file:
        return {row["x_ChargeId"]: row for row in csv.DictReader(file)}


def test_csv(folder: Path, capsys: Output) -> None:
    """All columns by name, numbers in full, instants in UTC, null as nothing; sums are equal."""
    _fill(folder, [*CHARGED, YEN])
    assert _export(folder, "focus.csv") == 0
    assert capsys.readouterr().out == f"12 rows: {folder / 'focus.csv'}\n"
    rows = _csv(folder)
    assert list(rows["a0"]) == [column.name for column in EXPORTED_COLUMNS]
    assert (
        rows["a0"]
        | {
            "BilledCost": "2.7",
            "BillingPeriodStart": "2013-01-01T00:00:00Z",
            "ChargeClass": "",
            "InvoiceIssuerName": "Air",
            "PricingQuantity": "900",
            "ServiceCategory": "Other",
            "Tags": '{"team":"east"}',
            "x_RateCardVersion": "3",
        }
        == rows["a0"]
    )
    billed = [Decimal(row["BilledCost"]) for row in rows.values() if row["BillingAccountId"] == "A"]
    assert sum(billed) == Decimal(sum(each.amount_minor for each in CHARGED)).scaleb(-2)
    assert rows["z0"]["BilledCost"] == "270"
    assert not (folder / "focus.csv.part").exists()


def test_parquet(folder: Path) -> None:
    """The same rows with types: exact decimals, instants in UTC, columns that never are null."""
    _fill(folder, CHARGED)
    assert _export(folder, "focus.csv") == _export(folder, "focus.parquet") == 0
    found = pq.read_table(folder / "focus.parquet")
    assert found.schema.names == [column.name for column in EXPORTED_COLUMNS]
    assert found.schema.field("BilledCost").type == pa.decimal128(38, 12)
    assert found.schema.field("PricingQuantity").type == pa.decimal128(38, 9)
    assert found.schema.field("ChargePeriodStart").type == pa.timestamp("us", tz="UTC")
    assert not found.schema.field("ChargeCategory").nullable
    rows = {row["x_ChargeId"]: row for row in found.to_pylist()}
    assert rows["a0"]["BilledCost"] == Decimal("2.7")
    assert rows["a0"]["BillingPeriodEnd"] == datetime(2013, 2, 1, tzinfo=UTC)
    assert rows["h0"]["PricingQuantity"] is None
    for charge_id, row in _csv(folder).items():
        texts = [row[name] for name in ("ChargeDescription", "SkuPriceId", "Tags")]
        same = [rows[charge_id][name] or "" for name in ("ChargeDescription", "SkuPriceId", "Tags")]
        assert texts == same
        assert Decimal(row["ContractedCost"]) == rows[charge_id]["ContractedCost"]


def test_accounts_some_at_a_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is the same, however few accounts fit into memory at once."""
    _fill(folder, [*CHARGED, YEN])
    assert _export(folder, "focus.csv") == 0
    at_once = (folder / "focus.csv").read_bytes()
    monkeypatch.setattr(export_focus, "_ACCOUNTS_AT_ONCE", 1)
    assert _export(folder, "focus.csv") == _export(folder, "focus.parquet") == 0
    assert (folder / "focus.csv").read_bytes() == at_once
    assert pq.read_table(folder / "focus.parquet").num_rows == 12


def test_no_charges(folder: Path) -> None:
    """A file without rows has its columns all the same."""
    assert _export(folder, "focus.csv") == _export(folder, "focus.parquet") == 0
    (header,) = (folder / "focus.csv").read_text().splitlines()
    assert header.split(",") == [column.name for column in EXPORTED_COLUMNS]
    assert pq.read_table(folder / "focus.parquet").num_rows == 0


def test_names(folder: Path) -> None:
    """Given in a file; an account without has none. Before it is invoiced nothing is corrected."""
    _fill(folder, [*CHARGED, YEN])
    (folder / "names.csv").write_text('account_id,account_name\nA,"Ada\'s, airline"\n')
    given = ["--account-names", str(folder / "names.csv"), "--publisher", "Skies"]
    assert _export(folder, "focus.csv", *given, "--service-category", "Analytics") == 0
    rows = _csv(folder)
    assert rows["a0"]["BillingAccountName"] == "Ada's, airline"
    assert rows["z0"]["BillingAccountName"] == ""
    assert {(row["InvoiceId"], row["ChargeClass"]) for row in rows.values()} == {("", "")}
    assert rows["a1"]["ServiceSubcategory"] == "Other (Analytics)"
    assert {row["PublisherName"] for row in rows.values()} == {"Skies"}


def _sums(folder: Path) -> dict[str, Decimal]:
    """Return what the rows of each invoice come to."""
    sums: dict[str, Decimal] = {}
    for row in _csv(folder).values():
        billed = Decimal(row["BilledCost"])
        sums[row["InvoiceId"]] = sums.get(row["InvoiceId"], Decimal(0)) + billed
    return sums


def _payable(tables: Tables) -> dict[str, Decimal]:
    """Return what each invoice that is not void asks for."""
    return {
        each.number: Decimal(each.payable_minor).scaleb(-2)
        for each in read_invoices(tables)
        if each.state is InvoiceState.ISSUED
    }


def test_rows_of_an_invoice_sum_to_what_it_asks_for(tmp_path: Path) -> None:
    """Charges, credit and taxes; what is not invoiced has no number, and void numbers are gone."""
    tables = charged_tables(tmp_path, january())
    change(tmp_path, tables, "run")
    assert _export(tmp_path, "focus.csv") == 0
    payable = _payable(tables)
    assert sorted(payable.values()) == [Decimal("250.00"), Decimal("1217.75")]
    assert _sums(tmp_path) == {**payable, "": Decimal("15.00")}
    (tax,) = (row for row in _csv(tmp_path).values() if row["ChargeCategory"] == "Tax")
    assert (tax["BilledCost"], tax["x_LineId"]) == ("17.75", "Sales tax")
    assert tax["ChargeDescription"] == "Sales tax 8.875 %"
    assert tax["BillingAccountName"] == "American"
    assert tax["BillingPeriodStart"] == "2013-01-01T00:00:00Z"
    number = tax["InvoiceId"]
    change(tmp_path, tables, "void", "--number", number, "--reason", "wrong address")
    assert _export(tmp_path, "focus.csv") == 0
    assert number not in _sums(tmp_path)
    change(tmp_path, tables, "run")
    assert _export(tmp_path, "focus.csv") == 0
    assert _sums(tmp_path) == {**_payable(tables), "": Decimal("15.00")}


def test_what_changes_an_invoice_is_a_correction(tmp_path: Path) -> None:
    """Of the class Correction once the period is invoiced; its credit note sums up as well.

    By hand, of February: a credit note of 54.44 and 25.00 of OO, 15.00 of them carried over.
    Source: FOCUS v1.2, BillingPeriodStart: a billing period sums to its invoices.
    """
    tables = charged_tables(tmp_path, january())
    change(tmp_path, tables, "run")
    before = january()[1]
    late = replace(
        before,
        charge_id="a-desks-1",
        corrected_charge_id=before.charge_id,
        revision=1,
        amount_minor=-5000,
        total_minor=before.total_minor - 5000,
        amount=Decimal(-50),
        due_us=MAR,
    )
    february = {"period_start_us": FEB, "period_end_us": MAR, "due_us": MAR}
    add_charges(tables, [late, charge(1000, charge_id="o-next", account_id="OO", **february)])
    change(tmp_path, tables, "run", "--until", "2013-03-01T00:00:00Z", now_us=FEB_NOON_US + 1)
    assert _export(tmp_path, "focus.csv") == 0
    rows = _csv(tmp_path)
    assert (rows["a-desks"]["ChargeClass"], rows["a-desks-1"]["ChargeClass"]) == ("", "Correction")
    note = rows["a-desks-1"]["InvoiceId"]
    assert note.startswith("CN-")
    assert _sums(tmp_path)[note] == _payable(tables)[note] == Decimal("-54.44")
    (tax,) = (row for row in rows.values() if row["x_LineKind"] == "tax" and row["ChargeClass"])
    assert (tax["BilledCost"], tax["InvoiceId"]) == ("-4.44", note)
    assert tax["ChargePeriodStart"] == rows["a-desks-1"]["ChargePeriodStart"] == JANUARY_TEXT
    carried = [rows["o-landing"], rows["o-next"]]
    assert {row["ChargeClass"] for row in carried} == {""}
    assert sum(_sums(tmp_path).values()) == sum(_payable(tables).values())
    by_period: dict[str, Decimal] = {}
    for row in rows.values():
        start = row["BillingPeriodStart"]
        by_period[start] = by_period.get(start, Decimal(0)) + Decimal(row["BilledCost"])
    expected = {JANUARY_TEXT: Decimal("1467.75"), FEBRUARY_TEXT: Decimal("-29.44")}
    assert by_period == expected


def test_what_breaks_a_rule_is_not_written(folder: Path, capsys: Output) -> None:
    """Another invoices than provides: FOCUS allows no BilledCost. The file before stays."""
    _fill(folder, [whole(LineKind.DISCOUNT, f"h{number:02}", -1) for number in range(22)])
    (folder / "focus.csv").write_text("the one before")
    assert _export(folder, "focus.csv", "--invoice-issuer", "Broker") == 1
    first, *others = capsys.readouterr().err.splitlines()
    expected = "0 where another one than the provider invoices"
    assert first == f"charge h00, BilledCost: expected {expected}, found -0.01"
    assert (len(others), others[-1]) == (20, "and 2 more")
    assert (folder / "focus.csv").read_text() == "the one before"
    assert sorted(path.name for path in folder.glob("focus*")) == ["focus.csv"]


def test_charges_that_contradict_each_other(folder: Path, capsys: Output) -> None:
    """Two of one id."""
    _fill(folder, [USAGE])
    _fill(folder, [charge_of(amount_minor=1)])
    assert _export(folder, "focus.csv") == 1
    assert capsys.readouterr().err == "charges: rows of one identity differ: ('a0',)\n"


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("focus.xlsx", None, "unknown kind, --output: expected .csv or .parquet, found focus.xlsx"),
        ("no/focus.csv", None, r"\[Errno 2\] No such file or directory: '.*focus.csv.part'"),
        ("focus.csv", "", "unreadable, .*/pairs.csv: expected a CSV file, found"),
        ("focus.csv", "account,name\na,b\n", "no value, .*/pairs.csv:2: expected account_id and"),
        (
            "focus.csv",
            "account_id,account_name\na,\n",
            "no value, .*/pairs.csv:2: expected account_id",
        ),
        (
            "focus.csv",
            "account_id,account_name\na,1\na,2\n",
            "repeated, .*/pairs.csv:3: expected account_id once, found a",
        ),
        (
            "focus.csv",
            'account_id,account_name\n"a',
            "unreadable, .*/pairs.csv: expected a CSV file",
        ),
    ],
)
def test_refusals(folder: Path, capsys: Output, name: str, content: str | None, line: str) -> None:
    """One line with what, where, expected and found; no file."""
    given = []
    if content is not None:
        if content:
            (folder / "pairs.csv").write_text(content)
        given = ["--account-names", str(folder / "pairs.csv")]
    assert _export(folder, name, *given) == 2
    (found,) = capsys.readouterr().err.splitlines()
    assert re.match(line, found)
    assert not (folder / name).exists()


def test_tables_that_are_not_there(tmp_path: Path, capsys: Output) -> None:
    """It says what to run, where there is no catalog and where there is an empty one."""
    write_settings(tmp_path)
    assert _export(tmp_path, "focus.csv") == 2
    assert "found none; make it: python -m jobs.create_tables" in capsys.readouterr().err
    open_catalog(LocalCatalog(tmp_path)).create_namespace("billing")
    assert _export(tmp_path, "focus.csv") == 2
    assert "expected one, found none; run python -m jobs.create_tables" in capsys.readouterr().err
