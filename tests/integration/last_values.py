"""A compacted topic, read to its end: the last value of each key."""

import json
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from jobs.kafka_clients import client_arguments
from jobs.settings import KafkaSettings


def last_values(
    kafka: KafkaSettings, topic: str, order_by: str | None = None
) -> dict[str, dict[str, Any]]:
    """Return the last value of each key, both JSON; the key is its text.

    Args:
        kafka: The broker's settings.
        topic: Name of the topic.
        order_by: A member that says which value is the last; None: the one that came last.
    """
    found: dict[str, dict[str, Any]] = {}
    consumer = KafkaConsumer(**client_arguments(kafka))
    places = [TopicPartition(topic, n) for n in sorted(consumer.partitions_for_topic(topic))]
    ends = consumer.end_offsets(places)
    for place in places:
        consumer.assign([place])
        consumer.seek_to_beginning()
        while consumer.position(place) < ends[place]:
            for record in consumer.poll(timeout_ms=1000).get(place, ()):
                key, value = record.key.decode(), json.loads(record.value)
                if order_by is None or value[order_by] >= found.get(key, value)[order_by]:
                    found[key] = value
    consumer.close()
    return found
