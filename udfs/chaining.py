"""Hash chains: what was written stays as it was, or the first break is named.

Each entry's hash is SHA-256 over three lines of ASCII: the hash before it, its place, and what it
says; the latter two as JSON arrays without spaces. The place of an entry of the journal is its
number and run. The chain goes on over runs. Whoever keeps a hash can later tell that nothing up to
it was changed. Without one, nobody can tell that entries are missing at the end, or that all of it
was written anew. The log of manual acts is such a chain, too (`udfs.recording`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Protocol, TypeVar

from schemas.journal import ChainBreak, ChainedEntry, ChainFault, ChainHead, JournalEntry

START = ChainHead(0, "0" * 64)
"""Head of the empty chain."""

_encode = json.JSONEncoder(separators=(",", ":")).encode


class Link(Protocol):
    """An entry in its place in a chain, whatever it says."""

    @property
    def entry_no(self) -> int:
        """Its place, from 0."""

    @property
    def previous_hash(self) -> str:
        """Hash of the entry before; of the first 64 zeros."""

    @property
    def entry_hash(self) -> str:
        """Its own."""


AnyLink = TypeVar("AnyLink", bound=Link)


def chain(entries: Iterable[JournalEntry], head: ChainHead, run_id: str) -> Iterator[ChainedEntry]:
    """Yield entries in their places behind a head, in their order."""
    number, previous = head.next_no, head.last_hash
    for entry in entries:
        entry_hash = _hash(previous, number, run_id, entry)
        yield ChainedEntry(number, run_id, entry, previous, entry_hash)
        number, previous = number + 1, entry_hash


def head_of(last: Link | None) -> ChainHead:
    """Return where a chain goes on behind its last entry; None: there is none yet."""
    return START if last is None else ChainHead(last.entry_no + 1, last.entry_hash)


def link_hash(previous: str, place: Sequence[object], content: Sequence[object]) -> str:
    """Return the hash of an entry.

    Args:
        previous: Hash of the entry before.
        place: Its number, and what else is said of its place: values of JSON.
        content: What it says: values of JSON.
    """
    text = f"{previous}\n{_encode(place)}\n{_encode(content)}"
    return sha256(text.encode("ascii")).hexdigest()


def verify(
    chained: Iterable[ChainedEntry], known_hash: str | None = None
) -> ChainHead | ChainBreak:
    """Return the head of a journal that holds, or the first place at which it does not.

    Args:
        chained: All of it, ordered by `entry_no`.
        known_hash: Hash of an entry that is known to be in the chain; None: no one kept any.
    """
    return verify_links(chained, _hash_of, _imbalance, known_hash)


def verify_links(
    links: Iterable[AnyLink],
    hash_of: Callable[[AnyLink], str],
    fault_of: Callable[[AnyLink], ChainBreak | None] = lambda _: None,
    known_hash: str | None = None,
) -> ChainHead | ChainBreak:
    """Return the head of a chain that holds, or the first place at which it does not.

    Args:
        links: All of it, ordered by `entry_no`.
        hash_of: The hash that an entry must have.
        fault_of: What else may be wrong with an entry.
        known_hash: Hash of an entry that is known to be in the chain; None: no one kept any.
    """
    head = START
    is_known = known_hash in (None, head.last_hash)
    for each in links:
        if (fault := _fault(each, head, hash_of) or fault_of(each)) is not None:
            return fault
        head = head_of(each)
        is_known = is_known or head.last_hash == known_hash
    if not is_known:
        return ChainBreak(head.next_no, ChainFault.KNOWN_HASH, str(known_hash), "no such entry")
    return head


def _fault(each: AnyLink, head: ChainHead, hash_of: Callable[[AnyLink], str]) -> ChainBreak | None:
    number, previous = head.next_no, head.last_hash
    if each.entry_no != number:
        return ChainBreak(number, ChainFault.NUMBER, str(number), str(each.entry_no))
    if each.previous_hash != previous:
        return ChainBreak(number, ChainFault.PREVIOUS_HASH, previous, each.previous_hash)
    if each.entry_hash != (found := hash_of(each)):
        return ChainBreak(number, ChainFault.ENTRY_HASH, each.entry_hash, found)
    return None


def _imbalance(each: ChainedEntry) -> ChainBreak | None:
    if rest := sum(posting.amount_minor for posting in each.entry.postings):
        return ChainBreak(each.entry_no, ChainFault.BALANCE, "0", str(rest))
    return None


def _hash_of(each: ChainedEntry) -> str:
    return _hash(each.previous_hash, each.entry_no, each.run_id, each.entry)


def _hash(previous: str, number: int, run_id: str, entry: JournalEntry) -> str:
    return link_hash(previous, [number, run_id], _content(entry))


def _content(entry: JournalEntry) -> list[object]:
    return [
        entry.entry_id,
        entry.source_kind.value,
        entry.source_id,
        entry.account_id,
        entry.booked_us,
        entry.currency,
        entry.memo,
        [[each.ledger_account, each.amount_minor] for each in entry.postings],
    ]
