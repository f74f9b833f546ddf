"""The log of manual acts: what its rows say, and what breaks their chain."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import pytest

from schemas.journal import ChainBreak, ChainFault, ChainHead
from schemas.manual_act import ActEntry, ActKind, ActOutcome, AskedAct, Decision
from udfs.chaining import START, head_of
from udfs.recording import begin_act, end_act, pair_acts, select_acts, verify_acts

Log = tuple[ActEntry, ...]


def asked(kind: ActKind = ActKind.FREEZE_BILLING, **about: object) -> AskedAct:
    """Return an act of Ada's."""
    return AskedAct(kind, "jobs.freeze_billing", Decision("Ada L", "usage was lost"), about)


def log(*acts: tuple[AskedAct, str | None]) -> Log:
    """Return both rows of acts, one act after the other, each with why it failed."""
    entries: list[ActEntry] = []
    for number, (act, failure) in enumerate(acts):
        begun = begin_act(act, 10 * number, head_of(entries[-1] if entries else None), "1")
        ended = end_act(begun, {"freeze": number}, failure, 10 * number + 5, head_of(begun))
        entries += [begun, ended]
    return tuple(entries)


LOG = log((asked(accounts=["A"]), None), (asked(accounts=["B"]), "no such account"))


def test_a_hash_is_made_of_three_lines() -> None:
    """Anyone can compute it: the hash before, the place, what the row says."""
    first, second = LOG[:2]
    lines = (
        "0" * 64,
        "[0]",
        f'["{first.act_id}","freeze_billing","begun","Ada L","usage was lost",'
        '"jobs.freeze_billing","{\\"accounts\\":[\\"A\\"]}",null,0,"1"]',
    )
    assert first.entry_hash == sha256("\n".join(lines).encode()).hexdigest()
    assert second.previous_hash == first.entry_hash
    assert [each.entry_no for each in LOG] == [0, 1, 2, 3]


def test_an_end_says_what_came_of_it() -> None:
    """It has the act's id, who and why; a failure is one line that no terminal obeys."""
    begun, done, _, failed = LOG
    assert (done.act_id, done.outcome, done.message) == (begun.act_id, ActOutcome.DONE, None)
    assert (done.decided_by, done.reason, done.at_us) == ("Ada L", "usage was lost", 5)
    assert json.loads(done.about) == {"freeze": 0}
    assert (failed.outcome, failed.message) == (ActOutcome.FAILED, "no such account")
    long = end_act(begun, {}, f"a \x1b[31m line {'x' * 900}\nand more", 5, START)
    assert long.message is not None
    assert long.message.startswith("a \ufffd[31m line xxx")
    assert len(long.message) == 500


def test_a_clock_that_was_set_back_is_not_believed() -> None:
    """No act ends before it begins."""
    begun = begin_act(asked(), 100, START, "1")
    assert end_act(begun, {}, None, 99, head_of(begun)).at_us == 100


def test_the_same_act_at_the_same_time_is_another() -> None:
    """Its place in the chain tells them apart."""
    first = begin_act(asked(), 1, START, "1")
    assert begin_act(asked(), 1, head_of(first), "1").act_id != first.act_id


def test_about_keeps_its_order_and_letters() -> None:
    """Compact, members as they were given; letters as they were typed."""
    assert begin_act(asked(b=1, a=["Zürich"]), 1, START, "1").about == '{"b":1,"a":["Zürich"]}'


def _changed(number: int, **changes: object) -> Callable[[Log], Log]:
    def change(entries: Log) -> Log:
        changed = replace(entries[number], **changes)  # type: ignore[arg-type]
        return (*entries[:number], changed, *entries[number + 1 :])

    return change


@pytest.mark.parametrize(
    ("spoil", "entry_no", "fault"),
    [
        (_changed(1, act_id="0" * 32), 1, ChainFault.ENTRY_HASH),
        (_changed(1, kind=ActKind.LIFT_FREEZE), 1, ChainFault.ENTRY_HASH),
        (_changed(3, outcome=ActOutcome.DONE), 3, ChainFault.ENTRY_HASH),
        (_changed(0, decided_by="Eve"), 0, ChainFault.ENTRY_HASH),
        (_changed(2, reason="none"), 2, ChainFault.ENTRY_HASH),
        (_changed(2, program="jobs.other"), 2, ChainFault.ENTRY_HASH),
        (_changed(0, about='{"accounts":["C"]}'), 0, ChainFault.ENTRY_HASH),
        (_changed(3, message=None), 3, ChainFault.ENTRY_HASH),
        (_changed(1, at_us=6), 1, ChainFault.ENTRY_HASH),
        (_changed(1, job_version="2"), 1, ChainFault.ENTRY_HASH),
        (_changed(1, previous_hash="0" * 64), 1, ChainFault.PREVIOUS_HASH),
        (lambda each: each[1:], 0, ChainFault.NUMBER),
        (lambda each: (*each[:1], *each[2:]), 1, ChainFault.NUMBER),
        (lambda each: (each[1], each[0], *each[2:]), 0, ChainFault.NUMBER),
        (lambda each: (*each[:2], each[1], *each[2:]), 2, ChainFault.NUMBER),
        (lambda each: each[:3], 3, ChainFault.KNOWN_HASH),
        (lambda _: log((asked(), None), (asked(), None)), 4, ChainFault.KNOWN_HASH),
    ],
)
def test_a_break_is_found_where_it_is(
    spoil: Callable[[Log], Log], entry_no: int, fault: ChainFault
) -> None:
    """Whatever is changed, removed, swapped, cut off or written anew, with the last hash known."""
    found = verify_acts(spoil(LOG), LOG[-1].entry_hash)
    assert isinstance(found, ChainBreak)
    assert (found.entry_no, found.fault) == (entry_no, fault)


def test_a_log_holds() -> None:
    """With any of its hashes, or none; so does an empty one."""
    for known in (None, *(each.entry_hash for each in LOG)):
        assert verify_acts(LOG, known) == ChainHead(4, LOG[-1].entry_hash)
    assert verify_acts(()) == START


def test_what_is_cut_off_is_seen_by_who_kept_a_hash_alone() -> None:
    """The limit of any chain."""
    assert isinstance(verify_acts(LOG[:2]), ChainHead)


def test_rows_are_paired_to_acts() -> None:
    """In the order in which they began, whoever ended first; one may have no end."""
    first, second = LOG[0], LOG[2]
    acts = pair_acts((first, second, LOG[3]))
    assert [(act.begun, act.ended) for act in acts] == [(first, None), (second, LOG[3])]


def test_acts_are_selected() -> None:
    """By account, named at either end, or all of them; by kind; by when they began."""
    found = pair_acts(
        log(
            (asked(accounts=["A"]), None),
            (asked(accounts="all"), None),
            (asked(ActKind.REWIND_TABLES, tables=["x"]), None),
        )
    )
    assert select_acts(found) == found
    assert select_acts(found, account_id="A") == found[:2]
    assert select_acts(found, account_id="B") == found[1:2]
    assert select_acts(found, kind=ActKind.REWIND_TABLES) == found[2:]
    assert select_acts(found, since_us=10) == found[1:]
    ended = replace(found[2], ended=replace(found[2].begun, about='{"accounts":["B"]}'))
    assert select_acts((ended,), account_id="B") == (ended,)
