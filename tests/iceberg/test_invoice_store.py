"""Changes of invoices come back from their table, and are appended only where nobody else was."""

from pathlib import Path

import pytest

from iceberg.catalog import open_catalog
from iceberg.creating import make_table
from iceberg.invoice_store import InvoiceStore
from iceberg.invoice_tables import INVOICES
from iceberg.reading import BrokenRowsError
from iceberg.row_shapes import shape_values
from iceberg.writing import CommitConflictError
from schemas.invoice import InvoiceKind, InvoiceState
from schemas.invoice_change import InvoiceChange
from tests.charges import FEBRUARY, JANUARY
from tests.iceberg.filling import LocalCatalog, append

DRAFT = InvoiceChange(
    invoice_id="i1",
    account_id="A",
    number=None,
    state=InvoiceState.DRAFT,
    kind=InvoiceKind.CREDIT_NOTE,
    at_us=JANUARY + 1,
    currency="USD",
    charged_minor=-(2**63),
    net_minor=-2,
    tax_minor=-1,
    total_minor=-3,
    credit_minor=0,
    payable_minor=-3,
    content='{"name":"東京"}',
    content_hash="0" * 64,
)
LATER = InvoiceChange(
    "i0", "B", "INV-1", InvoiceState.ISSUED, InvoiceKind.INVOICE, FEBRUARY, "JPY",
    *(1, 1, 0, 1, 0, 1), "{}", "1" * 64,
)  # fmt: skip


def test_changes_are_kept_once(tmp_path: Path) -> None:
    """As they were; a store that others have overtaken appends nothing; broken rows are named."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    catalog.create_namespace("billing")
    make_table(catalog, "billing", INVOICES)
    store, overtaken = (InvoiceStore(catalog, "billing") for _ in range(2))
    store.append([])
    assert InvoiceStore(catalog, "billing").changes() == ()
    store.append([DRAFT, LATER])
    with pytest.raises(CommitConflictError, match="invoices: expected no other commit"):
        overtaken.append([DRAFT])
    assert InvoiceStore(catalog, "billing").changes() == (LATER, DRAFT)
    append(catalog, INVOICES, [shape_values(DRAFT)])
    assert InvoiceStore(catalog, "billing").changes() == (LATER, DRAFT)
    append(catalog, INVOICES, [{**shape_values(LATER), "state": "lost"}])
    with pytest.raises(BrokenRowsError, match="expected a state and a kind, found 'lost'"):
        InvoiceStore(catalog, "billing").changes()
    append(catalog, INVOICES, [{**shape_values(DRAFT), "payable_minor": 7}])
    with pytest.raises(BrokenRowsError, match="invoices: rows of one identity differ"):
        InvoiceStore(catalog, "billing").changes()
