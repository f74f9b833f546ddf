"""What expires of credit: what nobody can draw any more, and is not booked yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from schemas.contract import CreditGrant
from schemas.journal import JournalEntry
from schemas.money import Rounding
from udfs.posting import expiry_entry_id, post_expiry
from udfs.rounding import to_minor


def expired_grants(
    grants: Sequence[CreditGrant], until_us: int, grace_us: int
) -> tuple[CreditGrant, ...]:
    """Return paid grants on which no period can draw any more that was not priced closed.

    A period draws on a grant that is there when it ends; it has closed with the greatest grace
    after that. So a grant has expired for good with that grace after its own end.

    Args:
        grants: Any.
        until_us: Log time up to which all usage has been priced.
        grace_us: The greatest of all meters.
    """
    return tuple(
        each
        for each in grants
        if each.is_paid and each.expires_us is not None and each.expires_us + grace_us <= until_us
    )


def expiry_entries(
    grants: Sequence[CreditGrant],
    drawn_minor: Mapping[str, int],
    booked_minor: Mapping[str, int],
    until_us: int,
) -> tuple[JournalEntry, ...]:
    """Return what is to be booked, so that what is left of each grant is revenue.

    A correction of a period before may draw more, or give back, after the expiry was booked; the
    difference is an entry of its own.

    Args:
        grants: From `expired_grants`, ordered by id.
        drawn_minor: What charges have drawn, by grant.
        booked_minor: What entries of expiry took from the liability, by id of the entry.
        until_us: When later entries are booked.
    """
    found = []
    for grant in grants:
        revision = before_minor = 0
        while (entry_id := expiry_entry_id(grant, revision)) in booked_minor:
            before_minor += booked_minor[entry_id]
            revision += 1
        granted_minor = to_minor(Fraction(grant.amount), grant.currency, Rounding.DOWN)
        unused_minor = granted_minor - drawn_minor.get(grant.grant_id, 0)
        assert grant.expires_us is not None
        booked_us = until_us if revision else grant.expires_us
        entry = post_expiry(grant, revision, unused_minor - before_minor, booked_us)
        if entry is not None:
            found.append(entry)
    return tuple(found)
