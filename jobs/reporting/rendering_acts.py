"""Shows the log of manual acts: who did what and why, and what came of it."""

import json
from collections.abc import Sequence

from rich.console import Console

from schemas.instant import to_text
from schemas.manual_act import ActEntry, ManualAct

_NO_END = "no end: it is being done, or was stopped on the way"


def print_acts(console: Console, acts: Sequence[ManualAct]) -> None:
    """Print acts, three lines each, in their order."""
    lines = [line for act in acts for line in _lines(act)]
    for line in lines or ["No manual act."]:
        # What a person typed is shown; a terminal does not obey it.
        shown = "".join(each if each.isprintable() else "\ufffd" for each in line)
        console.print(shown, markup=False, highlight=False, soft_wrap=True)


def _lines(act: ManualAct) -> list[str]:
    begun, ended = act.begun, act.ended
    end = _NO_END
    if ended is not None:
        what = ended.about if ended.message is None else f"{ended.message} {ended.about}"
        end = f"{ended.outcome.value} at {to_text(ended.at_us)}: {what}"
    return [
        f"{to_text(begun.at_us)} {begun.kind.value} by {begun.decided_by}: {begun.reason}",
        f"  act {begun.act_id}, {begun.program} {begun.job_version}: {begun.about}",
        f"  {end}",
    ]


def act_members(act: ManualAct) -> dict[str, object]:
    """Return an act for JSON."""
    begun, ended = act.begun, act.ended
    return {
        "act_id": begun.act_id,
        "kind": begun.kind.value,
        "outcome": (ended or begun).outcome.value,
        "decided_by": begun.decided_by,
        "reason": begun.reason,
        "program": begun.program,
        "job_version": begun.job_version,
        "begun_at": to_text(begun.at_us),
        "about": json.loads(begun.about),
        "ended_at": None if ended is None else to_text(ended.at_us),
        "came_to": None if ended is None else json.loads(ended.about),
        "message": None if ended is None else ended.message,
        "entries": [_place(each) for each in (begun, ended) if each is not None],
    }


def _place(entry: ActEntry) -> dict[str, object]:
    return {"entry_no": entry.entry_no, "entry_hash": entry.entry_hash}
