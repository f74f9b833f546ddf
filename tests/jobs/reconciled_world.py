"""A world in which all that a reconciliation looks at has happened: two months, priced, invoiced."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from iceberg.creating import make_tables
from iceberg.loading_as_is import load_as_is
from iceberg.reconciled_cut import reconciled_cut
from iceberg.tables import METERING_WINDOWS
from jobs.invoices.changing import Tables, read_rows
from jobs.issue_invoices import change_invoices, make_parser
from jobs.reconciling.reading_rows import open_rows
from schemas.instant import to_text, to_us
from tests.jobs.pricing_rows import closed, corrected, day
from tests.jobs.pricing_world import CARDS, CONTRACTS, METERS, MONTHS, SETTINGS, World
from udfs.invoicing import invoices_of

_SHARED = CARDS.replace(
    "        product: landing\n",
    "        product: landing\n        shares: [{party: Port, share: '0.3'}]\n",
)
_CREDIT = """\
  - grant_id: winter
    account_id: A
    currency: USD
    amount: 300
    granted: 2013-01-01T00:00:00Z
    expires: 2013-02-01T00:00:00Z
"""
_FEE = """\
one_off_fees:
  - {fee_id: move, account_id: A, product: support, currency: USD, amount: 200,
     at: 2013-01-05T00:00:00Z}
"""
_INVOICING = """\
seller:
  {name: Airport, address: [1 Road], jurisdiction: US-NY, locale: en-US, timezone: UTC}
series: {series_id: INV}
credit_series: {series_id: CN}
taxes:
  product_classes: {desks: equipment, support: service}
  rates:
    - {tax_id: Sales tax, jurisdiction: US-NY, effective_from: 2009-08-01, rate: "0.08875",
       product_class: equipment}
    - {tax_id: Service tax, jurisdiction: US-NY, effective_from: 2009-08-01, rate: "0.05",
       product_class: service, mode: inclusive}
    - {tax_id: Sales tax, jurisdiction: US-NY, effective_from: 2009-08-01, rate: 0}
buyers:
  - account_id: A
    party: &buyer
      {name: American, address: [2 Road], jurisdiction: US-NY, locale: en-US, timezone: UTC}
  - {account_id: B, party: *buyer}
"""


def make_reconciled_world(folder: Path) -> World:
    """Make two months of two accounts: priced twice, corrected, invoiced, one invoice void."""
    (folder / "meters.yaml").write_text(METERS)
    (folder / "settings.yaml").write_text(SETTINGS)
    (folder / "invoicing.yaml").write_text(_INVOICING)
    world = World(folder)
    make_tables(world.catalog, "billing")
    world.load(_SHARED, CONTRACTS + _CREDIT + _FEE)
    for offset, account_id in enumerate("AB"):
        world.take_account(account_id, MONTHS, offset=offset)
    free = closed("A", 1, 900, row_id="free", meter_id="longest", aggregation="max")
    world.meter(day(2, 4), closed_usage=[closed("A", 1, 8), closed("B", 1, 3), free])
    world.price(at_us=to_us(day(2, 4)))
    invoice(world, "run", day(2, 1), day(2, 4))
    void = [each for each in standing(world) if each[0] == "B"]
    invoice(world, "void", None, day(2, 5), "--number", void[0][1], "--reason", "wrong address")
    invoice(world, "run", day(2, 1), day(2, 6))
    world.meter(
        day(3, 2),
        closed_usage=[closed("A", 2, 6), closed("B", 2, 1)],
        usage_corrections=[
            corrected("A", 1, 1, 10, 2, day(2, 8)),
            corrected("B", 1, 1, 1, -2, day(2, 8)),
        ],
    )
    world.price(at_us=to_us(day(3, 2)))
    invoice(world, "run", day(4, 1), day(3, 2))
    return world


def invoice(world: World, command: str, until: datetime | None, at: datetime, *more: str) -> None:
    """Change invoices at an instant."""
    words = ["--settings", "none", command, *more]
    if until is not None:
        words += ["--invoicing", str(world.folder / "invoicing.yaml")]
        words += ["--until", to_text(to_us(until))]
    options = make_parser().parse_args(words)
    change_invoices(Tables(world.catalog, "billing"), options, to_us(at))


def standing(world: World) -> list[tuple[str, str, str]]:
    """Return account, number and state of all invoices."""
    rows = invoices_of(read_rows(Tables(world.catalog, "billing")))
    return [(each.terms.account_id, each.number, each.state.value) for each in rows]


def arrow_tables(world: World, folder: Path) -> dict[str, Any]:
    """Return the tables as a reconciliation reads them, with running usage, as Arrow tables."""
    cut = reconciled_cut(world.catalog, "billing", None)
    with closing(open_rows(world.catalog, "billing", cut, folder)) as rows:
        snapshot_id = cut.snapshot_ids.get(METERING_WINDOWS.name)
        load_as_is(rows, world.catalog, "billing", METERING_WINDOWS, snapshot_id)
        names = [name for (name,) in rows.execute("SHOW TABLES").fetchall()]
        return {name: rows.table(name).to_arrow_table() for name in names}
