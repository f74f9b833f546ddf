"""The hash chain of the journal: what it is made of, and what breaks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import pytest

from schemas.journal import ChainBreak, ChainedEntry, ChainFault, ChainHead, Posting
from schemas.statement import LineKind
from tests.udfs.booking import booked, charge_of
from udfs.chaining import START, chain, head_of, verify

ENTRIES = tuple(
    booked(charge_of(LineKind.USAGE, 100 + number, charge_id=f"c{number}")) for number in range(4)
)
CHAINED = tuple(chain(ENTRIES, START, "r1"))
Chain = tuple[ChainedEntry, ...]


def break_of(chained: Chain, known_hash: str | None = None) -> ChainBreak:
    """Return the break of a chain that has one."""
    found = verify(chained, known_hash)
    assert isinstance(found, ChainBreak), found
    return found


def test_a_hash_is_made_of_three_lines() -> None:
    """Anyone can compute it: the hash before, the place, what the entry says."""
    entry = CHAINED[0].entry
    lines = (
        "0" * 64,
        '[0,"r1"]',
        f'["{entry.entry_id}","charge","c0","B6",{entry.booked_us},"USD",'
        '"usage landing-fee, period from 2013-01-01",'
        '[["assets:unbilled_usage",100],["revenue:sales:landing",-100]]]',
    )
    assert CHAINED[0].entry_hash == sha256("\n".join(lines).encode()).hexdigest()
    assert CHAINED[1].previous_hash == CHAINED[0].entry_hash
    assert [each.entry_no for each in CHAINED] == [0, 1, 2, 3]


def test_any_text_has_a_hash() -> None:
    """Letters outside ASCII, half a surrogate pair, line breaks."""
    entries = [replace(ENTRIES[0], memo=memo) for memo in ("Zürich\n", "東京", "\ud800")]
    hashes = {next(chain([each], START, "r1")).entry_hash for each in entries}
    assert len(hashes) == 3


def test_a_chain_goes_on_over_runs() -> None:
    """The next run begins behind the last entry, and all of it holds."""
    first = tuple(chain(ENTRIES[:2], START, "r1"))
    second = tuple(chain(ENTRIES[2:], head_of(first[-1]), "r2"))
    assert verify(first + second) == ChainHead(4, second[-1].entry_hash)
    assert first == CHAINED[:2]
    assert second[0].entry_hash != CHAINED[2].entry_hash


def test_an_empty_chain_holds() -> None:
    """Its hash is known from the start."""
    assert verify(()) == head_of(None) == START
    assert verify((), "0" * 64) == START


def _anew(chained: Chain) -> Chain:
    return tuple(chain((each.entry for each in chained), START, "r1"))


def _changed(number: int, **changes: object) -> Callable[[Chain], Chain]:
    def change(chained: Chain) -> Chain:
        changed = replace(chained[number], **changes)  # type: ignore[arg-type]
        return (*chained[:number], changed, *chained[number + 1 :])

    return change


def _said(number: int, **changes: object) -> Callable[[Chain], Chain]:
    entry = replace(ENTRIES[number], **changes)  # type: ignore[arg-type]
    return _changed(number, entry=entry)


@pytest.mark.parametrize(
    ("spoil", "entry_no", "fault"),
    [
        (_said(1, memo="another"), 1, ChainFault.ENTRY_HASH),
        (_said(1, booked_us=0), 1, ChainFault.ENTRY_HASH),
        (_said(2, account_id="B7"), 2, ChainFault.ENTRY_HASH),
        (_said(2, postings=ENTRIES[1].postings), 2, ChainFault.ENTRY_HASH),
        (_said(3, currency="EUR"), 3, ChainFault.ENTRY_HASH),
        (_changed(3, run_id="r2"), 3, ChainFault.ENTRY_HASH),
        (_changed(3, entry_hash="0" * 64), 3, ChainFault.ENTRY_HASH),
        (_changed(1, previous_hash="0" * 64), 1, ChainFault.PREVIOUS_HASH),
        (lambda each: each[1:], 0, ChainFault.NUMBER),
        (lambda each: (*each[:1], *each[2:]), 1, ChainFault.NUMBER),
        (lambda each: (*each[:2], each[1], *each[2:]), 2, ChainFault.NUMBER),
        (lambda each: (each[1], each[0], *each[2:]), 0, ChainFault.NUMBER),
        (lambda each: (each[0], *_anew(each[1:])), 1, ChainFault.NUMBER),
    ],
    ids=[
        "memo",
        "date",
        "customer",
        "postings",
        "currency",
        "run",
        "hash",
        "link",
        "first removed",
        "one removed",
        "one twice",
        "reordered",
        "another chain",
    ],
)
def test_a_break_is_found_where_it_is(
    spoil: Callable[[Chain], Chain], entry_no: int, fault: ChainFault
) -> None:
    """The first entry that does not fit, and what is wrong with it."""
    found = break_of(spoil(CHAINED))
    assert (found.entry_no, found.fault) == (entry_no, fault)
    assert found.expected != found.found


def test_an_entry_of_another_chain_does_not_fit() -> None:
    """In the right place, with a hash that is its own, behind other entries."""
    other = tuple(chain((ENTRIES[3], *ENTRIES[1:]), START, "r1"))
    found = break_of((CHAINED[0], *other[1:]))
    assert found == ChainBreak(
        1, ChainFault.PREVIOUS_HASH, CHAINED[0].entry_hash, other[0].entry_hash
    )


def test_an_entry_out_of_balance_is_a_break() -> None:
    """Also where its hash is right."""
    broken = replace(ENTRIES[1], postings=(Posting("assets:receivable", 7),))
    found = break_of(tuple(chain((ENTRIES[0], broken), START, "r1")))
    assert found == ChainBreak(1, ChainFault.BALANCE, "0", "7")


@pytest.mark.parametrize("known", range(4))
def test_a_known_hash_finds_what_a_chain_cannot(known: int) -> None:
    """Entries cut off at the end, and a chain written anew, hold in themselves."""
    known_hash = CHAINED[known].entry_hash
    assert verify(CHAINED, known_hash) == head_of(CHAINED[-1])
    short = CHAINED[:known]
    assert verify(short) == head_of(short[-1] if short else None)
    expected = ChainBreak(known, ChainFault.KNOWN_HASH, known_hash, "no such entry")
    assert verify(short, known_hash) == expected
    anew = tuple(chain((replace(ENTRIES[0], memo="another"), *ENTRIES[1:]), START, "r1"))
    assert verify(anew) == head_of(anew[-1])
    assert break_of(anew, known_hash).fault is ChainFault.KNOWN_HASH


def test_a_break_says_what_was_expected_and_found() -> None:
    """A number that is missing; a hash that is not that of what its entry says."""
    assert break_of(CHAINED[1:]) == ChainBreak(0, ChainFault.NUMBER, "0", "1")
    told = replace(CHAINED[0], entry_hash="f" * 64)
    expected = ChainBreak(0, ChainFault.ENTRY_HASH, "f" * 64, CHAINED[0].entry_hash)
    assert break_of((told, *CHAINED[1:])) == expected
