"""A journal in tables for tests of the ledger's programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from iceberg.journal_rows import journal_table
from iceberg.ledger_tables import JOURNAL
from schemas.journal import ChainedEntry, JournalEntry
from schemas.statement import LineKind
from tests.iceberg.filling import LocalCatalog, append
from tests.jobs.metered_tables import write_settings
from tests.udfs.booking import MARCH_US, booked, charge_of
from udfs.chaining import START, chain
from udfs.posting import post_invoice

Output = pytest.CaptureFixture[str]
Main = Callable[[Sequence[str], dict[str, str]], int]
Chain = tuple[ChainedEntry, ...]


def small_ledger() -> list[JournalEntry]:
    """Return two customers' charges, in two currencies, and the invoice of the first."""
    invoice = post_invoice("i1", "B6", "USD", 1205, {"US-NY": 107}, MARCH_US)
    assert invoice is not None
    return [
        booked(charge_of(LineKind.USAGE, 1205, {"airport": 5})),
        booked(charge_of(LineKind.USAGE, 900, charge_id="c1", account_id="[AA]", currency="JPY")),
        invoice,
    ]


def chained(entries: Sequence[JournalEntry]) -> Chain:
    """Return entries as the chain of one run."""
    return tuple(chain(entries, START, "r1"))


def write_journal(folder: Path, journal: Chain) -> str:
    """Write settings and a journal into a folder; return the settings' path."""
    settings = write_settings(folder)
    catalog = open_catalog(LocalCatalog(folder))
    make_tables(catalog, "billing")
    if journal:
        append(catalog, JOURNAL, journal_table(journal).to_pylist())
    return str(settings)


def read_json(main: Main, capsys: Output, *arguments: str, code: int = 0) -> dict[str, Any]:
    """Return what a program prints as JSON."""
    assert main(["--json", *arguments], {}) == code
    shown: dict[str, Any] = json.loads(capsys.readouterr().out)
    return shown


def check_no_tables(main: Main, folder: Path, capsys: Output) -> None:
    """Check that a program says in one line that there are no tables, and what to do about it."""
    settings = write_settings(folder)
    open_catalog(LocalCatalog(folder)).create_namespace("billing")
    assert main(["--settings", str(settings)], {}) == 2
    error = capsys.readouterr().err
    assert error.endswith("run python -m jobs.create_tables\n")
    assert error.count("\n") == 1
