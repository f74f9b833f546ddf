"""Charges and runs come back from their tables as they were written."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog

from iceberg.catalog import open_catalog
from iceberg.charge_rows import (
    charged_accounts,
    charges_table,
    read_charges,
    read_run,
    read_runs,
    run_row,
)
from iceberg.charge_tables import CHARGES, RUNS
from iceberg.creating import make_tables
from iceberg.reading import BrokenRowsError
from iceberg.row_shapes import read_shapes
from schemas.charge import Charge
from schemas.pricing_run import PricingRun, RunStatus
from tests.charges import EVERY_KIND, JANUARY, USAGE, charge_of, revision_of
from tests.iceberg.filling import LocalCatalog, append

STARTED = PricingRun(
    run_id="run-1",
    status=RunStatus.STARTED,
    at_us=JANUARY + 1,
    input_snapshots='{"closed_usage":7}',
    card_fingerprints='{"standard/USD/3":"ab"}',
    contract_fingerprint="{}",
    code_version="0.2.0",
    totals='{"charges":1,"amount_minor":{"USD":270}}',
    output_hash="0" * 64,
)
FINISHED = replace(STARTED, status=RunStatus.FINISHED)
GREAT = charge_of(
    charge_id="great",
    quantity=Decimal("-12345678901234567890123456789.123456789"),
    amount=Decimal("-12345678901234567890123456.123456789012"),
    amount_minor=-(2**63),
    total_minor=2**63 - 1,
    group='{"origin":"JFK"}',
    segment_start_us=JANUARY + 1,
)
"""The greatest numbers that fit, and an instant of a single microsecond."""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A local catalog with all tables, empty."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    make_tables(catalog, "billing")
    return catalog


def _write(catalog: Catalog, *charges: Charge) -> None:
    append(catalog, CHARGES, charges_table(charges).to_pylist())


def test_charges_come_back_as_they_were_written(catalog: Catalog) -> None:
    """Every kind, a revision, and the greatest numbers: exact, through a real table."""
    written = (*EVERY_KIND, revision_of(USAGE, "a1", -7), GREAT)
    _write(catalog, *written)
    read = read_charges(catalog, "billing", ["A"])
    assert read == tuple(sorted(written, key=lambda each: each.charge_id))


def test_charges_of_some_accounts_are_read(catalog: Catalog) -> None:
    """Accounts are known without their charges, and read apart."""
    other = charge_of(charge_id="z0", account_id="B")
    _write(catalog, USAGE)
    _write(catalog, other)
    assert charged_accounts(catalog, "billing") == ("A", "B")
    assert read_charges(catalog, "billing", ["B"]) == (other,)


def test_a_charge_that_was_committed_twice_is_one(catalog: Catalog) -> None:
    """The same id and content; with other content it is refused."""
    _write(catalog, USAGE)
    _write(catalog, USAGE)
    assert read_charges(catalog, "billing", ["A"]) == (USAGE,)
    _write(catalog, charge_of(amount_minor=271))
    with pytest.raises(BrokenRowsError, match=r"^charges: rows of one identity differ: \('a0',\)$"):
        read_charges(catalog, "billing", ["A"])


def test_runs_come_back_as_they_were_written(catalog: Catalog) -> None:
    """A run has two rows; what is not known when it starts is null."""
    append(catalog, RUNS, [run_row(FINISHED), run_row(STARTED)])
    assert set(read_runs(catalog, "billing")) == {STARTED, FINISHED}


def test_rows_without_a_table() -> None:
    """Both ways alone; a kind or status that is none of the closed list is an error."""
    table = charges_table([USAGE, GREAT])
    assert list(read_shapes(Charge, table)) == [USAGE, GREAT]
    assert read_run(run_row(FINISHED)) == FINISHED
    with pytest.raises(ValueError, match="'tax' is not a valid LineKind"):
        list(read_shapes(Charge, _taxed(table)))
    with pytest.raises(ValueError, match="'lost' is not a valid RunStatus"):
        read_run(run_row(STARTED) | {"status": "lost"})


def _taxed(charges: pa.Table) -> pa.Table:
    """Return charges of a kind that there is not."""
    kinds = pa.array(["tax"] * len(charges))
    return charges.set_column(charges.schema.get_field_index("kind"), "kind", kinds)
