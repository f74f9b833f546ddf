"""The tables of prices and contracts, declared as those of `iceberg.tables`.

`python -m jobs.load_rate_cards` writes them; the stream neither writes nor reads them. Each row
says all of one version, so that what was priced can be priced again: rows never change.
"""

from iceberg.columns import JOB_VERSION
from iceberg.table import Column, Table
from schemas.content import Content
from schemas.contract import Contract, CreditGrant, FxRate, OneOffFee
from schemas.price_lists import IDENTITIES
from schemas.rate_card import RateCard

_CONTENT = (
    Column("content", "string", "All of it, canonical JSON (schemas/plain_form.py)."),
    Column("fingerprint", "string", "Hash of the content: 32 hex digits."),
    Column("loaded_at", "timestamptz", "When it was loaded, by the clock of the program."),
    JOB_VERSION,
)
_EFFECTIVE_FROM = Column("effective_from", "timestamptz", "First instant that the version holds.")
_ACCOUNT_ID = Column("account_id", "string", "Whose it is.")

RATE_CARDS = Table(
    name="rate_cards",
    doc="Versions of rate cards: what meters cost and which fees recur; never rewritten.",
    content=Content.PRICES,
    columns=(
        Column("card_id", "string", "The card, as contracts or the plans of accounts name it."),
        Column("currency", "string", "ISO 4217 code of all its amounts."),
        Column("version", "int", "Grows with effective_from."),
        _EFFECTIVE_FROM,
        *_CONTENT,
    ),
    key=IDENTITIES[RateCard],
    partition_by="loaded_at",
)

CONTRACTS = Table(
    name="contracts",
    doc="Versions of contracts: which card prices an account, and what was agreed beside it.",
    content=Content.PRICES,
    columns=(
        _ACCOUNT_ID,
        Column("version", "int", "Grows with effective_from."),
        _EFFECTIVE_FROM,
        *_CONTENT,
    ),
    key=IDENTITIES[Contract],
    partition_by="loaded_at",
)

CREDIT_GRANTS = Table(
    name="credit_grants",
    doc="Credit that charges of an account draw down; what is left is in no table, but computed.",
    content=Content.PRICES,
    columns=(Column("grant_id", "string", "Its name for ever."), _ACCOUNT_ID, *_CONTENT),
    key=IDENTITIES[CreditGrant],
    partition_by="loaded_at",
)

ONE_OFF_FEES = Table(
    name="one_off_fees",
    doc="Fees, or credits below zero, that are charged once.",
    content=Content.PRICES,
    columns=(Column("fee_id", "string", "Its name for ever."), _ACCOUNT_ID, *_CONTENT),
    key=IDENTITIES[OneOffFee],
    partition_by="loaded_at",
)

FX_RATES = Table(
    name="fx_rates",
    doc="Given rates of exchange; no other is ever used.",
    content=Content.PRICES,
    columns=(
        Column("day", "string", "Last day of a billing period in the account's zone, ISO 8601."),
        Column("base", "string", "Currency that is converted."),
        Column("quote", "string", "Currency that comes out."),
        *_CONTENT,
    ),
    key=IDENTITIES[FxRate],
    partition_by="loaded_at",
)

PRICING_TABLES: tuple[Table, ...] = (RATE_CARDS, CONTRACTS, CREDIT_GRANTS, ONE_OFF_FEES, FX_RATES)
