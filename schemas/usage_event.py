"""A usage event: CloudEvents 1.0 in structured JSON, as producers write it.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from schemas.instant import to_text

SPECVERSION = "1.0"
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """One thing an account used.

    Attributes:
        id: With `source` the identity: the same pair is the same event, sent again.
        source: Where it comes from.
        type: What happened; meters choose by it.
        subject: The account's id.
        time_us: When it happened, an instant.
        data: Units and dimensions: JSON values by name, integers or text where exactness counts.
    """

    id: str
    source: str
    type: str
    subject: str
    time_us: int
    data: Mapping[str, object]


def encode_usage_event(event: UsageEvent) -> bytes:
    """Return the event as the value of its record: compact JSON in UTF-8, in a fixed order."""
    shape = {
        "specversion": SPECVERSION,
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": to_text(event.time_us),
        "data": event.data,
    }
    return _ENCODER.encode(shape).encode()
