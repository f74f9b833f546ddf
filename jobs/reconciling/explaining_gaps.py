"""Asks Kafka what the offsets held that the archive lacks.

Not every offset is a record: a transaction ends with one that no reader sees, and a broker deletes
and compacts. Only the topic can tell; where it cannot, a gap stays a difference.
"""

from collections.abc import Collection, Sequence
from dataclasses import astuple

from kafka import KafkaConsumer, TopicPartition

from audit.conservation import Gap
from jobs.kafka_clients import KafkaUnreachableError, open_consumer
from jobs.reconciling.reconciliation import ToldGap
from jobs.settings import KafkaSettings, SettingsError

_ANSWER_MS = 10_000
_KNOWN = "an earlier reconciliation asked Kafka, which had no record there"


def explain_gaps(
    kafka: KafkaSettings, gaps: Sequence[Gap], known: Collection[tuple[int, int, int]] = ()
) -> tuple[ToldGap, ...]:
    """Return each gap with what Kafka says of it; Kafka is asked only where there is a new one.

    Args:
        kafka: Brokers and topic; they may be out of reach.
        gaps: Ordered.
        known: Those that were explained before, as partition, first offset and first after: a
            broker that has deleted them since could not explain them again.
    """
    new = [gap for gap in gaps if astuple(gap) not in known]
    told = {each.gap: each for each in _ask(kafka, new)}
    return tuple(told.get(gap) or ToldGap(gap, True, _KNOWN, is_known=True) for gap in gaps)


def _ask(kafka: KafkaSettings, gaps: Sequence[Gap]) -> tuple[ToldGap, ...]:
    if not gaps:
        return ()
    try:
        with open_consumer(kafka) as consumer:
            return tuple(_explain(consumer, kafka.usage_topic, gap) for gap in gaps)
    except (KafkaUnreachableError, SettingsError) as error:
        return tuple(ToldGap(gap, False, f"Kafka cannot be asked: {error}") for gap in gaps)


def _explain(consumer: KafkaConsumer, topic: str, gap: Gap) -> ToldGap:
    place = TopicPartition(topic, gap.kafka_partition)
    known = consumer.partitions_for_topic(topic) or set()
    if gap.kafka_partition not in known:
        return ToldGap(gap, False, f"Kafka has no partition {gap.kafka_partition} of {topic}")
    begin = consumer.beginning_offsets([place])[place]
    if begin > gap.begin_offset:
        # What came before the archive's first record the job never saw; a hole in it is another
        # matter: the job was there, and nobody can tell any more what it should have read.
        before_all = gap.begin_offset == 0 and begin >= gap.end_offset
        return ToldGap(gap, before_all, f"Kafka has deleted all before offset {begin}")
    consumer.assign([place])
    consumer.seek(place, gap.begin_offset)
    found = consumer.poll(timeout_ms=_ANSWER_MS, max_records=1).get(place, ())
    if not found:
        return ToldGap(gap, False, "Kafka gave no answer")
    first = found[0].offset
    if first < gap.end_offset:
        return ToldGap(gap, False, f"Kafka has a record at offset {first}")
    return ToldGap(gap, True, "Kafka has no record there: ends of transactions, or compaction")
