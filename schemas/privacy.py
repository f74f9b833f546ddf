"""What becomes of personal data in a usage event before anybody keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class MemberAction(StrEnum):
    """What becomes of a member's value."""

    KEEP = "keep"
    REMOVE = "remove"
    HASH = "hash"
    PREFIX = "prefix"


@dataclass(frozen=True, slots=True)
class MemberRule:
    """What becomes of one member.

    Attributes:
        action: `hash` puts a text in its place that the subject's key makes of it.
        length: Of a prefix: how many characters stay; 0 of all others.
    """

    action: MemberAction
    length: int = 0


KEEP, REMOVE = MemberRule(MemberAction.KEEP), MemberRule(MemberAction.REMOVE)


@dataclass(frozen=True, slots=True)
class PrivacyRules:
    """What becomes of each part of an event; its subject always becomes a pseudonym.

    Attributes:
        data: Of the members of `data`, by name.
        otherwise: Of members of `data` that are not named: kept or removed.
        extensions: Of members beside those that metering reads; one that is not named is removed.
        hash_ids: Whether `id` is replaced, and the id that a retraction names.
        hash_sources: Whether `source` is replaced, and the source that a retraction names.
    """

    data: Mapping[str, MemberRule]
    otherwise: MemberRule = REMOVE
    extensions: Mapping[str, MemberRule] = field(default_factory=dict)
    hash_ids: bool = False
    hash_sources: bool = False


class SubjectKey(NamedTuple):
    """What stands for a subject as long as it is not erased.

    Attributes:
        key: 32 bytes, of random ones that only the key store has and of the master key.
        pseudonym: The account's id in everything that is kept.
    """

    key: bytes
    pseudonym: str
