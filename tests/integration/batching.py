"""Records of one account that come as batches: what producers send that gather events."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from jobs.flights.receiving import Receipt

_SIZES = (1, 3, 1, 1, 6, 2)
_MOST_BYTES = 5000


def in_batches(receipts: Sequence[Receipt]) -> list[Receipt]:
    """Return the records with some runs of one account's gathered, received with their last one.

    Within an account the order stays. What is no JSON would spoil its whole batch, and stays alone.
    """
    waiting: dict[bytes | None, list[Receipt]] = defaultdict(list)
    sizes: dict[bytes | None, int] = defaultdict(int)
    sent: list[Receipt] = []

    def send(key: bytes | None) -> None:
        gathered = waiting.pop(key, [])
        if len(gathered) < 2:
            sent.extend(gathered)
            return
        values = [each.value or b"" for each in gathered]
        sent.append(replace(gathered[-1], value=batch_of(values), kind="batch"))

    for receipt in receipts:
        key = receipt.key
        if not _fits(receipt.value):
            send(key)
            sent.append(receipt)
            continue
        waiting[key].append(receipt)
        if len(waiting[key]) == _SIZES[sizes[key] % len(_SIZES)]:
            send(key)
            sizes[key] += 1
    for key in list(waiting):
        send(key)
    return sorted(sent, key=lambda each: each.log_time_ms)


def batch_of(values: Sequence[bytes]) -> bytes:
    """Return the record of a batch, with white space in it."""
    return b" [\n" + b" ,\t".join(values) + b"\r\n]\n"


def batch_edges(account_id: str, event_type: str, time: str) -> list[bytes]:
    """Return batches whose order and elements matter, for meters of `miles`.

    Events at the same time, of which the last is the latest; an identity that comes three times,
    within a batch and alone; elements that are refused beside some that count; nothing at all.
    """

    def event(event_id: str, miles: object, **members: object) -> bytes:
        shape = {
            "specversion": "1.0",
            "id": event_id,
            "source": "batches",
            "type": event_type,
            "subject": account_id,
            "time": time,
            "data": {"miles": miles, "air_minutes": 5, "origin": "EWR"},
        }
        return json.dumps({**shape, **members}, ensure_ascii=False).encode()

    return [
        batch_of([event("b1", 700), event("b2", 10), event("b3", 20)]),
        batch_of([event("b4", 1), event("b4", 2), event("b1", 3)]),
        event("b4", 4),
        event("b5", 5),
        batch_of([event("b5", 6), event("b6", "é"), event("b7", None), event("b8", 8, time="é")]),
        batch_of([b"7", b"[]", b"[" + event("b9", 9) + b"]", b"{}", b"null", event("b10", 11)]),
        batch_of([event("b11", 12), b'{"a":' * 17 + b"1" + b"}" * 17, b"[" * 17 + b"]" * 17]),
        batch_of([event("beat", 1, type="meterclose.heartbeat"), event("b12", 13)]),
        batch_of([event("b13", 14), b"{"]),
        batch_of([event(f"b{number}", number) for number in range(14, 300)]),
        b"[]",
    ]


def _fits(value: bytes | None) -> bool:
    """Tell whether a record can be an element: JSON, and small."""
    try:
        json.loads((value or b"").decode(), parse_constant=_refuse)
    except ValueError:
        return False
    return len(value or b"") < _MOST_BYTES


def _refuse(constant: str) -> None:
    raise ValueError(f"expected JSON, found {constant}")
