"""What a line of a timeline may say. A verb is one function and one line of `VERBS`.

EVENT e1 A 3               an event of account A with units 3; it happened when it was received
LATE e2 A 4 at 2026-01-31 23:59       it happened earlier
LATE f1..f9 A 1 at 2026-01-31 every 10 s        nine events, one received every 10 seconds
EVENT e3 A 1 place=x type=sent        with another member of `data`, or of the event
REPEAT e1                  the same record once more
CONFLICT e1 9              the same identity, with other units
RETRACT e1                 e1 is taken back
RETRACT e1 as u1           the retraction has a name, so that it can be repeated
RETRACT e9 of A            of an event that was not sent, or by an account that it is not of
BAD nothing                a record that is refused: an empty one,
BAD 65537 bytes              one as long as that,
BAD text {"id":              one with this text,
BAD e4 A 1 time=noon         or an event with a wrong member, or `without time`
BATCH e1 A 3 | EVENT e2 A 4 | RETRACT e1 | BAD text 7        one record: a list of such events
HEARTBEAT                  of all partitions, or of the one that is named
WATERMARK 2 rows           checks how far the job's time has got, and how many rows it has put out
TERMS A                    the account becomes known
TERMS A {cadence: week, effective_from: "2026-03-01T00:00:00Z", anchor: "2026-03-02"}
                           it gets further terms
PARTITION                  the topic gets one more partition
CHECKPOINT, CRASH          the job goes back to its last checkpoint, and reads on from there
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from schemas.heartbeat import encode_heartbeat
from schemas.instant import to_text
from schemas.retraction import RETRACTION_TYPE
from tests.scenarios.reading import Scenario, ScenarioError, Step, read_time, terms_of
from tests.scenarios.running import Run, Sent, start_run
from tests.simulation.path import MeteringPath

_ENVELOPE = {"specversion", "id", "source", "type", "subject", "time"}
_AT = re.compile(r"\bat (\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d(?:\.\d+)?)?)?)")
_EVERY = re.compile(r"\bevery (\d+) s\b")
_WITHOUT = re.compile(r"\bwithout (\w+)")
_MEMBER = re.compile(r"(\w+)=(\S+)")
_RANGE = re.compile(r"([a-z]+)(\d+)\.\.\1(\d+)")
_RETRACT = re.compile(r"(\w+)(?: +as (\w+))?(?: +of (\w+))?")
_MANY = re.compile(r"(\w)\*(\d+)")
_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class _Events:
    """What a line says of events."""

    shapes: tuple[dict[str, Any], ...]
    every_us: int
    is_earlier: bool


def event(run: Run, step: Step) -> None:
    """Receive events."""
    events = _read_events(step)
    for n, shape in enumerate(events.shapes):
        _send(run, step, shape, n * events.every_us)


def late(run: Run, step: Step) -> None:
    """Receive events that happened earlier."""
    if not _read_events(step).is_earlier:
        raise ScenarioError(f"line {step.line}: expected `at` and an earlier time")
    event(run, step)


def repeat(run: Run, step: Step) -> None:
    """Receive an event once more."""
    sent = _sent(run, step)
    run.write(sent.partition, step.at_us, json.dumps(sent.shape).encode())


def conflict(run: Run, step: Step) -> None:
    """Receive an event with the identity of another one."""
    sent = _sent(run, step)
    shape = {**sent.shape, "data": {**sent.shape["data"], "units": step.words[1]}}
    if match := _AT.search(step.text):
        shape["time"] = to_text(read_time(match[1], step.line))
    run.write(sent.partition, step.at_us, json.dumps(shape).encode())


def retract(run: Run, step: Step) -> None:
    """Take an event back."""
    match = _RETRACT.fullmatch(step.text)
    if match is None:
        expected = "an id, perhaps `as` a name, perhaps `of` an account"
        raise ScenarioError(f"line {step.line}: expected {expected}, found {step.text}")
    named, own, account_id = match.groups()
    if account_id is None:
        account_id = _sent(run, step).shape["subject"]
    shape = {
        "specversion": "1.0",
        "id": own or f"retraction-{step.line}",
        "source": "desk",
        "type": RETRACTION_TYPE,
        "subject": account_id,
        "time": to_text(step.at_us),
        "data": {"source": "app", "id": named},
    }
    _send(run, step, shape, 0)


def bad(run: Run, step: Step) -> None:
    """Receive a record that is refused, by the job or by a meter."""
    before = len(run.path.state.rejects)
    if step.text == "nothing":
        run.write(step.partition or 0, step.at_us, None)
    elif step.words[1:] == ("bytes",):
        run.write(step.partition or 0, step.at_us, b" " * int(step.words[0]))
    elif step.words[0] == "text":
        run.write(step.partition or 0, step.at_us, step.text.removeprefix("text ").encode())
    else:
        event(run, step)
    if run.gathered is None and len(run.path.state.rejects) == before:
        raise ScenarioError(f"line {step.line}: expected a refusal, found none")


def batch(run: Run, step: Step) -> None:
    """Receive many events as one record; what is no verb is an event."""
    values: list[bytes] = []
    run.gathered = values
    for told in step.text.split(" | ") if step.text != "of nothing" else ():
        verb, _, text = told.strip().partition(" ")
        if verb not in _IN_BATCHES:
            verb, text = "EVENT", told.strip()
        text = text.strip()
        VERBS[verb](run, replace(step, verb=verb, text=text, words=tuple(text.split())))
    run.gathered = None
    run.write(step.partition or 0, step.at_us, b"[" + b",".join(values) + b"]")


def heartbeat(run: Run, step: Step) -> None:
    """Move log time on."""
    everywhere = range(len(run.path.state.positions))
    for partition in everywhere if step.partition is None else [step.partition]:
        run.write(partition, step.at_us, encode_heartbeat(partition, to_text(step.at_us)))


def watermark(run: Run, step: Step) -> None:
    """Check how far the job has got."""
    found = f"{to_text(run.path.watermark_us())}, {len(run.path.state.engine.rows)} rows"
    rows = step.words[0] if step.words else len(run.path.state.engine.rows)
    expected = f"{to_text(step.at_us)}, {rows} rows"
    if found != expected:
        raise ScenarioError(f"line {step.line}: expected {expected}, found {found}")


def terms(run: Run, step: Step) -> None:
    """Make an account known, or give it further terms."""
    account_id, _, more = step.text.partition(" ")
    listed = run.terms[account_id]
    if more.strip():
        (further,) = terms_of(yaml.safe_load(more))
        listed = [*listed, {**further, "version": len(listed) + 1}]
    run.take_terms(account_id, listed, step.at_us)


def partition(run: Run, _: Step) -> None:
    """Add a partition to the topic."""
    run.act(run.path.add_partition)


def checkpoint(run: Run, _: Step) -> None:
    """Take a checkpoint."""
    run.keep()


def crash(run: Run, _: Step) -> None:
    """Go back to the last checkpoint."""
    run.crash()


_IN_BATCHES = ("EVENT", "LATE", "REPEAT", "CONFLICT", "RETRACT", "BAD")
VERBS: dict[str, Callable[[Run, Step], None]] = {
    "EVENT": event,
    "LATE": late,
    "REPEAT": repeat,
    "CONFLICT": conflict,
    "RETRACT": retract,
    "BAD": bad,
    "BATCH": batch,
    "HEARTBEAT": heartbeat,
    "WATERMARK": watermark,
    "TERMS": terms,
    "PARTITION": partition,
    "CHECKPOINT": checkpoint,
    "CRASH": crash,
}


def run_scenario(scenario: Scenario, folder: Path, kind: type[MeteringPath] = MeteringPath) -> Run:
    """Run a scenario's timeline.

    Args:
        scenario: What to run.
        folder: An empty one, for the meters file.
        kind: The job; one with a bug in it must be found out.

    Raises:
        ScenarioError: A line cannot be read, or does not hold.
    """
    steps = scenario.steps
    waiting = {step.text for step in steps if step.verb == "TERMS" and len(step.words) == 1}
    run = start_run(scenario, folder, waiting, kind)
    for step in steps:
        if step.verb not in VERBS:
            expected = ", ".join(VERBS)
            raise ScenarioError(f"line {step.line}: expected {expected}, found {step.verb}")
        VERBS[step.verb](run, step)
    return run


def _send(run: Run, step: Step, shape: dict[str, Any], later_us: int) -> None:
    sent = Sent(step.partition or 0, shape)
    run.sent.setdefault(str(shape.get("id")), sent)
    run.write(sent.partition, step.at_us + later_us, json.dumps(shape).encode())


def _sent(run: Run, step: Step) -> Sent:
    if step.words[0] not in run.sent:
        raise ScenarioError(f"line {step.line}: expected an event sent before, found {step.text}")
    return run.sent[step.words[0]]


def _read_events(step: Step) -> _Events:
    if len(step.words) < 3:
        expected = "an id, an account and units"
        raise ScenarioError(f"line {step.line}: expected {expected}, found {step.text}")
    at, every = _AT.search(step.text), _EVERY.search(step.text)
    every_us = int(every[1]) * _SECOND_US if every else 0
    happened_us = read_time(at[1], step.line) if at else None
    names = [step.words[0]]
    if match := _RANGE.fullmatch(names[0]):
        names = [f"{match[1]}{n}" for n in range(int(match[2]), int(match[3]) + 1)]
    times_us = [step.at_us + n * every_us for n in range(len(names))]
    if happened_us is not None:
        times_us = [happened_us] * len(names)
    shapes = [_shape(step, name, us) for name, us in zip(names, times_us, strict=True)]
    is_earlier = happened_us is not None and happened_us < step.at_us
    return _Events(tuple(shapes), every_us, is_earlier)


def _shape(step: Step, name: str, happened_us: int) -> dict[str, Any]:
    """Return an event with the members that the line names."""
    data = {} if step.words[2] == "-" else {"units": step.words[2]}
    shape: dict[str, Any] = {
        "specversion": "1.0",
        "id": name,
        "source": "app",
        "type": "used",
        "subject": step.words[1],
        "time": to_text(happened_us),
        "data": data,
    }
    for member, text in _MEMBER.findall(step.text):
        many = _MANY.fullmatch(text)
        value = many[1] * int(many[2]) if many else text
        (shape if member in _ENVELOPE else data)[member] = value
    if without := _WITHOUT.search(step.text):
        del shape[without[1]]
    return shape
