"""Charges and runs as rows of their tables, both ways."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

import pyarrow as pa
from pyiceberg.catalog import Catalog

from iceberg.charge_tables import CHARGES, RUNS
from iceberg.creating import iceberg_schema
from iceberg.reading import is_in, read_once
from iceberg.row_shapes import read_shape, read_shapes, shape_values, shapes_table
from iceberg.scanning import batch_reader
from schemas.charge import Charge
from schemas.pricing_run import PricingRun

ChargeRows: TypeAlias = pa.Table
"""Charges as Arrow rows, for those who only pass them on."""

_SCHEMA = iceberg_schema(CHARGES).as_arrow()


def charges_table(charges: Sequence[Charge]) -> ChargeRows:
    """Return charges as Arrow rows of `charges`."""
    return shapes_table(Charge, charges, _SCHEMA)


def run_row(run: PricingRun) -> dict[str, object]:
    """Return a run as a row of `runs`: values by column."""
    return shape_values(run)


def read_run(row: Mapping[str, Any]) -> PricingRun:
    """Return a row of `runs` as the run that it was written from.

    Raises:
        ValueError: Its status is none of the closed list.
    """
    return read_shape(PricingRun, row)


def charged_accounts(catalog: Catalog, namespace: str) -> tuple[str, ...]:
    """Return the accounts that have charges, ordered."""
    scan = catalog.load_table((namespace, CHARGES.name)).scan(selected_fields=("account_id",))
    found = {
        account_id
        for batch in batch_reader(scan)
        for account_id in batch.column("account_id").unique().to_pylist()
    }
    return tuple(sorted(found))


def read_charges(
    catalog: Catalog, namespace: str, account_ids: Collection[str]
) -> tuple[Charge, ...]:
    """Return the charges of some accounts, each once, ordered by id.

    Raises:
        BrokenRowsError: Two charges of one id differ.
    """
    existing = catalog.load_table((namespace, CHARGES.name))
    found = read_once(existing, CHARGES, {"account_id": account_ids})
    return tuple(read_shapes(Charge, found))


def find_account(catalog: Catalog, namespace: str, charge_id: str) -> str | None:
    """Return whose charge has an id; None: there is none."""
    existing = catalog.load_table((namespace, CHARGES.name))
    scan = existing.scan(is_in("charge_id", {charge_id}), ("account_id",))
    for batch in batch_reader(scan):
        for account_id in batch.column("account_id").to_pylist():
            return str(account_id)
    return None


def read_runs(catalog: Catalog, namespace: str) -> tuple[PricingRun, ...]:
    """Return the runs of a namespace, each row once.

    Raises:
        BrokenRowsError: Two rows of one run and status differ.
    """
    found = read_once(catalog.load_table((namespace, RUNS.name)), RUNS)
    return tuple(read_run(row) for row in found.to_pylist())
