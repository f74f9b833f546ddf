"""Two accounts over two months, charged, booked and invoiced by the rules alone, without tables.

All that a reconciliation looks at has happened: late usage, shares of others, discounts, credit
drawn and expired, taxes beside prices and within them, an invoice that was made void.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from iceberg.account_tables import ACCOUNTS
from iceberg.charge_rows import charges_table
from iceberg.charge_tables import RUNS
from iceberg.creating import iceberg_schema
from iceberg.decided_tables import BROUGHT_BACK_USAGE, FREEZES
from iceberg.invoice_tables import INVOICES
from iceberg.journal_rows import journal_table
from iceberg.pricing_tables import PRICING_TABLES
from iceberg.row_shapes import shapes_table
from iceberg.table import Table
from iceberg.tables import CLOSED_USAGE, METERING_WINDOWS, USAGE_CORRECTIONS
from schemas.account import decode_account
from schemas.account_pricing import AccountPricing, PeriodUsage
from schemas.aggregation import Aggregation
from schemas.charge import Charge
from schemas.contract import Contract, CreditGrant, OneOffFee
from schemas.instant import HOUR_US, to_us
from schemas.invoice import BilledAccount, Invoice, InvoiceState
from schemas.invoice_change import InvoiceChange
from schemas.journal import ChainedEntry, JournalEntry
from schemas.plain_form import encode_shape
from schemas.priced_usage import UsageTotal
from tests.audit.books.agreed import agreed, card, invoicing
from tests.jobs.pricing_rows import closed, corrected, day
from tests.jobs.pricing_world import MONTHS
from udfs.chaining import chain, head_of
from udfs.charging_accounts import PricingRules, charge_account
from udfs.expiring_credit import expired_grants, expiry_entries
from udfs.invoicing import (
    approve,
    change_of,
    draft_invoice,
    invoice_entries,
    issue,
    issued_number,
    terms_of,
    void,
)
from udfs.posting import post_charge, post_grant

Row = dict[str, Any]
GRACE_S = 3600
UNTILS = (day(2, 4), day(3, 2))
ACCOUNT_IDS = "AB"


@dataclass
class BooksWorld:
    """What has been written until now."""

    closed: list[Row] = field(default_factory=list)
    corrections: list[Row] = field(default_factory=list)
    runs: list[Row] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    journal: list[ChainedEntry] = field(default_factory=list)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    changes: list[InvoiceChange] = field(default_factory=list)

    def price(self, until: datetime) -> None:
        """Charge and book what is known up to an instant."""
        run_id = f"run of {until:%m-%d}"
        cards = {("standard", "USD"): [card()]}
        rules = PricingRules(cards, to_us(until), GRACE_S * 10**6, run_id)
        added = [
            each for name in ACCOUNT_IDS for each in charge_account(rules, self._account(name))
        ]
        self.charges += added
        entries = [post_grant(each) for each in agreed(CreditGrant)]
        booked = {each.entry.entry_id for each in self.journal}
        new = [each for each in entries if each is not None and each.entry_id not in booked]
        self._book([*new, *(each for c in added if (each := post_charge(c)) is not None)], run_id)
        self._expire(until)
        same = {"run_id": run_id, "at": until}
        self.runs += [{**same, "status": status} for status in ("started", "finished")]

    def invoice(self, account_id: str, until: datetime, now: datetime) -> None:
        """Draft, approve and issue an invoice of an account, and book it."""
        setup = invoicing()
        (buyer,) = (each for each in setup.buyers if each.account_id == account_id)
        contracts = agreed(Contract, account_id)
        billed = BilledAccount(
            terms_of(setup, buyer, contracts, "USD", to_us(until)),
            setup.taxes,
            tuple(each for each in self.charges if each.account_id == account_id),
            tuple(each for each in self.invoices.values() if each.terms.account_id == account_id),
            to_us(until),
        )
        draft = draft_invoice(billed)
        assert isinstance(draft, Invoice), draft
        self._change(draft, now)
        approved = approve(draft, to_us(now))
        assert isinstance(approved, Invoice), approved
        self._change(approved, now)
        taken = [number for each in self.invoices.values() if (number := issued_number(each))]
        (issued,) = issue([approved], taken, to_us(now))
        assert isinstance(issued, Invoice), issued
        self._change(issued, now)

    def void(self, number: str, now: datetime) -> None:
        """Make an invoice void."""
        (invoice,) = (each for each in self.invoices.values() if each.number == number)
        gone = void(invoice, tuple(self.invoices.values()), to_us(now), "wrong address")
        assert isinstance(gone, Invoice), gone
        self._change(gone, now)

    def tables(self) -> dict[str, pa.Table]:
        """Return all rows as Arrow tables, by name."""
        listed: dict[Table, list[Row]] = {
            CLOSED_USAGE: self.closed,
            USAGE_CORRECTIONS: self.corrections,
            RUNS: self.runs,
            ACCOUNTS: [_account_row(place, name) for place, name in enumerate(ACCOUNT_IDS)],
            BROUGHT_BACK_USAGE: [],
            FREEZES: [],
            METERING_WINDOWS: [],
        }
        shapes = {
            "rate_cards": [card()],
            "contracts": agreed(Contract),
            "credit_grants": agreed(CreditGrant),
            "one_off_fees": agreed(OneOffFee),
            "fx_rates": [],
        }
        for table in PRICING_TABLES:
            listed[table] = [
                {
                    "content": encode_shape(each),
                    "grant_id": getattr(each, "grant_id", None),
                    "account_id": getattr(each, "account_id", None),
                }
                for each in shapes[table.name]
            ]
        found = {table.name: _arrow(table, rows) for table, rows in listed.items()}
        found["brought_back_later"] = found["brought_back_usage"]
        found["charges"] = charges_table(self.charges)
        found["journal"] = journal_table(self.journal)
        found["invoices"] = shapes_table(InvoiceChange, self.changes, _schema(INVOICES))
        return found

    def _account(self, account_id: str) -> AccountPricing:
        spans = sorted({each["period_start"] for each in self.closed})
        usage = [
            PeriodUsage(totals)
            for start in spans
            if (totals := tuple(self._totals(account_id, start)))
        ]
        return AccountPricing(
            account_id,
            decode_account(
                json.dumps({"account_id": account_id, "terms": [MONTHS]}).encode()
            ).terms,
            agreed(Contract, account_id),
            agreed(CreditGrant, account_id),
            agreed(OneOffFee, account_id),
            tuple(usage),
            tuple(each for each in self.charges if each.account_id == account_id),
        )

    def _totals(self, account_id: str, start: datetime) -> list[UsageTotal]:
        totals = []
        for each in self.closed:
            if (each["account_id"], each["period_start"]) != (account_id, start):
                continue
            later = [
                more
                for more in self.corrections
                if (more["account_id"], more["period_start"], more["meter_id"])
                == (account_id, start, each["meter_id"])
            ]
            deltas = [each["quantity"], *(more["quantity_delta"] for more in later)]
            totals.append(
                UsageTotal(
                    account_id,
                    to_us(start),
                    to_us(each["period_end"]),
                    "UTC",
                    each["meter_id"],
                    "{}",
                    "flight",
                    sum(deltas, Decimal(0)),
                    each["event_count"] + sum(more["event_count_delta"] for more in later),
                    Aggregation(each["aggregation"]),
                    tuple(sorted(more["row_id"] for more in (each, *later))),
                )
            )
        return totals

    def _expire(self, until: datetime) -> None:
        grants = agreed(CreditGrant)
        gone = expired_grants(grants, to_us(until), HOUR_US)
        drawn: dict[str, int] = {}
        for each in self.charges:
            drawn[each.line_id] = drawn.get(each.line_id, 0) - each.amount_minor
        booked = {
            each.entry.entry_id: posting.amount_minor
            for each in self.journal
            for posting in each.entry.postings
            if posting.ledger_account == "liabilities:credits"
        }
        self._book(expiry_entries(gone, drawn, booked, to_us(until)), f"credit {until:%m-%d}")

    def _change(self, invoice: Invoice, now: datetime) -> None:
        self.invoices[invoice.invoice_id] = invoice
        self.changes.append(change_of(invoice, to_us(now)))
        booked = {each.entry.entry_id for each in self.journal}
        new = [each for each in invoice_entries(invoice) if each.entry_id not in booked]
        if invoice.state in (InvoiceState.ISSUED, InvoiceState.VOID):
            self._book(new, f"invoices {now:%m-%d}")

    def _book(self, entries: Sequence[JournalEntry], run_id: str) -> None:
        head = head_of(self.journal[-1] if self.journal else None)
        self.journal += chain(entries, head, run_id)


def make_books() -> BooksWorld:
    """Return the world at the second of March."""
    world = BooksWorld()
    free = closed("A", 1, 900, row_id="free", meter_id="longest", aggregation="max")
    world.closed = [closed("A", 1, 8), closed("B", 1, 3), free]
    world.price(UNTILS[0])
    for account_id in ACCOUNT_IDS:
        world.invoice(account_id, day(2, 1), day(2, 4))
    world.void("INV-2013-000002", day(2, 5))
    world.invoice("B", day(2, 1), day(2, 6))
    world.closed += [closed("A", 2, 6), closed("B", 2, 1)]
    world.corrections = [
        corrected("A", 1, 1, 10, 2, day(2, 8)),
        corrected("B", 1, 1, 1, -2, day(2, 8)),
    ]
    world.price(UNTILS[1])
    world.invoice("A", day(4, 1), day(3, 2))
    world.invoice("B", day(3, 1), day(3, 2))
    return world


def _account_row(offset: int, account_id: str) -> Row:
    terms = json.dumps({"account_id": account_id, "terms": [MONTHS]})
    return {"account_id": account_id, "kafka_offset": offset, "terms": terms}


def _schema(table: Table) -> pa.Schema:
    return iceberg_schema(table).as_arrow()


def _arrow(table: Table, rows: Sequence[Row]) -> pa.Table:
    """Return rows of which some columns may be missing: what is not read need not be there."""
    schema = pa.schema([each.with_nullable(True) for each in _schema(table)])
    return pa.Table.from_pylist([dict(row) for row in rows], schema)
