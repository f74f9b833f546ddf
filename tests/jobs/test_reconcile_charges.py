"""The program over tables: what it prints, what it keeps, and how it ends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from iceberg.charge_reconciliation_table import CHARGE_RECONCILIATIONS
from iceberg.charge_rows import run_row
from iceberg.charge_tables import CHARGES, RUNS
from iceberg.creating import make_table
from iceberg.decided_tables import BROUGHT_BACK_USAGE
from iceberg.reading import read_once
from jobs.invoices.changing import Tables
from jobs.invoices.options import make_parser
from jobs.issue_invoices import change_invoices
from jobs.reconcile_charges import main
from schemas.instant import to_us
from schemas.pricing_run import RunStatus
from tests.iceberg.filling import append
from tests.iceberg.rows import brought_back
from tests.jobs.invoiced_tables import SETUP
from tests.jobs.pricing_rows import closed, corrected, day
from tests.jobs.pricing_world import World

Output = pytest.CaptureFixture[str]


@pytest.fixture
def invoiced(priced: World) -> World:
    """January, priced and invoiced."""
    setup = SETUP.replace("account_id: AA", "account_id: A").replace(
        "account_id: B6", "account_id: B"
    )
    (priced.folder / "invoicing.yaml").write_text(setup.replace("{desks: equipment}", "{x: y}"))
    words = ["--settings", "none", "run", "--until", "2013-02-01T05:00:00Z"]
    words += ["--invoicing", str(priced.folder / "invoicing.yaml")]
    tables = Tables(priced.catalog, "billing")
    change_invoices(tables, make_parser().parse_args(words), to_us(day(2, 3)))
    return priced


def tell(world: World, capsys: Output, *arguments: str, code: int = 0) -> dict[str, Any]:
    """Return what the program says as JSON."""
    words = ["--settings", str(world.settings), "--json", *arguments]
    assert main(words, {}, lambda: to_us(day(2, 5))) == code
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def rows_of(world: World) -> list[dict[str, Any]]:
    """Return what was kept, in its order."""
    existing = world.catalog.load_table(("billing", CHARGE_RECONCILIATIONS.name))
    rows = read_once(existing, CHARGE_RECONCILIATIONS).to_pylist()
    return sorted(rows, key=lambda each: (each["reconciliation_id"], each["number"]))


def test_all_holds(invoiced: World, capsys: Output) -> None:
    """Two equations at least for each table, each line priced twice; one row is kept."""
    told = tell(invoiced, capsys)
    assert told["holds"]
    assert told["found"] == []
    assert told["usage_rows"] == {"charged": 2}
    assert all(each["holds"] for each in told["equations"])
    names = {each["name"] for each in told["equations"]}
    assert {"usage", "ledger", "assets:receivable", "invoice numbers", "prices"} <= names
    assert told["priced_again"]["account_periods"] == 4
    assert told["priced_again"]["lines"] == 13
    assert told["priced_again"]["not_recomputed"] == {}
    (kept,) = rows_of(invoiced)
    assert (kept["number"], kept["kind"], kept["found"]) == (0, "reconciliation", "holds")
    assert (kept["run_id"], kept["at"]) == (told["run_id"], day(2, 5))
    assert json.loads(kept["totals"])["equations"] == told["equations"]
    assert json.loads(kept["input_snapshots"])["charges"]


def test_it_is_told_in_words(invoiced: World, capsys: Output) -> None:
    """Every equation with its two sides, and the verdict."""
    assert main(["--settings", str(invoiced.settings)], {}, lambda: to_us(day(2, 5))) == 0
    output = capsys.readouterr().out
    assert "assets:unbilled_usage: ledger = charges on no issued invoice" in output
    assert "priced again: 13 lines of 4 periods of accounts" in output
    assert "100.00 %" in output
    assert output.endswith("equations hold, 13 lines priced twice, no difference.\n")


def test_what_differs_is_kept_and_told(invoiced: World, capsys: Output) -> None:
    """A charge that no run wrote: exit code 1, and a row for each difference, as printed."""
    existing = invoiced.catalog.load_table(("billing", CHARGES.name))
    (first, *_) = read_once(existing, CHARGES, {"account_id": ["A"]}).to_pylist()
    append(invoiced.catalog, CHARGES, [{**first, "charge_id": "more", "line_id": "more"}])
    told = tell(invoiced, capsys, code=1)
    assert not told["holds"]
    assert {"entry_missing", "price_differs", "balance_differs"} <= told["differences"].keys()
    run, *differences = rows_of(invoiced)
    assert run["found"] == "differs"
    assert [each["kind"] for each in differences] == [each["kind"] for each in told["found"]]
    missing = next(each for each in differences if each["kind"] == "entry_missing")
    assert (missing["account_id"], missing["ids"]) == ("A", '["more"]')
    assert missing["found"] == "nothing"
    assert main(["--settings", str(invoiced.settings)], {}, lambda: to_us(day(2, 6))) == 1
    assert "differences." in capsys.readouterr().out


def test_as_of_an_earlier_run(invoiced: World, capsys: Output) -> None:
    """What came later is not looked at: as of the first run all is as it was then."""
    first = tell(invoiced, capsys)
    late = corrected("A", 1, 1, 10, 2, day(2, 8))
    invoiced.meter(day(3, 2), closed_usage=[closed("A", 2, 6)], usage_corrections=[late])
    invoiced.price(at_us=2)
    second = tell(invoiced, capsys)
    again = tell(invoiced, capsys, "--as-of", first["run_id"])
    assert (again["equations"], again["run_id"]) == (first["equations"], first["run_id"])
    assert second["run_id"] != first["run_id"]
    assert second["usage_rows"] == {"charged": 4}
    assert second["holds"]
    words = ["--settings", str(invoiced.settings), "--as-of", "nobody"]
    assert main(words, {}, lambda: 0) == 2
    error = capsys.readouterr().err
    assert error.startswith("run, --as-of: expected one of the 2 runs that have charges, found")
    assert error.count("\n") == 1


@pytest.mark.slow
def test_usage_that_waits_is_explained(invoiced: World, capsys: Output) -> None:
    """A row brought back after the run, and one that closed after it: priced later."""
    append(invoiced.catalog, BROUGHT_BACK_USAGE, [brought_back("e1", account_id="A")])
    invoiced.meter(day(3, 2), closed_usage=[closed("A", 2, 6)])
    told = tell(invoiced, capsys)
    assert told["usage_rows"] == {"charged": 2, "priced later": 2}
    assert told["holds"]


def test_before_anything_is_priced(january: World, capsys: Output) -> None:
    """Nothing to compare is no difference."""
    told = tell(january, capsys)
    assert (told["run_id"], told["holds"]) == (None, True)
    assert told["usage_rows"] == {"priced later": 2}


@pytest.mark.slow
def test_a_run_that_died(january: World, capsys: Output) -> None:
    """Its charges are there, and its row says that it has not finished."""
    january.price()
    run = next(each for each in january.runs() if each.status is RunStatus.STARTED)
    january.catalog.drop_table(("billing", RUNS.name))
    make_table(january.catalog, "billing", RUNS)
    append(january.catalog, RUNS, [run_row(run)])
    told = tell(january, capsys, code=1)
    assert told["differences"] == {"run_unfinished": 1}
