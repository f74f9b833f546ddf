"""The retraction: an event that takes back an earlier one, named by its source and id.

A retraction is a CloudEvent like any other, told from usage by its reserved `type`. It has an
identity of its own, the same `subject` as the event, and names the event in `data`:

    {"specversion": "1.0", "id": "undo-7f3a", "source": "billing-desk",
     "type": "meterclose.retraction", "subject": "acme", "time": "2026-11-24T09:00:00Z",
     "data": {"source": "api/eu-1", "id": "req-7f3a"}}
"""

from __future__ import annotations

from schemas.usage_event import UsageEvent

RETRACTION_TYPE = "meterclose.retraction"


def retraction_of(event: UsageEvent, retraction_id: str, source: str, time_us: int) -> UsageEvent:
    """Return the retraction of an event.

    Args:
        event: What is taken back.
        retraction_id: The retraction's own id.
        source: The retraction's own source.
        time_us: When it was decided.
    """
    named = {"source": event.source, "id": event.id}
    return UsageEvent(retraction_id, source, RETRACTION_TYPE, event.subject, time_us, named)
