"""Reads what the accounts topic says of some accounts."""

from collections.abc import Collection

from kafka import TopicPartition

from jobs.kafka_clients import KafkaUnreachableError, open_consumer
from jobs.settings import KafkaSettings
from schemas.account_record import AccountRecord

_ANSWER_MS = 10_000


def read_account_records(
    kafka: KafkaSettings, account_ids: Collection[str]
) -> tuple[AccountRecord, ...]:
    """Return the records of the accounts, by partition and offset, up to the topic's present end.

    Compaction may have removed all but the last of each.

    Raises:
        SettingsError: see `jobs.kafka_clients.client_arguments`.
        KafkaUnreachableError: no broker answers, or the topic is not there.
    """
    keys = {account_id.encode(): account_id for account_id in account_ids}
    records = []
    with open_consumer(kafka) as consumer:
        found = consumer.partitions_for_topic(kafka.accounts_topic)
        if not found:
            raise KafkaUnreachableError(
                f"missing topic, {kafka.bootstrap_servers}: expected {kafka.accounts_topic},"
                " found nothing; create it: python -m jobs.create_topics"
            )
        places = [TopicPartition(kafka.accounts_topic, number) for number in sorted(found)]
        ends = consumer.end_offsets(places)
        for place in places:
            consumer.assign([place])
            consumer.seek_to_beginning()
            position = consumer.position(place)
            while position < ends[place]:
                polled = consumer.poll(timeout_ms=_ANSWER_MS).get(place, ())
                records += [
                    AccountRecord(keys[each.key], place.partition, each.offset, each.value)
                    for each in polled
                    if each.key in keys and each.offset < ends[place]
                ]
                before, position = position, consumer.position(place)
                if position == before:
                    raise KafkaUnreachableError(
                        f"Kafka, {kafka.bootstrap_servers}: expected the records of"
                        f" {kafka.accounts_topic} from offset {position} on, found no answer"
                    )
    return tuple(records)
