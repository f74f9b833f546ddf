"""Masking: what stands in the place of a member's value, and whether meters still read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from schemas.aggregation import Aggregation
from schemas.meter import Meter
from schemas.privacy import MemberAction, MemberRule, PrivacyRules
from udfs.keying import keyed_text

MAX_TEXT = 256
"""The longest text that metering takes as an id, or counts as a distinct value."""
_TEXT = msgspec.json.Decoder(str)
_EMPTIED = {b"{": b"{}", b"[": b"[]", b"n": b"null"}


class RuleProblem(NamedTuple):
    """A rule that would change what a meter counts.

    Attributes:
        name: The member of `data`.
        expected: What the rule may be.
        found: What it is.
    """

    name: str
    expected: str
    found: str


def mask_value(rule: MemberRule, name: str, value: bytes, key: bytes | None) -> bytes | None:
    """Return the JSON that stands in the place of a value; None where the member goes.

    Args:
        rule: What becomes of it.
        name: Its member: one value in two members has two hashes.
        value: Its JSON. A number or a boolean counts as its text, as in dimensions; objects, lists
            and null are emptied, as they are neither dimensions nor values to count.
        key: The subject's; without one, what would be hashed goes.
    """
    if rule.action is MemberAction.KEEP:
        return value
    if rule.action is MemberAction.REMOVE or (rule.action is MemberAction.HASH and key is None):
        return None
    if value[:1] in _EMPTIED:
        return _EMPTIED[value[:1]]
    text: str = _TEXT.decode(value) if value.startswith(b'"') else value.decode()
    if rule.action is MemberAction.PREFIX:
        return msgspec.json.encode(as_long(text[: rule.length], text))
    assert key is not None
    return f'"{as_long(keyed_text("h", key, name.encode(), text.encode()), text)}"'.encode()


def as_long(masked: str, text: str) -> str:
    """Return a masked text, too long for metering exactly where the original is."""
    return masked if len(text) <= MAX_TEXT else f"{masked:.<{MAX_TEXT + 1}}"


def find_rule_problems(rules: PrivacyRules, meters: Sequence[Meter]) -> Iterator[RuleProblem]:
    """Yield each rule under which a meter would count something else than before.

    Units have to stay. A dimension may be masked: usage is then told apart by what is left of it;
    a meter whose dimension is to go has to be declared without it. Values that are counted once may
    be hashed, as equal ones stay equal.
    """
    for meter in meters:
        is_distinct = meter.aggregation is Aggregation.UNIQUE_COUNT
        for name in meter.dimensions:
            action = _rule_of(rules, name).action
            if action is MemberAction.REMOVE:
                expected = f"keep, hash or prefix, as it is a dimension of meter {meter.meter_id}"
                yield RuleProblem(name, expected, _told(rules, name))
        if meter.property is not None:
            action = _rule_of(rules, meter.property).action
            if action is MemberAction.KEEP or (is_distinct and action is MemberAction.HASH):
                continue
            allowed = "keep or hash" if is_distinct else "keep"
            expected = f"{allowed}, as meter {meter.meter_id} counts it"
            yield RuleProblem(meter.property, expected, _told(rules, meter.property))


def _rule_of(rules: PrivacyRules, name: str) -> MemberRule:
    return rules.data.get(name, rules.otherwise)


def _told(rules: PrivacyRules, name: str) -> str:
    action = str(_rule_of(rules, name).action)
    return action if name in rules.data else f"{action}, from otherwise"
