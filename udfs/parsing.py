"""What a record says: the fields of a usage event and its share in each meter, or why neither.

A record is read in one pass into the shape that most have. What does not fit it is read again,
member by member, to find the reason. A record may be a batch, a JSON array of events: each of its
elements is read as if it were a record of its own.

Sources: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md,
https://www.rfc-editor.org/rfc/rfc8259 (JSON).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw

from schemas.heartbeat import HEARTBEAT_TYPE
from schemas.meter import Meter
from schemas.rejected_event import RejectReason
from schemas.retraction import RETRACTION_TYPE
from schemas.usage_event import SPECVERSION
from udfs.clocking import instant_us
from udfs.sharing import MAX_TEXT, properties_of, shares_reader

_MAX_NESTING = 16
_MAX_BATCH_NESTING = 64
# The least event has more bytes: no batch of events is refused. An element costs a row, however
# short it is; a record of `[1,1,...]` would come to 32,767 in 64 KiB.
_LEAST_ELEMENT_BYTES = 64
_SPACE = b" \t\n\r"
_TEXTS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(each for each in range(256) if each not in b"[]{}")
_FIELDS = ("specversion", "id", "source", "type", "subject", "time")
_ABSENT = Raw()
_ANY = msgspec.json.Decoder(Raw)
_MEMBERS = msgspec.json.Decoder(dict[str, Raw])
_ELEMENTS = msgspec.json.Decoder(list[Raw])
_TEXT = msgspec.json.Decoder(str)


@dataclass(frozen=True, slots=True)
class ParsingRules:
    """What is read and what is refused.

    Attributes:
        meters: The configured meters, in their order.
        max_record_bytes: Longer records are refused, and batches of more elements than one for each
            64 of these bytes.
        max_event_skew_us: How far event time may be after log time, in microseconds.
        max_event_age_us: How far event time may be before log time, in microseconds.
    """

    meters: tuple[Meter, ...]
    max_record_bytes: int
    max_event_skew_us: int
    max_event_age_us: int


class ParsedRecord(NamedTuple):
    """One record as read.

    Attributes:
        reason: Why it is refused; None for usage, for heartbeats and for batches.
        event_id: Its `id`; None, as the texts below, where there is no such text.
        event_source: Its `source`.
        event_type: Its `type`.
        account_id: Its `subject`.
        event_us: Its `time` as an instant; None where that is no time.
        shares: Dimensions, units and part for each meter of its type, one after the other, in the
            order of the meters; units are a plain decimal, an empty one, or None where missing; the
            part is as in `MeteredUsage`, or a star.
        retracted_source: Of a retraction: the source of the event that it takes back.
        retracted_id: Of a retraction: that event's id.
        batch: Of a batch: its elements, in their order; all else is None.
    """

    reason: str | None
    event_id: str | None = None
    event_source: str | None = None
    event_type: str | None = None
    account_id: str | None = None
    event_us: int | None = None
    shares: tuple[str | None, ...] | None = None
    retracted_source: str | None = None
    retracted_id: str | None = None
    batch: tuple[BatchElement, ...] | None = None


class BatchElement(NamedTuple):
    """One element of a batch.

    Attributes:
        payload: Its own bytes; None unless it is refused.
        event: What it says, as if it were a record of its own; it is no batch.
    """

    payload: bytes | None
    event: ParsedRecord


class RecordParser:
    """Reads records under the given rules."""

    def __init__(self, rules: ParsingRules) -> None:
        """Prepare the shape that records are expected to have."""
        self._rules = rules
        names = sorted({name for meter in rules.meters for name in properties_of(meter)})
        at = {name: f"property_{place}" for place, name in enumerate(names)}
        members = [(place, Raw, _ABSENT) for place in at.values()]
        data = msgspec.defstruct(
            "Data", members, rename={place: name for name, place in at.items()}, gc=False
        )
        fields: list[Any] = [(name, str) for name in _FIELDS]
        event = msgspec.defstruct("Event", [*fields, ("data", data | None, None)], gc=False)
        self._decode_event: Callable[[bytes], Any] = msgspec.json.Decoder(event).decode
        self._decode_data: Callable[[Raw], Any] = msgspec.json.Decoder(data).decode
        self._no_data = data()
        self._read_shares = {
            event_type: shares_reader([m for m in rules.meters if m.event_type == event_type], at)
            for event_type in sorted({meter.event_type for meter in rules.meters})
        }

    def parse(self, payload: bytes | None, log_ms: int) -> ParsedRecord:
        """Read one record.

        Args:
            payload: Its value.
            log_ms: When it was received, as milliseconds since 1970.
        """
        if not payload:
            return ParsedRecord(RejectReason.EMPTY_RECORD)
        if len(payload) > self._rules.max_record_bytes:
            return ParsedRecord(RejectReason.TOO_LARGE)
        try:
            if not payload.isascii():
                payload.decode()  # msgspec takes invalid UTF-8 in members that nobody reads
            event = self._decode_event(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            if payload.lstrip(_SPACE).startswith(b"["):
                return self._parse_batch(payload, log_ms)
            return self._parse_members(payload, log_ms)
        # The first test is for speed: with two objects and no array nothing is deep.
        is_flat = b"[" not in payload and payload.rfind(b"{") == payload.find(b"{", 1)
        if not is_flat and _is_too_deep(payload):
            return ParsedRecord(RejectReason.MALFORMED_JSON)
        texts = (event.specversion, event.id, event.source, event.type, event.subject, event.time)
        return self._judge(texts, event.data, payload, log_ms)

    def _parse_batch(self, payload: bytes, log_ms: int) -> ParsedRecord:
        """Read an array of events. It stands or falls as JSON; its elements fall one by one."""
        try:
            payload.decode()
            elements = elements_of(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ParsedRecord(RejectReason.MALFORMED_JSON)
        # The decoder gives up somewhere beyond: this limit is the same wherever the job runs.
        if _is_too_deep(payload, _MAX_BATCH_NESTING):
            return ParsedRecord(RejectReason.MALFORMED_JSON)
        if len(elements) > self._rules.max_record_bytes // _LEAST_ELEMENT_BYTES:
            return ParsedRecord(RejectReason.TOO_LARGE)
        batch = []
        for element in elements:
            # Batches do not nest.
            parse = self._parse_members if element.startswith(b"[") else self.parse
            event = parse(element, log_ms)
            batch.append(BatchElement(None if event.reason is None else element, event))
        return ParsedRecord(None, batch=tuple(batch))

    def _parse_members(self, payload: bytes, log_ms: int) -> ParsedRecord:
        """Read a record that lacks the expected shape."""
        try:
            payload.decode()
            _ANY.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ParsedRecord(RejectReason.MALFORMED_JSON)
        if _is_too_deep(payload):
            return ParsedRecord(RejectReason.MALFORMED_JSON)
        try:
            members = _MEMBERS.decode(payload)
        except msgspec.ValidationError:
            return ParsedRecord(RejectReason.NOT_AN_OBJECT)
        data = None
        if bytes(members.get("data", _ABSENT)).startswith(b"{"):
            data = self._decode_data(members["data"])
        texts = [_string(members.get(name)) for name in _FIELDS]
        return self._judge(texts, data, payload, log_ms)

    def _judge(
        self, texts: Sequence[str | None], data: Any, payload: bytes, log_ms: int
    ) -> ParsedRecord:
        """Check the fields, in the order of the reasons."""
        specversion, event_id, source, event_type, account_id, time = texts
        event_us = instant_us(time) if time else None
        reason, shares, retracted = None, None, None
        if not (specversion and event_id and source and event_type and account_id and time):
            reason = RejectReason.MISSING_FIELD
        elif len(event_id) > MAX_TEXT or len(source) > MAX_TEXT or len(account_id) > MAX_TEXT:
            reason = RejectReason.TOO_LONG
        elif specversion != SPECVERSION:
            reason = RejectReason.UNSUPPORTED_SPECVERSION
        elif event_type == HEARTBEAT_TYPE:
            pass
        elif event_us is None:
            reason = RejectReason.BAD_TIME
        elif event_us > log_ms * 1000 + self._rules.max_event_skew_us:
            reason = RejectReason.TOO_FAR_FUTURE
        elif event_us < log_ms * 1000 - self._rules.max_event_age_us:
            reason = RejectReason.TOO_OLD
        elif event_type == RETRACTION_TYPE:
            retracted = _retracted(payload)
            reason = None if retracted else RejectReason.BAD_RETRACTION
        elif event_type not in self._read_shares:
            reason = RejectReason.UNKNOWN_TYPE
        else:
            shares = self._read_shares[event_type](self._no_data if data is None else data)
            reason = None if shares else RejectReason.TOO_LONG
        named = retracted or (None, None)
        return ParsedRecord(
            reason, event_id, source, event_type, account_id, event_us, shares, *named
        )


def elements_of(payload: bytes) -> list[bytes]:
    """Return the bytes of each element of a JSON array; msgspec's errors where it is none."""
    return [bytes(raw) for raw in _ELEMENTS.decode(payload)]


def _string(raw: Raw | None) -> str | None:
    """Return the text of a JSON string; None of anything else."""
    return _TEXT.decode(raw) if raw is not None and bytes(raw).startswith(b'"') else None


def _retracted(payload: bytes) -> tuple[str, str] | None:
    """Return source and id of the event that a retraction names; None where it names none."""
    data = _MEMBERS.decode(payload).get("data", _ABSENT)
    if not bytes(data).startswith(b"{"):
        return None
    members = _MEMBERS.decode(data)
    source, event_id = _string(members.get("source")), _string(members.get("id"))
    if not source or not event_id or len(source) > MAX_TEXT or len(event_id) > MAX_TEXT:
        return None
    return source, event_id


def _is_too_deep(payload: bytes, max_nesting: int = _MAX_NESTING) -> bool:
    """Tell whether valid JSON is nested too deep; brackets within texts do not count."""
    brackets = _TEXTS.sub(b"", payload).translate(_ONE_KIND, _NO_BRACKETS)
    # Each round takes the innermost level away, all of it in one call.
    for _ in range(max_nesting):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)
