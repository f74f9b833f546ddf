"""Seats that are sold and given back: events with meters of every kind, and their retractions."""

from datetime import UTC, datetime, timedelta
from typing import Any

from jobs.flights.receiving import Receipt
from jobs.publish_flights import partition_of
from schemas.instant import to_us
from schemas.retraction import retraction_of
from schemas.usage_event import UsageEvent, encode_usage_event
from tests.integration.world import PARTITIONS

SOLD = "seat.sold"
_SEAT = {
    "event_type": SOLD,
    "property": "price",
    "unit": "usd",
    "grace_hours": 24,
    "retractable": True,
}
SEAT_METERS: tuple[dict[str, Any], ...] = (
    {"meter": "seats-sold", "aggregation": "count"},
    {"meter": "seat-sales", "aggregation": "sum", "dimensions": ["cabin"]},
    {"meter": "mean-price", "aggregation": "average"},
    {"meter": "top-price", "aggregation": "max", "dimensions": ["cabin"]},
    {"meter": "least-price", "aggregation": "min"},
    {"meter": "cabins-sold", "aggregation": "unique_count", "property": "cabin", "unit": "cabin"},
    {"meter": "last-price", "aggregation": "latest"},
    {"meter": "prices", "aggregation": "histogram", "bounds": ["100", "250.5"]},
    {"meter": "median-price", "aggregation": "percentile", "percentile": 50},
    {"meter": "seats-held", "aggregation": "time_weighted_sum", "readings": "delta", "per": "hour"},
)
"""One for each form in which usage can be taken back."""

_ACCOUNTS = ("AA", "B6", "WN")
_SALES = 36
_FIRST = datetime(2013, 2, 6, 9, 30, tzinfo=UTC)
# After the sale: at once, within the log window, in the same period, after its close, after it
# expired.
_DELAYS = (
    timedelta(0),
    timedelta(seconds=2),
    timedelta(hours=5),
    timedelta(days=12),
    timedelta(days=75),
)


def seat_meters() -> list[dict[str, Any]]:
    """Return the entries of the meters file."""
    return [
        {key: value for key, value in {**_SEAT, **meter}.items() if _fits(key, meter)}
        for meter in SEAT_METERS
    ]


def seat_receipts() -> list[Receipt]:
    """Return sales over four weeks, and retractions of most, in the order of log time."""
    receipts = []
    for number in range(_SALES):
        account_id = _ACCOUNTS[number % len(_ACCOUNTS)]
        at = _FIRST + number * timedelta(hours=17, minutes=13)
        # Some are told of later than they happened.
        received = at + (timedelta(days=9) if number % 7 == 0 else timedelta(seconds=1))
        price = f"{90 + 37 * (number % 9)}.{number % 4}5"
        sold = UsageEvent(
            f"sale-{number}",
            "desk",
            SOLD,
            account_id,
            to_us(at),
            {"price": price, "cabin": "YCF"[number % 5 % 3]},
        )
        receipts.append(_receipt(received, sold))
        if number % 4 == 1:
            continue
        undone = received + _DELAYS[number % len(_DELAYS)]
        for attempt in range(1 + (number % 4 == 0)):
            back = retraction_of(sold, f"undo-{number}-{attempt}", "desk", to_us(undone))
            # Asked for twice under two ids, and once more under the same.
            receipts += [_receipt(undone, back)] * (1 + (number % 8 == 0))
    nobody = UsageEvent("never-sold", "desk", SOLD, "AA", 0, {})
    stray = retraction_of(nobody, "undo-nothing", "desk", to_us(_FIRST))
    receipts.append(_receipt(_FIRST, stray))
    # Retractions come behind the sale where both have one log time: the sort is stable.
    return sorted(receipts, key=lambda each: each.log_time_ms)


def _receipt(received: datetime, event: UsageEvent) -> Receipt:
    key = event.subject.encode()
    log_ms = to_us(received) // 1000
    return Receipt(log_ms, partition_of(key, PARTITIONS), key, encode_usage_event(event), "seat")


def _fits(key: str, meter: dict[str, Any]) -> bool:
    return key != "property" or meter["aggregation"] != "count"
