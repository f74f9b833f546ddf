"""Double entry: what each event of business moves between the accounts of the ledger.

Entries are never changed. A charge that corrects another is an entry of its own, over the
difference; what is void is reversed by one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

from schemas.charge import Charge
from schemas.chart_of_accounts import (
    BREAKAGE,
    CREDITS,
    CREDITS_GIVEN,
    DISCOUNTS,
    PAYOUTS,
    RECEIVABLE,
    SALES,
    TAX_PAYABLE,
    UNBILLED_USAGE,
    LedgerAccount,
)
from schemas.contract import CreditGrant
from schemas.instant import DAY_US, EPOCH, MICROSECOND
from schemas.journal import JournalEntry, Posting, SourceKind
from schemas.money import Rounding
from schemas.statement import LineKind
from udfs.identifying import digest
from udfs.rounding import from_minor, to_minor

_AGAINST: Mapping[LineKind, LedgerAccount] = MappingProxyType(
    {
        LineKind.USAGE: SALES,
        LineKind.RECURRING_FEE: SALES,
        LineKind.ONE_OFF_FEE: SALES,
        LineKind.MINIMUM: SALES,
        LineKind.COMMITMENT: SALES,
        LineKind.MAXIMUM: DISCOUNTS,
        LineKind.TRIAL: DISCOUNTS,
        LineKind.DISCOUNT: DISCOUNTS,
        LineKind.CREDIT: CREDITS_GIVEN,
    }
)
"""The account against which each kind of charge is posted; credit that was paid for: `CREDITS`."""


class UnbalancedEntryError(Exception):
    """The postings of an entry do not sum to zero; one line with entry, expected and found."""


def ledger_account(account: LedgerAccount, part: str = "") -> str:
    """Return the name that postings have of an account of the chart, such as a product's sales."""
    assert bool(part) == bool(account.part), f"{account.name}: expected a {account.part or 'whole'}"
    names = (account.kind.value, account.name, part)
    return ":".join(name for name in names if name)


def entry_id_of(source_kind: SourceKind, source_id: str) -> str:
    """Return the id of the one entry that books something."""
    return digest("entry", source_kind.value, source_id)


def check_balanced(entry: JournalEntry) -> None:
    """Raise an UnbalancedEntryError where the postings of an entry do not sum to zero."""
    found = sum(posting.amount_minor for posting in entry.postings)
    if found:
        raise UnbalancedEntryError(
            f"entry {entry.entry_id}, {entry.source_kind} {entry.source_id}:"
            f" expected postings that sum to 0, found {found} minor units of {entry.currency}"
        )


def post_charge(charge: Charge) -> JournalEntry | None:
    """Return what a charge, or a correction of one, moves; None: nothing.

    It is booked on the day of the account's zone with which the billing period ends that takes it,
    so that a month's usage is revenue of that month; a fee in advance on the day it is due.
    """
    against = _against(charge)
    sides = [(ledger_account(UNBILLED_USAGE), charge.amount_minor), (against, -charge.amount_minor)]
    for party, share_minor in json.loads(charge.payouts_delta).items():
        sides += [(against, share_minor), (ledger_account(PAYOUTS, party), -share_minor)]
    is_in_advance = charge.due_us <= charge.period_start_us
    last_us = charge.due_us if is_in_advance else charge.due_us - 1
    day = _local_day(charge.period_start_us, charge.timezone)
    memo = f"{charge.kind} {charge.line_id}, period from {day}"
    return _entry(
        SourceKind.CHARGE,
        charge.charge_id,
        charge.account_id,
        _midnight_us(last_us, charge.timezone),
        charge.currency,
        f"{memo}, revision {charge.revision}" if charge.revision else memo,
        sides,
    )


def _against(charge: Charge) -> str:
    if charge.kind is LineKind.CREDIT and not charge.product:
        return ledger_account(CREDITS)
    return ledger_account(_AGAINST[charge.kind], charge.product)


def post_grant(grant: CreditGrant) -> JournalEntry | None:
    """Return what a grant moves: the account owes for what it bought, and may use it.

    Returns:
        None where it was given away: it is a discount once it is used.
    """
    if not grant.is_paid:
        return None
    amount_minor = to_minor(Fraction(grant.amount), grant.currency, Rounding.DOWN)
    assert from_minor(amount_minor, grant.currency) == grant.amount, f"grant {grant.grant_id}"
    return _entry(
        SourceKind.GRANT,
        grant.grant_id,
        grant.account_id,
        grant.granted_us,
        grant.currency,
        f"credit {grant.grant_id}",
        [(ledger_account(RECEIVABLE), amount_minor), (ledger_account(CREDITS), -amount_minor)],
    )


def post_expiry(
    grant: CreditGrant, revision: int, unused_minor: int, booked_us: int
) -> JournalEntry | None:
    """Return what the expiry of a grant moves: credit that was bought and not used is revenue.

    Args:
        grant: That has expired.
        revision: 0, then one more for each correction that changes what was used of it.
        unused_minor: What is left of it, less what earlier revisions have booked; signed.
        booked_us: When it expired; of a later revision, when it was found out.

    Returns:
        None where there is nothing to book, or it was given away.
    """
    if not grant.is_paid:
        return None
    assert grant.expires_us is not None, f"grant {grant.grant_id} never expires"
    return _entry(
        SourceKind.EXPIRY,
        _expiry_id(grant, revision),
        grant.account_id,
        booked_us,
        grant.currency,
        f"expiry of credit {grant.grant_id}",
        [(ledger_account(CREDITS), unused_minor), (ledger_account(BREAKAGE), -unused_minor)],
    )


def expiry_entry_id(grant: CreditGrant, revision: int) -> str:
    """Return the id of the entry that books a revision of a grant's expiry."""
    return entry_id_of(SourceKind.EXPIRY, _expiry_id(grant, revision))


def _expiry_id(grant: CreditGrant, revision: int) -> str:
    return digest("expiry", grant.grant_id, str(revision))


def post_invoice(
    invoice_id: str,
    account_id: str,
    currency: str,
    charged_minor: int,
    tax_minor: Mapping[str, int],
    booked_us: int,
    included_tax_minor: Mapping[str, int] = MappingProxyType({}),
) -> JournalEntry | None:
    """Return what an invoice or a credit note moves: the account owes its charges and the tax.

    Args:
        invoice_id: Its id, never used again.
        account_id: Who owes it.
        currency: Of all amounts.
        charged_minor: What its charges come to; they are unbilled no more.
        tax_minor: All tax by jurisdiction.
        booked_us: When it is issued.
        included_tax_minor: By product, the part of that tax that the charges include already; it
            was booked as sales and is none.

    Returns:
        None where nothing moves.
    """
    taxes = [
        (ledger_account(TAX_PAYABLE, jurisdiction), -minor)
        for jurisdiction, minor in tax_minor.items()
    ]
    included = [
        (ledger_account(SALES, product), minor) for product, minor in included_tax_minor.items()
    ]
    owed_minor = charged_minor + sum(tax_minor.values()) - sum(included_tax_minor.values())
    return _entry(
        SourceKind.INVOICE,
        invoice_id,
        account_id,
        booked_us,
        currency,
        f"invoice {invoice_id}",
        [
            (ledger_account(RECEIVABLE), owed_minor),
            (ledger_account(UNBILLED_USAGE), -charged_minor),
            *taxes,
            *included,
        ],
    )


def reverse(entry: JournalEntry, booked_us: int) -> JournalEntry:
    """Return the entry that takes another back; it can be taken back once, and so can this one."""
    reversal = _entry(
        SourceKind.REVERSAL,
        entry.entry_id,
        entry.account_id,
        booked_us,
        entry.currency,
        f"reversal of {entry.memo}",
        [(posting.ledger_account, -posting.amount_minor) for posting in entry.postings],
    )
    assert reversal is not None, f"entry {entry.entry_id} moves nothing"
    return reversal


def _entry(
    source_kind: SourceKind,
    source_id: str,
    account_id: str,
    booked_us: int,
    currency: str,
    memo: str,
    sides: Iterable[tuple[str, int]],
) -> JournalEntry | None:
    """Return an entry whose postings have each account once; None where none is left."""
    sums: dict[str, int] = {}
    for name, amount_minor in sides:
        sums[name] = sums.get(name, 0) + amount_minor
    postings = tuple(Posting(name, minor) for name, minor in sorted(sums.items()) if minor)
    if not postings:
        return None
    entry_id = entry_id_of(source_kind, source_id)
    entry = JournalEntry(
        entry_id, source_kind, source_id, account_id, booked_us, currency, memo, postings
    )
    check_balanced(entry)
    return entry


# The charges of a run share few instants and zones.
@lru_cache(maxsize=10_000)
def _local_day(instant_us: int, timezone: str) -> str:
    return _local(instant_us, timezone).date().isoformat()


@lru_cache(maxsize=10_000)
def _midnight_us(instant_us: int, timezone: str) -> int:
    """Return midnight UTC of the calendar day that an instant falls on in a zone."""
    local = _local(instant_us, timezone)
    return (local.date() - EPOCH.date()).days * DAY_US


def _local(instant_us: int, timezone: str) -> datetime:
    return (EPOCH + instant_us * MICROSECOND).astimezone(ZoneInfo(timezone))
