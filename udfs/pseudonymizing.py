"""Pseudonymizing: a record as metering may keep it, without the personal data it came with.

An event is written anew from its members as metering reads them, never edited in its bytes: what is
not put out on purpose is not there. Each member that decides the fate of an event keeps what
decides it (missing, empty, too long, no time), so metering refuses what it would have refused,
for the same reason. What nobody can read becomes a stand-in: its length and a keyed fingerprint.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
from msgspec import Raw

from schemas.heartbeat import HEARTBEAT_TYPE
from schemas.privacy import PrivacyRules, SubjectKey
from schemas.rejected_event import RejectReason
from schemas.retraction import RETRACTION_TYPE
from schemas.usage_event import SPECVERSION
from udfs.clocking import instant_us
from udfs.keying import keyed_text, record_key_of
from udfs.masking import MAX_TEXT, as_long, mask_value
from udfs.parsing import BatchElement, RecordParser, elements_of

SubjectKeys = Callable[[str], SubjectKey]
"""Gives a subject's key and pseudonym; new ones to a subject that has none."""

LEAST_RECORD_BYTES = 256
"""Every stand-in but that of a too large record is shorter."""
FIELDS = ("specversion", "id", "source", "type", "subject", "time", "data")
"""The members of an event that metering reads."""
# As meters may name one. Other texts are no types, whatever else they are.
_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,255}")
_NO_TYPE, _NO_TIME, _NO_VERSION, _BEAT = "?", "?", "?", "heartbeat"
_MEMBERS = msgspec.json.Decoder(dict[str, Raw])
_TEXT = msgspec.json.Decoder(str)
_DEEP = 16
_REPLACED = frozenset(
    {RejectReason.TOO_LARGE, RejectReason.MALFORMED_JSON, RejectReason.NOT_AN_OBJECT}
)


class PassedRecord(NamedTuple):
    """A record to be written.

    Attributes:
        key: Its key.
        value: Its value.
    """

    key: bytes | None
    value: bytes | None


class Pseudonymized(NamedTuple):
    """What became of one record.

    Attributes:
        records: One; more only of a batch that would have become longer than metering takes.
        is_unreadable: Whether a stand-in took its place.
        outgrown: How many of its events became longer than metering takes, and are refused.
    """

    records: tuple[PassedRecord, ...]
    is_unreadable: bool = False
    outgrown: int = 0


class Pseudonymizer:
    """Rewrites records under the given rules."""

    def __init__(
        self, rules: PrivacyRules, parser: RecordParser, max_record_bytes: int, master_key: bytes
    ) -> None:
        """Prepare.

        Args:
            rules: What becomes of the parts of an event.
            parser: What metering reads records with.
            max_record_bytes: Longer records are refused by metering.
            master_key: The secret behind all keys.
        """
        self._rules, self._parser, self._max_bytes = rules, parser, max_record_bytes
        self._record_key = record_key_of(master_key)
        self._extensions = sorted(rules.extensions)
        self._names = {name: msgspec.json.encode(name) for name in (*rules.data, *self._extensions)}

    def rewrite(
        self, key: bytes | None, value: bytes | None, log_ms: int, keys: SubjectKeys
    ) -> Pseudonymized:
        """Return what is written in the place of a record.

        Args:
            key: Its key.
            value: Its value.
            log_ms: When it was received, as milliseconds since 1970; it decides no byte.
            keys: Gives keys of subjects.
        """
        if not value:
            return Pseudonymized((PassedRecord(self._other_key(key), value),))
        read = self._parser.parse(value, log_ms)
        if read.batch is not None:
            return self._rewrite_batch(key, value, read.batch, keys)
        if read.reason in _REPLACED:
            stand_in = self._stand_in(read.reason, value)
            return Pseudonymized((PassedRecord(self._other_key(key), stand_in),), True)
        pseudonym, written = self._rewrite_event(value, keys)
        outgrown = int(len(written) > self._max_bytes)
        if outgrown:
            written = self._stand_in(RejectReason.TOO_LARGE, value)
        new_key = self._other_key(key) if pseudonym is None else pseudonym.encode()
        return Pseudonymized((PassedRecord(new_key, written),), outgrown=outgrown)

    def _rewrite_batch(
        self, key: bytes | None, value: bytes, batch: Sequence[BatchElement], keys: SubjectKeys
    ) -> Pseudonymized:
        """Rewrite each element, and send on as few batches as hold them all."""
        # Each event may grow, so a batch of many may become too long: that must lose none of them.
        parts: list[bytes] = []
        held: list[bytes] = []
        room, outgrown = self._max_bytes - 1, 0
        for element, read in zip(elements_of(value), batch, strict=True):
            if read.event.reason in _REPLACED:
                written = self._element_stand_in(read.event.reason, element)
            else:
                _, written = self._rewrite_event(element, keys)
            if len(written) + 2 > self._max_bytes:
                written, outgrown = self._stand_in(RejectReason.TOO_LARGE, element), outgrown + 1
                parts += [_array(held), written] if held else [written]
                held, room = [], self._max_bytes - 1
                continue
            if len(written) + 1 > room:
                parts.append(_array(held))
                held, room = [], self._max_bytes - 1
            held.append(written)
            room -= len(written) + 1
        if held or not parts:
            parts.append(_array(held))
        new_key = self._other_key(key)
        return Pseudonymized(
            tuple(PassedRecord(new_key, part) for part in parts), outgrown=outgrown
        )

    def _rewrite_event(self, value: bytes, keys: SubjectKeys) -> tuple[str | None, bytes]:
        """Return the pseudonym, where there is one, and the event."""
        members = _MEMBERS.decode(value)
        texts = {name: _string(members[name]) for name in FIELDS[:-1] if name in members}
        kind, subject = texts.get("type"), texts.get("subject")
        is_beat = kind == HEARTBEAT_TYPE
        owner = keys(subject) if subject and len(subject) <= MAX_TEXT and not is_beat else None
        owner_key = None if owner is None else owner.key
        parts = [
            f'"{name}":'.encode() + _json(self._field(name, text, is_beat, owner))
            for name, text in texts.items()
        ]
        if not is_beat:
            parts += [
                self._names[name] + b":" + masked
                for name in self._extensions
                if name in members and (masked := self._extension(name, members, owner_key))
            ]
            if "data" in members:
                parts.append(b'"data":' + self._data(members["data"], kind, owner_key))
        return None if owner is None else owner.pseudonym, b"{" + b",".join(parts) + b"}"

    def _field(
        self, name: str, text: str | None, is_beat: bool, owner: SubjectKey | None
    ) -> str | None:
        """Return a field's text; what is no text, or an empty one, stays so."""
        if not text:
            return text
        if name == "specversion":
            return text if text == SPECVERSION else _NO_VERSION
        if name == "type":
            return text if _TYPE.fullmatch(text) else _NO_TYPE
        if name == "time":
            return text if instant_us(text) is not None else _NO_TIME
        if name == "subject":
            if owner is not None:
                return owner.pseudonym
            return _BEAT if is_beat and len(text) <= MAX_TEXT else self._masked("p", text)
        return self._named(name, text)

    def _named(self, name: str, text: str | None) -> str | None:
        """Return the text of an `id` or a `source`."""
        is_hashed = self._rules.hash_ids if name == "id" else self._rules.hash_sources
        return self._masked(name[0], text) if is_hashed and text else text

    def _masked(self, kind: str, text: str) -> str:
        return as_long(keyed_text(kind, self._record_key, text.encode()), text)

    def _extension(
        self, name: str, members: dict[str, Raw], owner_key: bytes | None
    ) -> bytes | None:
        return mask_value(self._rules.extensions[name], name, bytes(members[name]), owner_key)

    def _data(self, data: Raw, kind: str | None, owner_key: bytes | None) -> bytes:
        if not bytes(data).startswith(b"{"):
            return b"null"
        members = _MEMBERS.decode(data)
        if kind == RETRACTION_TYPE:
            named = [
                f'"{name}":'.encode() + _json(self._named(name, _string(members[name])))
                for name in ("source", "id")
                if name in members
            ]
            return b"{" + b",".join(named) + b"}"
        parts = []
        for name, value in members.items():
            rule = self._rules.data.get(name, self._rules.otherwise)
            masked = mask_value(rule, name, bytes(value), owner_key)
            if masked is not None:
                told = self._names.get(name) or msgspec.json.encode(name)
                parts.append(told + b":" + masked)
        return b"{" + b",".join(parts) + b"}"

    def _other_key(self, key: bytes | None) -> bytes | None:
        """Return the key of a record that is no event of one subject."""
        return key and keyed_text("k", self._record_key, key).encode()

    def _told(self, reason: str, value: bytes) -> bytes:
        """Return what is told of bytes that stay behind: how many, and which ones if kept."""
        fingerprint = keyed_text("u", self._record_key, value)
        return f'"unreadable {reason} {len(value)} bytes {fingerprint}"'.encode()

    def _stand_in(self, reason: str, value: bytes) -> bytes:
        """Return a record that metering refuses for the same reason."""
        told = self._told(reason, value)
        if reason == RejectReason.MALFORMED_JSON:
            return told[:-1]
        return told.ljust(self._max_bytes + 1) if reason == RejectReason.TOO_LARGE else told

    def _element_stand_in(self, reason: str, value: bytes) -> bytes:
        """Return an element of a batch that metering refuses for the same reason."""
        told = self._told(reason, value)
        if reason == RejectReason.MALFORMED_JSON:
            # The batch is JSON, so what makes an element malformed is that it is nested too deep.
            return b'{"":' + b"[" * _DEEP + told + b"]" * _DEEP + b"}"
        return told


def _array(elements: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(elements) + b"]"


def _string(raw: Raw) -> str | None:
    """Return the text of a JSON string; None of anything else."""
    return _TEXT.decode(raw) if bytes(raw).startswith(b'"') else None


def _json(text: str | None) -> bytes:
    return msgspec.json.encode(text)
