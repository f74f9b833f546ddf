"""The tables of the ledger, declared as those of `iceberg.tables`.

Programs write here, the stream never does. Every column of the journal is covered by its hash
chain, so there is none that says more than the entry: the run's row has the program's version.
"""

from iceberg.table import Column, Table
from schemas.content import Content

JOURNAL = Table(
    name="journal",
    doc="Double-entry bookkeeping: one row for each posting of an entry; never changed.",
    content=Content.MONEY,
    columns=(
        Column("entry_no", "long", "Place of the entry in the hash chain, from 0, over all runs."),
        Column("posting_no", "int", "Place of the posting in its entry, from 0."),
        Column("entry_id", "string", "Deterministic id, made of source_kind and source_id."),
        Column("source_kind", "string", "What is booked: charge, grant, expiry, invoice, ..."),
        Column("source_id", "string", "Id of that, such as the charge's."),
        Column("account_id", "string", "The customer."),
        Column("booked", "timestamptz", "Posting date: counts in balances from its UTC day on."),
        Column("currency", "string", "ISO 4217 code of the amount."),
        Column("ledger_account", "string", "Account of the ledger, such as assets:receivable."),
        Column("amount_minor", "long", "Minor units; debits are positive, credits negative."),
        Column("memo", "string", "The entry in one line."),
        Column("run_id", "string", "The run that wrote the entry."),
        Column("previous_hash", "string", "Hash of the entry before; of the first 64 zeros."),
        Column("entry_hash", "string", "SHA-256 over previous_hash and the entry, 64 hex digits."),
    ),
    key=("entry_id", "posting_no"),
    partition_by="booked",
)
