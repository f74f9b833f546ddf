"""The lines of a spool: a checksum, a space, JSON. A line that was not written to its end is none.

A line holds the agent's state, with the event that was made of it if there was one; or the number
of the last event that Kafka has acknowledged.
"""

import json
import zlib
from dataclasses import asdict, dataclass

from schemas.pod_usage import PodCounter, PodReading, PodState

_VERSION = 1


class SpoolError(Exception):
    """The spool cannot be used as it is; the message is one line."""


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """An event as it stands in the spool.

    Attributes:
        number: Its place in the order of the spool's events.
        account_id: The key of its record.
        payload: The value of its record: the same bytes however often it is sent.
    """

    number: int
    account_id: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Line:
    """What one line says; either a state or an acknowledgement.

    Attributes:
        state: The agent's state from then on.
        event: The event that it has just told.
        acknowledged: Number of the last event that Kafka has; so it has those before.
    """

    state: PodState | None = None
    event: KeptEvent | None = None
    acknowledged: int | None = None


def encode_line(line: Line) -> bytes:
    """Return a line with its checksum and its end."""
    content: dict[str, object] = {"version": _VERSION}
    if line.state is not None:
        content["state"] = asdict(line.state)
    if line.event is not None:
        kept = line.event
        content["event"] = [kept.number, kept.account_id, kept.payload.decode()]
    if line.acknowledged is not None:
        content["acknowledged"] = line.acknowledged
    body = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
    return b"%08x %b\n" % (zlib.crc32(body), body)


def decode_line(text: bytes) -> Line | None:
    """Return what a line says, which is given without its end; None of what is no whole line.

    Raises:
        SpoolError: Another version of the agent wrote it.
    """
    checksum, _, body = text.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(body):
        return None
    content = json.loads(body)
    if content["version"] != _VERSION:
        found = content["version"]
        raise SpoolError(f"version of the spool: expected {_VERSION}, found {found}")
    state = content.get("state")
    if state is not None:
        counter = PodCounter(**state["reading"].pop("counter"))
        reading = PodReading(**state.pop("reading"), counter=counter)
        state = PodState(**state, reading=reading)
    event = content.get("event")
    if event is not None:
        event = KeptEvent(event[0], event[1], event[2].encode())
    return Line(state, event, content.get("acknowledged"))
