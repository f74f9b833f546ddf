"""What seals and explanations of A's January are read from, in one DuckDB that tests may change.

To read a world takes a second, to change a row in DuckDB and to take that back takes none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from iceberg.price_lists import read_price_lists
from iceberg.seal_store import SealStore
from jobs.invoices.changing import Tables
from jobs.proofs.explaining import ExplainedWorld
from jobs.proofs.recomputing import Recomputed, recomputed_usage
from jobs.settings import load_settings
from schemas.charge import Charge
from schemas.instant import to_us
from schemas.invoice import Invoice
from schemas.price_lists import PriceLists
from schemas.seal import Seal
from tests.jobs.invoiced_tables import read_invoices
from tests.jobs.pricing_rows import day
from tests.jobs.pricing_world import World


@dataclass(frozen=True)
class ProvedView:
    """All that is read.

    Attributes:
        usage: Tables of usage, running usage of A, and their recompute.
        charges: Of A.
        invoice: The first of A.
        lists: Rate cards and contracts.
        seals: Of all rows.
    """

    usage: Recomputed
    charges: tuple[Charge, ...]
    invoice: Invoice
    lists: PriceLists
    seals: dict[str, Seal]

    @property
    def charge(self) -> Charge:
        """The charge of usage."""
        (found,) = [each for each in self.charges if each.kind == "usage"]
        return found

    def change(self, sql: str) -> None:
        """Change rows that were read."""
        self.usage.rows.execute(sql)

    def world(self, *charges: Charge) -> ExplainedWorld:
        """Return what explains, with charges in place of those of the same id."""
        others = {each.charge_id: each for each in self.charges}
        given = {each.charge_id: each for each in charges}
        listed = tuple({**others, **given}.values())
        return ExplainedWorld(self.usage, listed, self.lists, self.seals, keeps_windows=True)


@contextmanager
def open_view(world: World) -> Iterator[ProvedView]:
    """Read a world that is invoiced and sealed."""
    catalog = world.catalog
    with recomputed_usage(catalog, load_settings(world.settings, {})) as usage:
        usage.load_windows(["A"], (to_us(day(1, 1)), to_us(day(2, 1))))
        yield ProvedView(
            usage,
            world.charges("A"),
            read_invoices(Tables(catalog, "billing"))[0],
            read_price_lists(catalog, "billing"),
            SealStore(catalog, "billing").seals(),
        )
