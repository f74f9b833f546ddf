"""Proposals as JSON that people can read, sealed by a hash of what they propose."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from schemas.adjustment_proposal import Proposal, ProposalFormatError, ProposalScope
from schemas.aggregation import Aggregation
from schemas.brought_back_usage import PeriodKey
from schemas.instant import to_text, to_us
from schemas.usage_adjustment import (
    AdjustmentKind,
    AdjustmentRefusal,
    RefusedTotal,
    UsageAdjustment,
)
from udfs.aggregating import plain_text
from udfs.identifying import digest

_APPROVAL = ("proposal_id", "decided_by", "reason", "decided_at_us")
_HEAD = "meterclose proposal of adjustments, 1"


def proposal_id(proposal: Proposal) -> str:
    """Return the hash of a proposal: 32 hex digits of its scope and its adjustments."""
    members = _members(proposal)
    return digest("proposal", json.dumps(members, sort_keys=True, ensure_ascii=False))


def encode_proposal(proposal: Proposal) -> str:
    """Return a proposal as JSON; instants are RFC 3339, quantities text."""
    members = {
        "format": _HEAD,
        "proposal_id": proposal_id(proposal),
        **_members(proposal),
        "refused": [
            {**_readable(asdict(each.key)), "reason": each.reason.value, "detail": each.detail}
            for each in proposal.refused
        ],
    }
    return json.dumps(members, indent=1, ensure_ascii=False) + "\n"


def decode_proposal(text: str) -> Proposal:
    """Return the proposal of a file.

    Raises:
        ProposalFormatError: It is none, or not as it was written.
    """
    try:
        members = json.loads(text)
        found = _read(members)
    except (KeyError, TypeError, ValueError, InvalidOperation, AttributeError) as error:
        what = " ".join(str(error).split()) or type(error).__name__
        raise ProposalFormatError(f"proposal: expected {_HEAD}, found {what}") from None
    expected = proposal_id(found)
    if members.get("proposal_id") != expected:
        raise ProposalFormatError(
            f"proposal: expected the hash {expected} of what it proposes, found"
            f" {members.get('proposal_id')}: it was changed; propose again"
        )
    return found


def _members(proposal: Proposal) -> dict[str, Any]:
    scope = _readable(asdict(proposal.scope))
    return {
        "scope": {**scope, "wrong": [list(each) for each in proposal.scope.wrong]},
        "adjustments": [dict(_adjustment(each)) for each in proposal.adjustments],
    }


def _adjustment(row: UsageAdjustment) -> Iterator[tuple[str, Any]]:
    values = {name: value for name, value in asdict(row).items() if name not in _APPROVAL}
    values["events"] = json.loads(row.events)
    yield from _readable(values).items()


def _readable(values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name.endswith("_us"):
            found[name.removesuffix("_us")] = to_text(value)
        else:
            found[name] = plain_text(value) if isinstance(value, Decimal) else value
    return found


def _read(members: Any) -> Proposal:
    if members["format"] != _HEAD:
        raise ValueError(repr(members["format"]))
    scope = members["scope"]
    return Proposal(
        ProposalScope(
            scope["source"],
            tuple(scope["account_ids"]),
            _instant(scope["since"]),
            _instant(scope["until"]),
            tuple((source, name) for source, name in scope["wrong"]),
        ),
        tuple(_read_adjustment(each) for each in members["adjustments"]),
        tuple(_read_refused(each) for each in members["refused"]),
    )


def _read_adjustment(members: Mapping[str, Any]) -> UsageAdjustment:
    own = [each.name for each in fields(UsageAdjustment) if each.name not in _APPROVAL]
    values = {name: _value(name, members) for name in own}
    values["kind"] = AdjustmentKind(values["kind"])
    values["aggregation"] = Aggregation(values["aggregation"])
    values["quantity"] = Decimal(values["quantity"])
    values["events"] = json.dumps(values["events"], separators=(",", ":"), ensure_ascii=False)
    return UsageAdjustment(**values)


def _read_refused(members: Mapping[str, Any]) -> RefusedTotal:
    values = {each.name: _value(each.name, members) for each in fields(PeriodKey)}
    reason = AdjustmentRefusal(members["reason"])
    return RefusedTotal(PeriodKey(**values), reason, members["detail"])


def _value(name: str, members: Mapping[str, Any]) -> Any:
    value = members[name.removesuffix("_us")]
    return _instant(value) if name.endswith("_us") else value


def _instant(text: str) -> int:
    return to_us(datetime.fromisoformat(text))
