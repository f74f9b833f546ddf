"""Tables with charges that are booked, and the program that invoices them, for tests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from iceberg.catalog import open_catalog
from iceberg.charge_rows import charges_table
from iceberg.charge_tables import CHARGES, RUNS
from iceberg.creating import make_table, make_tables
from iceberg.decided_tables import FREEZES
from iceberg.invoice_tables import INVOICES
from iceberg.journal_rows import read_journal
from iceberg.journal_store import JournalStore
from iceberg.ledger_tables import JOURNAL
from iceberg.pricing_tables import PRICING_TABLES
from jobs.invoices.changing import Tables, read_rows
from jobs.invoices.options import make_parser
from jobs.issue_invoices import Done, change_invoices, main
from schemas.charge import Charge
from schemas.instant import HOUR_US
from schemas.invoice import Invoice
from schemas.journal import ChainHead
from schemas.statement import LineKind
from tests.iceberg.filling import LocalCatalog, append
from tests.jobs.metered_tables import write_settings
from tests.udfs.invoicing.billing import FEB, charge, paid_credit
from udfs.chaining import chain, head_of, verify
from udfs.invoicing import invoices_of
from udfs.posting import post_charge

Output = pytest.CaptureFixture[str]
FEB_NOON_US = FEB + 17 * HOUR_US
"""Noon of February 1 in New York."""

SETUP = """\
seller:
  {name: Airport, address: [1 Road], jurisdiction: US-NY, locale: en-US, timezone: America/New_York}
series: {series_id: INV}
credit_series: {series_id: CN}
taxes:
  product_classes: {desks: equipment}
  rates:
    - {tax_id: Sales tax, jurisdiction: US-NY, effective_from: 2009-08-01, rate: "0.08875",
       product_class: equipment}
    - {tax_id: Sales tax, jurisdiction: US-NY, effective_from: 2009-08-01, rate: 0}
buyers:
  - account_id: AA
    party: &buyer
      {name: American, address: [2 Road], jurisdiction: US-NY, locale: en-US,
       timezone: America/New_York}
  - {account_id: B6, party: {<<: *buyer, name: Blau GmbH, locale: de-DE}}
  - {account_id: OO, minimum: 20, party: *buyer}
"""


def january() -> tuple[Charge, ...]:
    """Return what three accounts are charged for January.

    AA: 1000.00 and desks of 200.00, which are taxed: 17.75. B6: 300.00, 50.00 of it prepaid. OO:
    15.00, which is less than its minimum.
    """
    desks = {"kind": LineKind.RECURRING_FEE, "line_id": "desk", "product": "desks"}
    return (
        charge(100000, charge_id="a-landing", account_id="AA"),
        charge(20000, charge_id="a-desks", account_id="AA", meter_id="", unit="", **desks),
        charge(30000, charge_id="b-landing", account_id="B6"),
        paid_credit(-5000, charge_id="b-credit", account_id="B6"),
        charge(1500, charge_id="o-landing", account_id="OO"),
    )


def charged_tables(folder: Path, charges: Iterable[Charge], only_used: bool = False) -> Tables:
    """Make all tables in a folder, with settings, a file of invoicing and booked charges.

    Args:
        folder: An empty one.
        charges: At least one.
        only_used: Whether to make no other tables than invoices need, which takes half the time;
            the program itself asks for all.
    """
    write_settings(folder)
    (folder / "invoicing.yaml").write_text(SETUP)
    catalog = open_catalog(LocalCatalog(folder))
    if only_used:
        catalog.create_namespace("billing")
        for table in (*PRICING_TABLES, FREEZES, CHARGES, RUNS, INVOICES, JOURNAL):
            make_table(catalog, "billing", table)
    else:
        make_tables(catalog, "billing")
    tables = Tables(catalog, "billing")
    add_charges(tables, charges)
    return tables


def add_charges(tables: Tables, charges: Iterable[Charge]) -> None:
    """Append charges, and book them."""
    listed = list(charges)
    append(tables.catalog, CHARGES, charges_table(listed).to_pylist())
    entries = [entry for each in listed if (entry := post_charge(each)) is not None]
    journal = JournalStore(tables.catalog, "billing")
    run_id = f"of {listed[0].charge_id}"
    journal.append([list(chain(entries, head_of(journal.last()), run_id))])


def change(folder: Path, tables: Tables, *arguments: str, now_us: int = FEB_NOON_US) -> Done:
    """Change invoices at an instant; drafts take what is due by February 1 unless told."""
    words = ["--settings", "none", *arguments]
    if arguments[0] in ("draft", "run"):
        words += ["--invoicing", str(folder / "invoicing.yaml")]
        if "--until" not in arguments:
            words += ["--until", "2013-02-01T00:00:00Z"]
    return change_invoices(tables, make_parser().parse_args(words), now_us)


def call(folder: Path, *arguments: str) -> list[str]:
    """Return the command line of the program in a folder."""
    words = ["--settings", str(folder / "settings.yaml"), *arguments]
    if "draft" in arguments or "run" in arguments:
        words += ["--invoicing", str(folder / "invoicing.yaml")]
    return words


def show_json(folder: Path, capsys: Output, *arguments: str) -> Any:
    """Return what a command prints as JSON."""
    assert main(call(folder, *arguments, "--json"), {}) == 0
    return json.loads(capsys.readouterr().out)


def numbers(invoices: Iterable[Invoice]) -> list[tuple[str, str, str]]:
    """Return account, number and state of invoices."""
    return [(each.terms.account_id, each.number, each.state.value) for each in invoices]


def read_invoices(tables: Tables) -> tuple[Invoice, ...]:
    """Return all invoices as they stand, ordered by account."""
    return invoices_of(read_rows(tables))


def standing(tables: Tables) -> list[tuple[str, str, str]]:
    """Return account, number and state of all invoices."""
    return numbers(read_invoices(tables))


def ledger(tables: Tables) -> dict[str, dict[str, int]]:
    """Return what stands on each ledger account of each customer; the chain holds."""
    chained = list(read_journal(tables.catalog, "billing"))
    assert isinstance(verify(chained), ChainHead)
    sums: dict[str, dict[str, int]] = {}
    for each in chained:
        of_account = sums.setdefault(each.entry.account_id, {})
        for side in each.entry.postings:
            of_account[side.ledger_account] = (
                of_account.get(side.ledger_account, 0) + side.amount_minor
            )
    assert all(sum(of_account.values()) == 0 for of_account in sums.values())
    return sums


def unbilled(tables: Tables) -> dict[str, int]:
    """Return what is unbilled of each customer."""
    return {
        account_id: of_account.get("assets:unbilled_usage", 0)
        for account_id, of_account in ledger(tables).items()
    }


def commits(tables: Tables) -> dict[str, int]:
    """Return how many commits the tables of invoices and of the journal have."""
    loaded = {
        name: tables.catalog.load_table(("billing", name)) for name in ("invoices", "journal")
    }
    return {name: len(each.snapshots()) for name, each in loaded.items()}
