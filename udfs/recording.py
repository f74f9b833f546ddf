"""The log of manual acts: rows in a hash chain, one before each act and one after it.

An act is written down before it is done, so whatever stops it leaves a trace: a row that begins
without one that ends.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple, replace

from schemas.journal import ChainBreak, ChainHead
from schemas.manual_act import ActEntry, ActKind, ActOutcome, AskedAct, ManualAct
from udfs.chaining import link_hash, verify_links
from udfs.identifying import digest

_LONGEST_MESSAGE = 500
_ALL = "all"

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def begin_act(asked: AskedAct, at_us: int, head: ChainHead, job_version: str) -> ActEntry:
    """Return the row that is written before an act.

    Args:
        asked: What is to be done.
        at_us: When.
        head: Where the chain goes on; part of the id, as one act may be done twice at a time.
        job_version: Version of the program.
    """
    number, previous = head.next_no, head.last_hash
    by, reason = asked.decision.decided_by, asked.decision.reason
    return _linked(
        ActEntry(
            number,
            digest("manual_act", str(number), previous, asked.kind.value, by, str(at_us)),
            asked.kind,
            ActOutcome.BEGUN,
            by,
            reason,
            asked.program,
            _encode(asked.about),
            None,
            at_us,
            job_version,
            previous,
            "",
        )
    )


def end_act(
    begun: ActEntry,
    came_to: Mapping[str, object],
    failure: str | None,
    at_us: int,
    head: ChainHead,
) -> ActEntry:
    """Return the row that is written after an act.

    Args:
        begun: Its first row.
        came_to: What it has come to, as far as it came.
        failure: Why it failed; one line of it is kept. None: it is done.
        at_us: When. A clock that was set back since is not believed.
        head: Where the chain goes on.
    """
    return _linked(
        replace(
            begun,
            entry_no=head.next_no,
            outcome=ActOutcome.DONE if failure is None else ActOutcome.FAILED,
            about=_encode(dict(came_to)),
            message=None if failure is None else _one_line(failure),
            at_us=max(at_us, begun.at_us),
            previous_hash=head.last_hash,
        )
    )


def verify_acts(
    entries: Iterable[ActEntry], known_hash: str | None = None
) -> ChainHead | ChainBreak:
    """Return the head of a log that holds, or the first place at which it does not.

    Args:
        entries: All rows, ordered by `entry_no`.
        known_hash: Hash of a row that is known to be there; None: no one kept any.
    """
    return verify_links(entries, _hash_of, known_hash=known_hash)


def pair_acts(entries: Iterable[ActEntry]) -> tuple[ManualAct, ...]:
    """Return the acts of rows, in the order in which they began.

    Args:
        entries: All rows, ordered by `entry_no`. An end without a beginning is none of an act: a
            chain that has one was not written by these rules, or does not hold.
    """
    acts: dict[str, ManualAct] = {}
    for each in entries:
        if each.outcome is ActOutcome.BEGUN:
            acts[each.act_id] = ManualAct(each, None)
        elif each.act_id in acts:
            acts[each.act_id] = replace(acts[each.act_id], ended=each)
    return tuple(acts.values())


def select_acts(
    acts: Iterable[ManualAct],
    account_id: str | None = None,
    kind: ActKind | None = None,
    since_us: int | None = None,
) -> tuple[ManualAct, ...]:
    """Return those acts that are asked for, in their order.

    Args:
        acts: Of which.
        account_id: Only acts that name this account, or all accounts; None: whatever they name.
        kind: Only acts of this kind; None: of any.
        since_us: Only acts that began at this instant or later; None: from the first.
    """
    return tuple(
        act
        for act in acts
        if (account_id is None or _names(act, account_id))
        and kind in (None, act.begun.kind)
        and (since_us is None or act.begun.at_us >= since_us)
    )


def _names(act: ManualAct, account_id: str) -> bool:
    for row in (act.begun, act.ended):
        named = json.loads(row.about).get("accounts", ()) if row is not None else ()
        if named == _ALL or account_id in named:
            return True
    return False


def _one_line(text: str) -> str:
    """Return the first line of a text, without what a terminal would obey."""
    line = " ".join(text.partition("\n")[0].split())[:_LONGEST_MESSAGE]
    return "".join(each if each.isprintable() else "\ufffd" for each in line)


def _linked(entry: ActEntry) -> ActEntry:
    return replace(entry, entry_hash=_hash_of(entry))


def _hash_of(entry: ActEntry) -> str:
    number, *content, previous, _ = astuple(entry)
    return link_hash(previous, [number], content)
