"""What a reconciliation found as rows of its tables, and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, astuple
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from audit.difference import Difference, EventPlace
from jobs import VERSION
from jobs.reconciling.reconciliation import Reconciliation, Wanted
from schemas.instant import to_text, to_us


def run_row(found: Reconciliation, wanted: Wanted, at: datetime) -> dict[str, object]:
    """Return the row of `reconciliations`."""
    return {
        "run_id": run_id(found, wanted, at),
        "at": at,
        "checkpoint_id": found.checkpoint_id,
        "input_snapshots": _canonical(dict(found.snapshot_ids)),
        "settled_until": found.settled,
        "narrowed_to": _canonical(_narrowed(wanted)),
        "records": found.records,
        "batch_events": sum(each.batch_events for each in found.counts),
        "fates": _canonical(found.fates),
        "rows_recomputed": found.rows_recomputed,
        "conflicts": len(found.conflicts),
        "gaps": len(found.gaps),
        "repeats_beyond_horizon": len(found.repeats),
        "differences": found.difference_count,
        "explained_gaps": _canonical(
            [[*astuple(each.gap)] for each in found.gaps if each.is_explained and not each.is_known]
        ),
        "looked_at": _canonical(found.looked_at),
        "job_version": VERSION,
    }


def difference_rows(found: Reconciliation, wanted: Wanted, at: datetime) -> list[dict[str, object]]:
    """Return the rows of `reconciliation_differences`."""
    own = {"run_id": run_id(found, wanted, at), "at": at, "job_version": VERSION}
    return [
        own
        | {
            "difference_no": number,
            "kind": each.kind,
            "table_name": each.table,
            "account_id": each.account_id,
            "meter_id": each.meter_id,
            "dimensions": each.dimensions,
            "period_start": each.period_start,
            "period_end": each.period_end,
            "revision": each.revision,
            "expected": each.expected,
            "found": each.found,
            "events": _canonical([asdict(event) for event in each.events]),
            "more_events": each.more_events,
            "explained_by": each.explained_by,
        }
        for number, each in enumerate(found.differences)
    ]


def run_id(found: Reconciliation, wanted: Wanted, at: datetime) -> str:
    """Return the id of a run: of what it looked at, and when."""
    content = [to_us(at), dict(found.snapshot_ids), _narrowed(wanted)]
    return blake2b(_canonical(content).encode(), digest_size=16).hexdigest()


def to_json(found: Reconciliation, wanted: Wanted, at: datetime) -> dict[str, object]:
    """Return all that was found for machines; exact numbers are texts."""
    counts = [
        asdict(each) | {"holds": each.holds and all(meter.holds for meter in each.meters)}
        for each in found.counts
    ]
    return {
        "run_id": run_id(found, wanted, at),
        "at": to_text(to_us(at)),
        "checkpoint_id": found.checkpoint_id,
        "input_snapshots": dict(found.snapshot_ids),
        "settled_until": _plain(found.settled),
        "watermark": _plain(found.watermark),
        "narrowed_to": _narrowed(wanted),
        "records": found.records,
        "fates": found.fates,
        "rows_recomputed": found.rows_recomputed,
        "ranges": counts,
        "gaps": [asdict(each) for each in found.gaps],
        "conflicts": [asdict(each) for each in found.conflicts],
        "repeats_beyond_horizon": [_plain(asdict(each)) for each in found.repeats],
        "repeated_commits": [*map(list, found.repeated_commits)],
        "repeated_places": found.repeated_places,
        "difference_count": found.difference_count,
        "differences": [_plain(asdict(each)) for each in found.differences],
    }


def event_text(event: EventPlace) -> str:
    """Return an event and its place in one line."""
    place = f"{event.kafka_partition}:{event.kafka_offset}"
    place += "" if event.batch_index is None else f":{event.batch_index}"
    return f"{event.event_source} {event.event_id} at {place}".strip()


def subject_text(difference: Difference) -> str:
    """Return whose usage a difference is of, in one line; empty of what is no usage."""
    words = [difference.account_id, difference.meter_id, difference.dimensions]
    if difference.period_start is not None:
        words.append(to_text(to_us(difference.period_start)))
    if difference.revision is not None:
        words.append(f"revision {difference.revision}")
    return " ".join(word for word in words if word is not None)


def _narrowed(wanted: Wanted) -> dict[str, Any]:
    asked: dict[str, Any] = {"accounts": sorted(wanted.accounts)} if wanted.accounts else {}
    for name, instant in (("from", wanted.since), ("until", wanted.until)):
        if instant is not None:
            asked[name] = to_text(to_us(instant))
    return asked


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [*map(_plain, value)]
    if isinstance(value, datetime):
        return to_text(to_us(value))
    return f"{value:f}" if isinstance(value, Decimal) else value


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
