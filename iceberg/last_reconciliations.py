"""What the programs that check the product found last: of usage, and of charges and the ledger."""

import json
from dataclasses import dataclass
from typing import Any

from pyiceberg.catalog import Catalog

from iceberg.charge_reconciliation_table import CHARGE_RECONCILIATIONS
from iceberg.reconciliation_tables import RECONCILIATIONS
from iceberg.scanning import batch_reader
from iceberg.scratch import open_scratch

_PRICES = "price_differs"
# One of some accounts or periods only is no reconciliation of all.
_LAST_USAGE = """
    SELECT epoch_us("at"), differences FROM found WHERE narrowed_to = '{}'
    ORDER BY "at" DESC, run_id LIMIT 1
"""
_LAST_CHARGES = """
    SELECT epoch_us("at"), totals FROM found WHERE kind = 'reconciliation'
    ORDER BY "at" DESC, reconciliation_id LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class UsageReconciliation:
    """The last reconciliation of all usage.

    Attributes:
        at_us: When it ran.
        differences: What is not as it must be.
    """

    at_us: int
    differences: int


@dataclass(frozen=True, slots=True)
class ChargeReconciliation:
    """The last reconciliation of charges, ledger and invoices.

    Attributes:
        at_us: When it ran.
        differences: What is not as it must be, prices among them.
        lines: Lines that were priced again by the independent implementation.
        differing_lines: Those of them that were charged otherwise.
    """

    at_us: int
    differences: int
    lines: int
    differing_lines: int


def last_usage_reconciliation(catalog: Catalog, namespace: str) -> UsageReconciliation | None:
    """Return the last reconciliation of all usage; None: there was none."""
    fields = ("run_id", "at", "narrowed_to", "differences")
    row = _last(catalog, (namespace, RECONCILIATIONS.name), fields, _LAST_USAGE)
    return None if row is None else UsageReconciliation(*row)


def last_charge_reconciliation(catalog: Catalog, namespace: str) -> ChargeReconciliation | None:
    """Return the last reconciliation of charges; None: there was none."""
    fields = ("reconciliation_id", "at", "kind", "totals")
    row = _last(catalog, (namespace, CHARGE_RECONCILIATIONS.name), fields, _LAST_CHARGES)
    if row is None:
        return None
    at_us, totals = row
    members = json.loads(totals)
    counts = members["differences"]
    wrong = sum(not each["holds"] for each in members["equations"])
    return ChargeReconciliation(
        at_us=at_us,
        differences=sum(counts.values()) + wrong,
        lines=members["priced_again"]["lines"],
        differing_lines=counts.get(_PRICES, 0),
    )


def _last(
    catalog: Catalog, name: tuple[str, str], fields: tuple[str, ...], statement: str
) -> tuple[Any, ...] | None:
    scan = catalog.load_table(name).scan(selected_fields=fields)
    with open_scratch() as rows:
        rows.register("found", batch_reader(scan))
        return rows.execute(statement).fetchone()
