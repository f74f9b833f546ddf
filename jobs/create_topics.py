"""Creates the topics of the job, and checks that existing ones keep what metering relies on.

python -m jobs.create_topics --settings config/live.yaml
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from jobs.kafka_clients import KafkaUnreachableError, open_admin
from jobs.settings import (
    DEDUPE_TTL_DAYS,
    KafkaSettings,
    PrivacySettings,
    SettingsError,
    TimestampType,
    load_settings,
)
from schemas.instant import DAY_US

_FOREVER, _LONGEST_MS = "-1", str(2**63 - 1)
_COMPACTED = {"cleanup.policy": "compact"}
_DAY_MS, _HOUR_MS = DAY_US // 1000, 3_600_000
_MOST_ASKED, _ASKED_IN_A_ROW, _PAUSE_S = 50, 3, 0.2


class TopicError(Exception):
    """A topic is missing or would lose usage; the message is one line that says what to do."""


class MissingTopicError(TopicError):
    """A topic is missing."""


def create_topics(
    kafka: KafkaSettings,
    privacy: PrivacySettings | None = None,
    dedupe_ttl_days: int = DEDUPE_TTL_DAYS,
) -> tuple[str, ...]:
    """Create the topics where they are missing, with an intake where there is one; then check all.

    Args:
        kafka: The brokers and the topics.
        privacy: Has the intake; None: there is none.
        dedupe_ttl_days: For so long a live topic keeps usage: as long as repeats are recognised.

    Returns:
        The names of the topics created, in order.

    Raises:
        SettingsError: see `jobs.kafka_clients.client_arguments`.
        KafkaUnreachableError: no broker answers.
        TopicError: an existing topic is not as configured.
    """
    wanted = {
        kafka.usage_topic: {
            "num_partitions": kafka.partitions,
            "configs": _usage_options(kafka.timestamp_type, dedupe_ttl_days),
        },
        kafka.accounts_topic: {"num_partitions": 1, "configs": _COMPACTED},
        kafka.totals_topic: {"num_partitions": kafka.partitions, "configs": _COMPACTED},
        kafka.alerts_topic: {"num_partitions": kafka.partitions, "configs": _COMPACTED},
    }
    if privacy is not None:
        options = _usage_options(kafka.timestamp_type, dedupe_ttl_days) | intake_retention(
            kafka, privacy
        )
        wanted[privacy.intake_topic] = {"num_partitions": kafka.partitions, "configs": options}
    with open_admin(kafka) as admin:
        existing = set(admin.list_topics())
        created = tuple(name for name in wanted if name not in existing)
        for name in created:
            try:
                admin.create_topics({name: wanted[name]}, wait_for_metadata=True)
            except TopicAlreadyExistsError:
                continue  # Another program was faster; what it made is checked below.
        if created:
            _wait_known(admin, kafka, privacy)
        _check(admin, kafka, privacy)
    return created


def _wait_known(
    admin: KafkaAdminClient, kafka: KafkaSettings, privacy: PrivacySettings | None
) -> None:
    """Wait until whichever broker is asked knows new topics: some hear of them a moment later."""
    in_a_row = 0
    for _ in range(_MOST_ASKED):
        try:
            _check(admin, kafka, privacy)
            in_a_row += 1
        except (MissingTopicError, UnknownTopicOrPartitionError):
            in_a_row = 0
        if in_a_row == _ASKED_IN_A_ROW:
            return
        time.sleep(_PAUSE_S)


def check_topics(kafka: KafkaSettings) -> None:
    """Check that all topics exist and keep what metering relies on.

    Raises:
        SettingsError: see `jobs.kafka_clients.client_arguments`.
        KafkaUnreachableError: no broker answers.
        TopicError: a topic is missing or is not as configured.
    """
    with open_admin(kafka) as admin:
        _check(admin, kafka)


def check_readers(kafka: KafkaSettings, parallelism: int) -> None:
    """Check that each of the job's readers has a partition of the usage topic.

    Time is that of the reader that is the least far, and one without a partition has none.

    Raises:
        SettingsError: see `jobs.kafka_clients.client_arguments`.
        KafkaUnreachableError: no broker answers.
        TopicError: there are more readers than partitions.
    """
    with open_admin(kafka) as admin:
        for fault in find_reader_faults(admin, kafka, parallelism):
            raise fault


def find_reader_faults(
    admin: KafkaAdminClient, kafka: KafkaSettings, parallelism: int
) -> Iterator[TopicError]:
    """Yield what `check_readers` refuses."""
    partitions = count_partitions(admin, kafka.usage_topic)
    if parallelism > partitions:
        yield TopicError(
            f"partitions, topic {kafka.usage_topic}: expected at least flink.parallelism"
            f" ({parallelism}), found {partitions}; a reader without a partition would hold time"
            " for ever: lower flink.parallelism, or add partitions"
        )


def count_partitions(admin: KafkaAdminClient, topic: str) -> int:
    """Return how many partitions a topic has."""
    (described,) = admin.describe_topics([topic])
    return len(described["partitions"])


def _usage_options(timestamp_type: TimestampType, dedupe_ttl_days: int) -> dict[str, str]:
    options = {
        "message.timestamp.type": str(timestamp_type),
        "cleanup.policy": "delete",
        # A job that begins without its state forgets what it cannot read again.
        "retention.ms": str(dedupe_ttl_days * _DAY_MS),
        "retention.bytes": _FOREVER,
    }
    if timestamp_type is TimestampType.CREATE_TIME:
        # Records of the past would be deleted, or refused, by age at once.
        options |= {
            "retention.ms": _FOREVER,
            "message.timestamp.before.max.ms": _LONGEST_MS,
            # A segment is otherwise closed for each week of record time.
            "segment.ms": _LONGEST_MS,
        }
    return options


def _check(
    admin: KafkaAdminClient, kafka: KafkaSettings, privacy: PrivacySettings | None = None
) -> None:
    for fault in find_topic_faults(admin, kafka):
        raise fault
    if privacy is not None:
        for fault in find_intake_faults(admin, kafka, privacy):
            raise fault


def intake_retention(kafka: KafkaSettings, privacy: PrivacySettings) -> dict[str, str]:
    """Return the options by which raw records go; those of an import stay until it is over."""
    if kafka.timestamp_type is TimestampType.CREATE_TIME:
        return {"retention.ms": _FOREVER}
    kept_ms = privacy.intake_retention_h * _HOUR_MS
    # Records of a segment go together, and not before it is closed.
    return {"retention.ms": str(kept_ms), "segment.ms": str(_HOUR_MS)}


def find_intake_faults(
    admin: KafkaAdminClient, kafka: KafkaSettings, privacy: PrivacySettings
) -> Iterator[TopicError]:
    """Yield what would lose raw records, keep them too long, or break their order."""
    topic = privacy.intake_topic
    try:
        found = topic_options(admin, kafka, topic)
    except MissingTopicError as error:
        yield error
        return
    wanted = {"message.timestamp.type": str(kafka.timestamp_type), "cleanup.policy": "delete"}
    for option, value in {**wanted, **intake_retention(kafka, privacy)}.items():
        if found[option] != value:
            yield TopicError(
                f"option of the intake, topic {topic}: expected {option}={value},"
                f" found {found[option]}; set it on the topic"
            )
    ours, theirs = count_partitions(admin, topic), count_partitions(admin, kafka.usage_topic)
    if ours != theirs:
        yield TopicError(
            f"partitions, topic {topic}: expected {theirs}, as {kafka.usage_topic} has,"
            f" found {ours}; add partitions to the one with fewer"
        )


def find_topic_faults(admin: KafkaAdminClient, kafka: KafkaSettings) -> Iterator[TopicError]:
    """Yield each topic that is missing, and each option that metering could not rely on."""
    try:
        usage = topic_options(admin, kafka, kafka.usage_topic)
    except MissingTopicError as error:
        yield error
    else:
        yield from _find_usage_faults(kafka, usage)
    compacted = {
        kafka.accounts_topic: "accounts",
        kafka.totals_topic: "running totals",
        kafka.alerts_topic: "alerts",
    }
    for topic, rows in compacted.items():
        try:
            policy = topic_options(admin, kafka, topic)["cleanup.policy"]
        except MissingTopicError as error:
            yield error
            continue
        if policy != "compact":
            yield TopicError(
                f"cleanup policy, topic {topic}: expected compact, found {policy};"
                f" {rows} would be lost: set cleanup.policy=compact"
            )


def _find_usage_faults(kafka: KafkaSettings, usage: Mapping[str, str]) -> Iterator[TopicError]:
    found = usage["message.timestamp.type"]
    if found != kafka.timestamp_type:
        yield TopicError(
            f"timestamp type, topic {kafka.usage_topic}: expected {kafka.timestamp_type}, found"
            f" {found}; set the topic's message.timestamp.type={kafka.timestamp_type}"
            f" before it is written to, or the setting kafka.timestamp_type: {found}"
        )
    if "compact" in usage["cleanup.policy"]:
        yield TopicError(
            f"cleanup policy, topic {kafka.usage_topic}: expected delete, found"
            f" {usage['cleanup.policy']}; compaction would lose usage: set cleanup.policy=delete"
        )
    for option in ("retention.ms", "retention.bytes"):
        is_import = kafka.timestamp_type is TimestampType.CREATE_TIME
        if is_import and usage[option] != _FOREVER:
            yield TopicError(
                f"retention, topic {kafka.usage_topic}: expected {option}={_FOREVER} for"
                f" CreateTime, found {usage[option]}; the broker deletes old records: set {option}"
            )


def topic_options(admin: KafkaAdminClient, kafka: KafkaSettings, topic: str) -> Mapping[str, str]:
    """Return all options of a topic by name.

    Raises:
        MissingTopicError: There is no such topic.
    """
    described: list[dict[str, Any]] = admin.describe_topics([topic])
    if not described or described[0]["error_code"]:
        found = for_code(described[0]["error_code"]).__name__ if described else "nothing"
        raise MissingTopicError(
            f"missing topic, {kafka.bootstrap_servers}: expected {topic}, found {found};"
            " create it: python -m jobs.create_topics"
        )
    resource = ConfigResource(ConfigResourceType.TOPIC, topic)
    options = admin.describe_configs([resource], config_filter="all")
    return {name: option["value"] for name, option in options["topic"][topic].items()}


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Create the topics; return the exit code."""
    parser = argparse.ArgumentParser(prog="create_topics", description=__doc__)
    parser.add_argument("--settings", required=True, help="settings file")
    options = parser.parse_args(arguments)
    try:
        settings = load_settings(options.settings, environ)
        kafka, privacy = settings.kafka, settings.privacy
        created = create_topics(kafka, privacy, settings.metering.dedupe_ttl_days)
    except (SettingsError, KafkaUnreachableError, TopicError) as error:
        print(error, file=sys.stderr)
        return 2
    topics = (kafka.usage_topic, kafka.accounts_topic, kafka.totals_topic, kafka.alerts_topic)
    for name in (*topics, *([privacy.intake_topic] if privacy else ())):
        print(f"{name}: {'created' if name in created else 'exists, as configured'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
