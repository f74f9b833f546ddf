"""The gateway: each record of the intake topic, pseudonymized, into the usage topic.

A record goes to the partition of the same number, in its order, with its timestamp. Offsets are
committed once the brokers have all that came of the records before them: what is cut off in between
is written again, with the same bytes, and counts once by its identity.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from kafka import KafkaConsumer, KafkaProducer
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)

from jobs.create_topics import TopicError, find_intake_faults, find_topic_faults
from jobs.kafka_clients import open_admin, open_group_consumer, open_producer
from jobs.privacy.key_cache import KeyCache
from jobs.settings import KafkaSettings, PrivacySettings
from udfs.pseudonymizing import Pseudonymizer

_POLL_MS = 500
_MOST_AT_ONCE = 2_000
_TELL_EVERY_S = 60
# Another gateway has its partitions now, and begins where the last commit was.
_TAKEN_OVER = (
    CommitFailedError,
    IllegalGenerationError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)


class DeletedRecordsError(Exception):
    """Records of the intake were deleted before they were passed on; one line."""


@dataclass(slots=True)
class Passed:
    """What a gateway has done so far.

    Attributes:
        records: Records of the intake that were passed on.
        unreadable: Those of them that nobody can read, each as a stand-in.
        split: Those that became several batches.
        outgrown: Events that became longer than metering takes.
    """

    records: int = 0
    unreadable: int = 0
    split: int = 0
    outgrown: int = 0

    def __str__(self) -> str:
        """Tell all of it in words."""
        return (
            f"{self.records} records passed on; {self.unreadable} cannot be read,"
            f" {self.split} batches were split, {self.outgrown} events became too long"
        )


@dataclass(frozen=True, slots=True)
class Gateway:
    """One gateway; several share the partitions.

    Attributes:
        kafka: Brokers and the usage topic.
        privacy: The intake topic and the group.
        pseudonymizer: What becomes of a record.
        keys: Keys of subjects.
        clock: Seconds that only go forward.
        tell: Is told how it goes.
        skips_deleted: Whether to go on where records were deleted before they were passed on.
    """

    kafka: KafkaSettings
    privacy: PrivacySettings
    pseudonymizer: Pseudonymizer
    keys: KeyCache
    clock: Callable[[], float]
    tell: Callable[[str], None]
    skips_deleted: bool = False

    def run(self, stopped: threading.Event) -> Passed:
        """Pass on until the end is asked for; return what was done.

        Raises:
            SettingsError: See `jobs.kafka_clients.client_arguments`.
            KafkaUnreachableError: Brokers did not answer for minutes, or refuse something.
            TopicError: A topic is missing or not as configured.
            KeyStoreError: The key store does not answer.
            DeletedRecordsError: Records were deleted before they were passed on.
        """
        self._check_topics()
        passed, told_s = Passed(), self.clock()
        with (
            open_group_consumer(self.kafka, self.privacy.group) as consumer,
            open_producer(self.kafka) as producer,
        ):
            consumer.subscribe([self.privacy.intake_topic])
            self.tell(f"{self.privacy.intake_topic} -> {self.kafka.usage_topic}: passing on")
            while not stopped.is_set():
                records = self._poll(consumer)
                now_s = self.clock()
                self.keys.recheck(now_s)
                if records:
                    self._pass(records, producer, passed)
                    _commit(consumer)
                if now_s - told_s >= _TELL_EVERY_S:
                    told_s = now_s
                    self.tell(f"{self.kafka.usage_topic}: {passed}")
        return passed

    def _check_topics(self) -> None:
        with open_admin(self.kafka) as admin:
            for fault in find_topic_faults(admin, self.kafka):
                raise fault
            for fault in find_intake_faults(admin, self.kafka, self.privacy):
                raise fault

    def _poll(self, consumer: KafkaConsumer) -> list[ConsumerRecord]:
        """Return the next records, those of a partition in their order."""
        try:
            polled = consumer.poll(timeout_ms=_POLL_MS, max_records=_MOST_AT_ONCE)
        except NoOffsetForPartitionError:
            # The group is new to these partitions, so all that is there is still to be passed on.
            missing = [each for each in consumer.assignment() if consumer.committed(each) is None]
            if missing:  # of none, Kafka's client would take all
                consumer.seek_to_beginning(*sorted(missing))
            return []
        except OffsetOutOfRangeError:
            self._skip_deleted(consumer)
            return []
        return [record for place in sorted(polled) for record in polled[place]]

    def _skip_deleted(self, consumer: KafkaConsumer) -> None:
        places = sorted(consumer.assignment())
        begins, ends = consumer.beginning_offsets(places), consumer.end_offsets(places)
        for place in places:
            at = consumer.position(place)
            if begins[place] <= at <= ends[place]:
                continue
            lost = (
                f"intake, topic {place.topic}: expected offset {at} of partition"
                f" {place.partition}, found {begins[place]} to {ends[place]}"
            )
            if not self.skips_deleted:
                raise DeletedRecordsError(
                    f"{lost}; records were deleted before they were passed on: bring them back"
                    " from their producers, then start with --skip-deleted"
                )
            self.tell(f"{lost}; going on at {begins[place]}")
            consumer.seek_to_beginning(place)

    def _pass(self, records: list[ConsumerRecord], producer: KafkaProducer, passed: Passed) -> None:
        """Write what becomes of records, and make sure that the brokers have it."""
        topic, sent = self.kafka.usage_topic, []
        unknown = {each.partition for each in records} - producer.partitions_for(topic)
        if unknown:
            raise TopicError(
                f"partitions, topic {topic}: expected partition {min(unknown)}, as"
                f" {self.privacy.intake_topic} has, found none; add partitions"
            )
        for record in records:
            became = self.pseudonymizer.rewrite(
                record.key, record.value, record.timestamp, self.keys.key_of
            )
            sent += [
                producer.send(
                    topic,
                    key=each.key,
                    value=each.value,
                    partition=record.partition,
                    timestamp_ms=record.timestamp,
                )
                for each in became.records
            ]
            passed.unreadable += became.is_unreadable
            passed.split += len(became.records) > 1
            passed.outgrown += became.outgrown
        producer.flush()
        for each in sent:
            each.get()
        passed.records += len(records)


def _commit(consumer: KafkaConsumer) -> None:
    try:
        consumer.commit()
    except _TAKEN_OVER:
        return
