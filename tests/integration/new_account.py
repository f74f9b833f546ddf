"""An account that becomes known late and changes its terms, and bad records on its key."""

import json
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import yaml

from jobs.flights.departures import DEPARTED
from jobs.flights.receiving import Receipt
from jobs.kafka_clients import open_producer
from jobs.publish_accounts import publish_accounts
from jobs.publish_flights import partition_of
from schemas.account import decode_account, encode_account
from schemas.budget import Budget
from schemas.cadence import Cadence
from schemas.terms import Recurring, TakesEffect, Terms
from schemas.usage_event import UsageEvent, encode_usage_event
from tests.integration.flights import at_ms
from tests.integration.world import PARTITIONS, Topics

# An account that becomes known only while its usage waits for it.
NEW, NEW_AT = "NEW", "2013-03-02T04:30:00"
NEW_ACCOUNT = decode_account(
    json.dumps(
        {
            "account_id": NEW,
            "terms": [
                {
                    "version": 1,
                    "effective_from": "2013-01-01T00:00:00Z",
                    "timezone": "UTC",
                    "cadence": "month",
                    "anchor": "2013-01-01",
                    "plan": "standard",
                }
            ],
        }
    ).encode()
)
# From then on it is billed by weeks: its March ends at once.
CHANGE = "2013-03-10T12:00:00"
NEW_TERMS = Terms(
    version=2,
    effective_from_us=at_ms(CHANGE) * 1000,
    timezone="America/New_York",
    calendar=Recurring(Cadence.WEEK, datetime(2013, 1, 7)),
    plan="standard",
    takes_effect=TakesEffect.AT_ONCE,
)
CHANGED = replace(NEW_ACCOUNT, terms=(*NEW_ACCOUNT.terms, NEW_TERMS))
# One at the change, and one a second before it.
CHANGED_FLIGHTS = ("2013-03-10T12:00:00", "2013-03-10T11:59:59")
CHANGED_AT = "2013-03-10T12:30:00"
OFF_WINDOW = replace(NEW_TERMS, effective_from_us=at_ms("2013-03-11T12:30:00") * 1000)
TOO_LATE = replace(NEW_TERMS, effective_from_us=at_ms("2013-03-01T12:00:00") * 1000)
# Accounts of the configuration whose terms begin within an hour: refused with windows of one.
OFF_HOURS = ("F9", "YV")
# Each refused; they come after the account, on its key.
BAD_ACCOUNTS = (
    b"{",
    encode_account(replace(NEW_ACCOUNT, account_id="AA")),
    None,
    encode_account(replace(NEW_ACCOUNT, terms=(*NEW_ACCOUNT.terms, OFF_WINDOW))),
    encode_account(replace(NEW_ACCOUNT, terms=(*NEW_ACCOUNT.terms, TOO_LATE))),
    encode_account(replace(CHANGED, budgets=(Budget("not-a-meter", Decimal(1)),))),
    encode_account(replace(CHANGED, budgets=(Budget("longest-flight", Decimal(1)),))),
)


def new_flight(time: str, received: str) -> Receipt:
    """Return a flight of the new account."""
    data = {"miles": 7, "air_minutes": 1, "origin": "JFK"}
    flight = UsageEvent(f"new-{time}", "test", DEPARTED, NEW, at_ms(time) * 1000, data)
    return receipt(received, NEW, encode_usage_event(flight), "new")


def receipt(time: str, account_id: str, value: bytes, kind: str) -> Receipt:
    """Return a record as it is received at a time."""
    key = account_id.encode()
    return Receipt(at_ms(time), partition_of(key, PARTITIONS), key, value, kind)


def publish_new_account(topics: Topics) -> None:
    """Publish the account's terms, then records on its key that cannot be used."""
    publish_accounts(topics.kafka, [NEW_ACCOUNT, CHANGED])
    with open_producer(topics.kafka) as producer:
        for value in BAD_ACCOUNTS:
            producer.send(
                topics.kafka.accounts_topic, key=NEW.encode(), value=value, timestamp_ms=0
            )
        producer.flush()
    file = topics.config / "accounts.yaml"
    accounts = yaml.safe_load(file.read_text())["accounts"]
    accounts.append(json.loads(encode_account(CHANGED)))
    file.write_text(yaml.safe_dump({"accounts": accounts}))
