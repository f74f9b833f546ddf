"""The table of invoices, declared as those of `iceberg.tables`; a program writes it."""

from iceberg.table import Column, Table
from schemas.content import Content

INVOICES = Table(
    name="invoices",
    doc="Invoices and credit notes: one row for each state that one came into; never changed.",
    content=Content.MONEY,
    columns=(
        Column("invoice_id", "string", "Deterministic id: of account, currency and sequence."),
        Column("account_id", "string", "The account that pays."),
        Column("number", "string", "In its series; null until it is issued.", required=False),
        Column("state", "string", "draft, approved, issued or void."),
        Column("kind", "string", "invoice or credit_note."),
        Column("at", "timestamptz", "When it came into the state, by the clock of the program."),
        Column("currency", "string", "ISO 4217 code."),
        Column("charged_minor", "long", "Sum of the lines' amounts, in minor units."),
        Column("net_minor", "long", "The same without the taxes it contains."),
        Column("tax_minor", "long", "Sum of the taxes."),
        Column("total_minor", "long", "Net and taxes."),
        Column("credit_minor", "long", "What prepaid credit pays, negative."),
        Column("payable_minor", "long", "What is left to pay."),
        Column("content", "string", "The whole invoice, canonical JSON."),
        Column("content_hash", "string", "SHA-256 of the content, 64 hex digits."),
    ),
    key=("invoice_id", "state"),
    partition_by="at",
)
