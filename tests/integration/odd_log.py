"""A small log whose every record is placed by hand: in which partition, received when."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml
from kafka import TopicPartition
from kafka.admin import OffsetSpec

from jobs.flights.receiving import Receipt
from jobs.kafka_clients import open_admin, open_producer
from jobs.topic_offsets import end_offsets
from schemas.instant import to_text
from schemas.usage_event import UsageEvent, encode_usage_event
from tests.integration.world import SLACK_MS, Topics, World
from tests.oracle.comparing import Rows, expected_of, find_differences, records_of

USED = "storage.used"
METERS = (
    {"meter": "uses", "aggregation": "count", "unit": "use"},
    {"meter": "units", "aggregation": "sum", "unit": "GB", "dimensions": ["place"]},
)


def account_of(partition: int, which: int = 0) -> str:
    """Return one of the accounts whose usage is all in one partition."""
    return f"P{partition}" if which == 0 else f"P{partition}-{which}"


def write_odd_config(
    folder: Path,
    partitions: int,
    begin_ms: int,
    calendar: Mapping[str, object],
    grace_hours: int,
    accounts_each: int = 1,
) -> Path:
    """Write two meters, and accounts for each partition, into a folder; return the folder.

    Args:
        folder: Made if missing.
        partitions: Of the usage topic, also those that are added later.
        begin_ms: When the terms of all accounts begin.
        calendar: Where their boundaries are: `monthly` or `listed`.
        grace_hours: Of every meter.
        accounts_each: How many accounts have their usage in one partition.
    """
    folder.mkdir(parents=True, exist_ok=True)
    common = {"event_type": USED, "grace_hours": grace_hours, "correction_horizon_days": 20}
    meters = [{**common, **meter} for meter in METERS]
    (folder / "meters.yaml").write_text(yaml.safe_dump({"meters": meters}))
    terms = {
        "version": 1,
        "effective_from": to_text(begin_ms * 1000),
        "timezone": "UTC",
        "plan": "standard",
        **calendar,
    }
    accounts = [
        {"account_id": account_of(partition, which), "terms": [terms]}
        for partition in range(partitions)
        for which in range(accounts_each)
    ]
    (folder / "accounts.yaml").write_text(json.dumps({"accounts": accounts}))
    return folder


def monthly(anchor_ms: int) -> dict[str, object]:
    """Return months in UTC from an anchor."""
    return {"cadence": "month", "anchor": _wall_clock(anchor_ms)}


def listed(first_ms: int, step_ms: int, count: int) -> dict[str, object]:
    """Return short periods in UTC, listed: the oracle would walk through years of seconds."""
    return {"boundaries": [_wall_clock(first_ms + n * step_ms) for n in range(count)]}


def _wall_clock(instant_ms: int) -> str:
    return to_text(instant_ms * 1000).removesuffix("Z")


def use(partition: int, number: int, time_ms: int, log_time_ms: int, which: int = 0) -> Receipt:
    """Return usage of one of the partition's accounts.

    Args:
        partition: Where it goes.
        number: Tells it from all others of the account.
        time_ms: When it happened.
        log_time_ms: When it is received; on a live topic the broker says that itself.
        which: Of the accounts.
    """
    account_id = account_of(partition, which)
    data = {"units": str(number % 7 + 1), "place": "AB"[number % 2]}
    event = UsageEvent(f"{account_id}-{number}", "test", USED, account_id, time_ms * 1000, data)
    return Receipt(log_time_ms, partition, account_id.encode(), encode_usage_event(event), "use")


def send(topics: Topics, receipts: Iterable[Receipt]) -> None:
    """Send records in any order of log time, and make sure that each has arrived."""
    with open_producer(topics.kafka) as producer:
        sent = [
            producer.send(
                topics.kafka.usage_topic,
                value=each.value,
                key=each.key,
                partition=each.partition,
                timestamp_ms=each.log_time_ms,
            )
            for each in receipts
        ]
        producer.flush()
        for each in sent:
            each.get()


def published(topics: Topics) -> int:
    """Return how many records the usage topic has."""
    with open_admin(topics.kafka) as admin:
        return sum(end_offsets(admin, topics.kafka.usage_topic))


def least_log_time_ms(topics: Topics) -> int:
    """Return the last log time of the partition that is the least far; -1 if one is empty."""
    topic = topics.kafka.usage_topic
    with open_admin(topics.kafka) as admin:
        (described,) = admin.describe_topics([topic])
        numbers = range(len(described["partitions"]))
        asked = {TopicPartition(topic, number): OffsetSpec.MAX_TIMESTAMP for number in numbers}
        return int(min(each.timestamp for each in admin.list_partition_offsets(asked).values()))


def watermark_of(raw_events: Rows, partitions: int) -> int:
    """Return the log time that the job has reached when it has read these records."""
    last = [0] * partitions
    for record in records_of(raw_events):
        last[record.partition] = max(last[record.partition], record.log_time_ms)
    return min(last) - SLACK_MS


def differences(world: World, tables: dict[str, Rows], partitions: int) -> dict[str, list[str]]:
    """Return by table what the oracle did not expect, or misses, of a topic's partitions."""
    expected = expected_of(
        records_of(tables["raw_events"]),
        world.topics.config,
        partitions=partitions,
        slack_ms=SLACK_MS,
        event_window_s=world.settings.metering.event_window_s,
        log_window_s=world.settings.metering.log_window_s,
    )
    return find_differences(tables, expected)
