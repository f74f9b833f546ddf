"""The load of the recording: three accounts with short periods, in two currencies."""

import json
import random
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

import yaml
from kafka import KafkaProducer

from jobs.kafka_clients import open_producer
from jobs.settings import KafkaSettings
from schemas.instant import to_text, to_us

_ACCOUNTS = {"acme": "EUR", "globex": "USD", "initech": "EUR"}
_UNKNOWN = "hooli"
_PERIOD = timedelta(minutes=2)
_EACH_S, _A_TURN, _FLOOD = 0.5, 25, 600
_METER = {"event_type": "api.called", "grace_hours": 0, "correction_horizon_days": 1}
_METERS = [
    {**_METER, "meter": "calls", "aggregation": "count", "unit": "call", "dimensions": ["region"]},
    {**_METER, "meter": "traffic", "aggregation": "sum", "property": "mb", "unit": "megabyte"},
]
_SELLER = {"address": ["1 Example Street"], "jurisdiction": "DE", "locale": "en-GB"}


def write_load(now_s: int) -> dict[str, str]:
    """Return the files of config that the load is metered and priced by, by name.

    Args:
        now_s: The periods of two minutes lie around it.
    """
    now = datetime.fromtimestamp(now_s // 120 * 120, UTC)
    days = [now - timedelta(days=day) for day in (4, 3, 2, 1)]
    boundaries = [*days, *(now + place * _PERIOD for place in range(-3, 30))]
    since = to_text(to_us(boundaries[0]))
    terms = {
        "version": 1,
        "effective_from": since,
        "timezone": "UTC",
        "boundaries": [f"{each:%Y-%m-%dT%H:%M:%S}" for each in boundaries],
        "plan": "standard",
    }
    return {
        "meters.yaml": yaml.safe_dump({"meters": _METERS}),
        "accounts.yaml": _listed(
            "accounts", ({"account_id": a, "terms": [terms]} for a in _ACCOUNTS)
        ),
        "rate_cards.yaml": _listed("rate_cards", (_card(each, since) for each in ("EUR", "USD"))),
        "contracts.yaml": _listed(
            "contracts",
            (
                {
                    "account_id": account,
                    "version": 1,
                    "effective_from": since,
                    "currency": currency,
                    "card_id": currency,
                }
                for account, currency in _ACCOUNTS.items()
            ),
        ),
        "invoicing.yaml": yaml.safe_dump(_invoicing()),
    }


def _listed(name: str, items: Iterator[dict[str, Any]]) -> str:
    return yaml.safe_dump({name: list(items)})


def _card(currency: str, since: str) -> dict[str, Any]:
    prices = (("calls", "api", "0.02"), ("traffic", "network", "0.003"))
    return {
        "card_id": currency,
        "currency": currency,
        "version": 1,
        "effective_from": since,
        "prices": [
            {
                "price_id": meter,
                "meter_id": meter,
                "product": product,
                "model": {"type": "per_unit", "unit_price": price},
            }
            for meter, product, price in prices
        ],
    }


def _invoicing() -> dict[str, Any]:
    return {
        "seller": {**_SELLER, "name": "Example GmbH", "timezone": "UTC", "tax_number": "DE0"},
        "series": {"series_id": "EX"},
        "credit_series": {"series_id": "EXCN"},
        "taxes": {
            "rates": [
                {"tax_id": "VAT", "jurisdiction": "DE", "effective_from": "2021-01-01T00:00:00Z",
                 "rate": "0.19"}
            ]
        },
        "buyers": [
            {"account_id": account, "party": {**_SELLER, "name": account, "timezone": "UTC"}}
            for account in _ACCOUNTS
        ],
    }  # fmt: skip


class Load:
    """Publishes usage as long as it is open. A context manager."""

    def __init__(self, kafka: KafkaSettings) -> None:
        """Choose where to publish to."""
        self._kafka = kafka
        self._random = random.Random(7)  # noqa: S311 - no secret
        self._number = 0
        self._ended = threading.Event()
        self._is_flood = threading.Event()
        self._thread = threading.Thread(target=self._publish)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def flood(self) -> None:
        """Publish usage of the period before last, and some that came days too late."""
        self._is_flood.set()

    def _publish(self) -> None:
        with open_producer(self._kafka) as producer:
            while not self._ended.wait(_EACH_S):
                for account, value in self._turn(time.time()):
                    self._send(producer, account, value)
                producer.flush()

    def _send(self, producer: KafkaProducer, account: str, value: bytes) -> None:
        producer.send(self._kafka.usage_topic, key=account.encode(), value=value)
        if self._random.random() < 0.01:
            producer.send(self._kafka.usage_topic, key=account.encode(), value=value)

    def _turn(self, now_s: float) -> Iterator[tuple[str, bytes]]:
        accounts = list(_ACCOUNTS)
        for _ in range(_A_TURN):
            account = self._random.choices([*accounts, _UNKNOWN], [60, 30, 10, 0.5])[0]
            event = self._event(account, now_s - self._random.expovariate(1))
            chance = self._random.random()
            yield account, json.dumps(event).encode()[: -1 if chance < 0.004 else None]
        if self._is_flood.is_set():
            self._is_flood.clear()
            for number in range(_FLOOD):
                days = 3 if number % 50 == 0 else 0
                time_s = now_s - 2.5 * _PERIOD.total_seconds() - days * 86400
                account = accounts[number % len(accounts)]
                yield account, json.dumps(self._event(account, time_s)).encode()

    def _event(self, account: str, time_s: float) -> dict[str, Any]:
        self._number += 1
        time_us = int(time_s * 1_000_000)
        return {
            "specversion": "1.0",
            "id": f"call-{self._number}",
            "source": "load",
            "type": "api.called",
            "subject": account,
            "time": to_text(time_us),
            "data": {"region": self._random.choice(["eu", "us"]), "mb": self._number % 90 + 1},
        }
