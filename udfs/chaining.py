"""The hash chain of the journal: what was written stays as it was, or the first break is named.

Each entry's hash is SHA-256 over three lines of ASCII: the hash before it, its number and run, and
what it says; the latter two as JSON arrays without spaces. The chain goes on over runs. Whoever
keeps a hash can later tell that nothing up to it was changed. Without one, nobody can tell that
entries are missing at the end, or that all of it was written anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from hashlib import sha256

from schemas.journal import ChainBreak, ChainedEntry, ChainFault, ChainHead, JournalEntry

START = ChainHead(0, "0" * 64)
"""Head of the empty chain."""

_encode = json.JSONEncoder(separators=(",", ":")).encode


def chain(entries: Iterable[JournalEntry], head: ChainHead, run_id: str) -> Iterator[ChainedEntry]:
    """Yield entries in their places behind a head, in their order."""
    number, previous = head.next_no, head.last_hash
    for entry in entries:
        entry_hash = _hash(previous, number, run_id, entry)
        yield ChainedEntry(number, run_id, entry, previous, entry_hash)
        number, previous = number + 1, entry_hash


def head_of(last: ChainedEntry | None) -> ChainHead:
    """Return where a chain goes on behind its last entry; None: there is none yet."""
    return START if last is None else ChainHead(last.entry_no + 1, last.entry_hash)


def verify(
    chained: Iterable[ChainedEntry], known_hash: str | None = None
) -> ChainHead | ChainBreak:
    """Return the head of a chain that holds, or the first place at which it does not.

    Args:
        chained: All of it, ordered by `entry_no`.
        known_hash: Hash of an entry that is known to be in the chain; None: no one kept any.
    """
    head = START
    is_known = known_hash in (None, head.last_hash)
    for each in chained:
        if (fault := _fault(each, head)) is not None:
            return fault
        head = head_of(each)
        is_known = is_known or head.last_hash == known_hash
    if not is_known:
        return ChainBreak(head.next_no, ChainFault.KNOWN_HASH, str(known_hash), "no such entry")
    return head


def _fault(each: ChainedEntry, head: ChainHead) -> ChainBreak | None:
    number, previous = head.next_no, head.last_hash
    if each.entry_no != number:
        return ChainBreak(number, ChainFault.NUMBER, str(number), str(each.entry_no))
    if each.previous_hash != previous:
        return ChainBreak(number, ChainFault.PREVIOUS_HASH, previous, each.previous_hash)
    found = _hash(previous, number, each.run_id, each.entry)
    if each.entry_hash != found:
        return ChainBreak(number, ChainFault.ENTRY_HASH, each.entry_hash, found)
    if rest := sum(posting.amount_minor for posting in each.entry.postings):
        return ChainBreak(number, ChainFault.BALANCE, "0", str(rest))
    return None


def _hash(previous: str, number: int, run_id: str, entry: JournalEntry) -> str:
    place = _encode([number, run_id])
    text = f"{previous}\n{place}\n{_canonical_text(entry)}"
    return sha256(text.encode("ascii")).hexdigest()


def _canonical_text(entry: JournalEntry) -> str:
    content = [
        entry.entry_id,
        entry.source_kind.value,
        entry.source_id,
        entry.account_id,
        entry.booked_us,
        entry.currency,
        entry.memo,
        [[each.ledger_account, each.amount_minor] for each in entry.postings],
    ]
    return _encode(content)
