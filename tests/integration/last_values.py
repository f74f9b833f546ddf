"""A compacted topic, read to its end: the last value of each key."""

import json
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from jobs.kafka_clients import client_arguments
from jobs.settings import KafkaSettings


def last_values(kafka: KafkaSettings, topic: str) -> dict[str, dict[str, Any]]:
    """Return the last value of each key, both JSON; the key is its text."""
    found: dict[str, dict[str, Any]] = {}
    consumer = KafkaConsumer(**client_arguments(kafka))
    places = [TopicPartition(topic, n) for n in sorted(consumer.partitions_for_topic(topic))]
    ends = consumer.end_offsets(places)
    for place in places:
        consumer.assign([place])
        consumer.seek_to_beginning()
        while consumer.position(place) < ends[place]:
            for record in consumer.poll(timeout_ms=1000).get(place, ()):
                found[record.key.decode()] = json.loads(record.value)
    consumer.close()
    return found
