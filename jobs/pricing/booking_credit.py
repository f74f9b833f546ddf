"""Books credit that was bought, and what is left of it when it expires.

Both follow from the tables alone, so a run that comes after one that died books what is missing.
"""

from collections.abc import Iterator
from typing import Any

from iceberg.charge_sums import sum_draws
from iceberg.freezes import FreezeStore
from iceberg.journal_store import JournalStore
from iceberg.price_lists import read_price_lists
from schemas.chart_of_accounts import CREDITS
from schemas.contract import CreditGrant
from schemas.journal import JournalEntry, SourceKind
from udfs.chaining import chain, head_of
from udfs.expiring_credit import expired_grants, expiry_entries
from udfs.freezing import standing
from udfs.identifying import digest
from udfs.posting import ledger_account, post_grant


def book_credit(catalog: Any, namespace: str, until_us: int, grace_us: int) -> int:
    """Book grants that are there by an instant, and what has expired; return how many entries.

    What has expired of an account that is frozen waits: a period that waits may yet draw on it.

    Args:
        catalog: Has the tables.
        namespace: Theirs.
        until_us: Log time up to which all usage has been priced.
        grace_us: The greatest of all meters.

    Raises:
        CommitConflictError: Another program was faster; look again.
        UnknownCommitError: The catalog gave no clear answer; look again.
    """
    grants = read_price_lists(catalog, namespace).credit_grants
    if not grants:
        return 0
    journal = JournalStore(catalog, namespace)
    scopes = [each.scope for each in standing(FreezeStore(catalog, namespace).decisions())]
    expired = tuple(
        each
        for each in expired_grants(grants, until_us, grace_us)
        if not any(not of.account_ids or each.account_id in of.account_ids for of in scopes)
    )
    entries = [*new_grants(grants, journal, until_us)]
    if expired:
        booked = journal.booked(SourceKind.EXPIRY)
        liability = ledger_account(CREDITS)
        booked_minor = {entry_id: moved[liability] for entry_id, moved in booked.items()}
        drawn = sum_draws(catalog, namespace)
        entries += expiry_entries(expired, drawn, booked_minor, until_us)
    if entries:
        run_id = digest("credit", *(each.entry_id for each in entries))
        journal.append([list(chain(entries, head_of(journal.last()), run_id))])
    return len(entries)


def new_grants(
    grants: tuple[CreditGrant, ...], journal: JournalStore, until_us: int
) -> Iterator[JournalEntry]:
    """Yield entries of the grants that are there by an instant and are not in the journal."""
    there = (each for each in grants if each.granted_us < until_us)
    granted = [entry for each in there if (entry := post_grant(each)) is not None]
    known = journal.known({entry.entry_id for entry in granted})
    yield from (entry for entry in granted if entry.entry_id not in known)
