"""Checks the brokers, the topics, and this machine's clock against theirs."""

from collections.abc import Iterator, Mapping

from kafka.errors import KafkaError
from kafka.protocol.api_key import ApiKey

from jobs.create_topics import (
    TopicError,
    count_partitions,
    find_intake_faults,
    find_reader_faults,
    find_topic_faults,
    topic_options,
)
from jobs.diagnosing.deployment import Deployment, UnmetError
from jobs.diagnosing.lines import failed
from jobs.settings import TimestampType
from jobs.topic_offsets import last_log_time_ms
from schemas.finding import Finding, Verdict
from schemas.instant import DAY_US

# Asking for a topic's greatest timestamp (KIP-734), as a start of the job does.
_LIST_OFFSETS_VERSION = 7
_OLDEST = "Kafka 3.0 or later"
_DAY_MS = DAY_US // 1000
_WARNED_MS = 1_000


def check_broker(deployment: Deployment) -> Iterator[Finding]:
    """Every broker of the cluster: it answers where it says that it is, and is new enough."""
    error = deployment.opened_admin
    if isinstance(error, Exception) and not isinstance(error, UnmetError):
        remedy = "start the brokers; check kafka.bootstrap_servers, the network and the login"
        yield failed(error, remedy)
        return
    admin = deployment.admin
    for broker in admin.describe_cluster()["brokers"]:
        name = f"broker {broker['broker_id']} at {broker['host']}:{broker['port']}"
        try:
            told = admin.get_broker_version_data(broker["broker_id"])
        except KafkaError as error:
            found = f"{name} does not answer: {' '.join(str(error).split())}"
            remedy = "start it; its advertised.listeners must be reachable from here"
            yield Finding(Verdict.FAILED, found, "an answer", remedy)
            continue
        found = f"{name}, Kafka {'.'.join(map(str, told.broker_version))} or later"
        if told.api_versions.get(ApiKey.ListOffsets, (0, 0))[1] >= _LIST_OFFSETS_VERSION:
            yield Finding(Verdict.OK, found)
        else:
            yield Finding(Verdict.FAILED, found, _OLDEST, "upgrade the broker")


def check_topics(deployment: Deployment) -> Iterator[Finding]:
    """All topics, and that the job's readers have a partition each, as the programs check it."""
    admin, kafka, privacy = deployment.admin, deployment.settings.kafka, deployment.settings.privacy
    faults = list(find_topic_faults(admin, kafka))
    topics = [kafka.usage_topic, kafka.accounts_topic, kafka.totals_topic, kafka.alerts_topic]
    existing = set(admin.list_topics())
    if privacy is not None:
        topics.append(privacy.intake_topic)
        if kafka.usage_topic in existing:
            faults += find_intake_faults(admin, kafka, privacy)
    yield from map(failed, faults)
    if kafka.usage_topic in existing:
        readers = find_reader_faults(admin, kafka, deployment.settings.flink.parallelism)
        yield from map(failed, readers)
        yield from _find_warnings(deployment)
    for topic in topics:
        is_faulty = any(_names(fault, topic) for fault in faults)
        if topic in existing and not is_faulty:
            partitions = count_partitions(admin, topic)
            policy = topic_options(admin, kafka, topic)["cleanup.policy"]
            yield Finding(Verdict.OK, f"{topic}: {partitions} partitions, {policy}")


def _names(fault: TopicError, topic: str) -> bool:
    return f"topic {topic}:" in str(fault)


def _find_warnings(deployment: Deployment) -> Iterator[Finding]:
    """Yield what works, but not as someone may think."""
    admin, kafka = deployment.admin, deployment.settings.kafka
    topic = kafka.usage_topic
    partitions = count_partitions(admin, topic)
    if partitions != kafka.partitions:
        yield Finding(
            Verdict.WARNING,
            f"{topic}: {partitions} partitions",
            f"kafka.partitions: {kafka.partitions}",
            "set kafka.partitions to what is there, or add partitions",
        )
    if kafka.timestamp_type is TimestampType.LOG_APPEND_TIME:
        yield from _find_short_retention(deployment, topic_options(admin, kafka, topic))


def _find_short_retention(deployment: Deployment, options: Mapping[str, str]) -> Iterator[Finding]:
    """Yield where a job that has lost its state could not read again what repeats may come of."""
    topic, days = (
        deployment.settings.kafka.usage_topic,
        deployment.settings.metering.dedupe_ttl_days,
    )
    expected = f"at least metering.dedupe_ttl_days ({days} days)"
    retention_ms = int(options["retention.ms"])
    if 0 <= retention_ms < days * _DAY_MS:
        yield Finding(
            Verdict.WARNING,
            f"{topic}: records are kept for {retention_ms / _DAY_MS:g} days",
            expected,
            "a job that must begin without its state forgets older records, and counts what is"
            f" sent again of them: {_alter(deployment, f'retention.ms={days * _DAY_MS}')}",
        )
    if int(options["retention.bytes"]) >= 0:
        yield Finding(
            Verdict.WARNING,
            f"{topic}: at most {int(options['retention.bytes']):,} bytes are kept of a partition",
            f"{expected}, however much comes",
            "see to it that so much is enough for so long, or:"
            f" {_alter(deployment, 'retention.bytes=-1')}",
        )


def _alter(deployment: Deployment, option: str) -> str:
    """Return the command that gives the usage topic an option."""
    kafka = deployment.settings.kafka
    return (
        f"kafka-configs.sh --bootstrap-server {kafka.bootstrap_servers} --alter"
        f" --entity-type topics --entity-name {kafka.usage_topic} --add-config {option}"
    )


def check_clock(deployment: Deployment) -> Iterator[Finding]:
    """This machine's clock against that of the brokers' controller, or of the newest record."""
    tolerance_ms = deployment.settings.metering.watermark_slack_ms
    before_us = deployment.now_us()
    theirs_ms = _controller_ms(deployment)
    after_us = deployment.now_us()
    if theirs_ms is None:
        yield _newest_record(deployment, tolerance_ms)
        return
    # The answer was made at some moment in between.
    ahead_ms = (before_us + after_us) / 2000 - theirs_ms
    unsure_ms = (after_us - before_us) / 2000
    side = "ahead of" if ahead_ms > 0 else "behind"
    found = f"{abs(ahead_ms):,.0f} ms {side} the brokers' controller, give or take {unsure_ms:,.0f}"
    remedy = "let a time service (chrony, ntpd) set the clocks of this machine and of the brokers"
    off_ms = abs(ahead_ms) - unsure_ms
    if off_ms > tolerance_ms:
        expected = f"at most metering.watermark_slack_ms ({tolerance_ms} ms)"
        yield Finding(Verdict.FAILED, found, expected, remedy)
    elif off_ms > _WARNED_MS:
        yield Finding(Verdict.WARNING, found, f"at most {_WARNED_MS:,} ms", remedy)
    else:
        yield Finding(Verdict.OK, found)


def _controller_ms(deployment: Deployment) -> int | None:
    """Return the controller's clock; None: it does not tell.

    The leader of the metadata quorum says of itself that it has fetched just now.
    """
    try:
        told = deployment.admin.describe_metadata_quorum()
    except KafkaError:  # No right to ask, or no such quorum: the newest record is looked at.
        return None
    (partition,) = told["topics"][0]["partitions"]
    for voter in partition["current_voters"]:
        if voter["replica_id"] == partition["leader_id"] and voter["last_fetch_timestamp"] > 0:
            return int(voter["last_fetch_timestamp"])
    return None


def _newest_record(deployment: Deployment, tolerance_ms: int) -> Finding:
    """Return what the newest record's time says: it cannot be of the future."""
    kafka = deployment.settings.kafka
    if kafka.timestamp_type is not TimestampType.LOG_APPEND_TIME:
        raise UnmetError("the brokers do not tell their time, and records have their writers'")
    newest_ms = last_log_time_ms(deployment.admin, kafka.usage_topic)
    ahead_ms = newest_ms - deployment.now_us() // 1000
    if ahead_ms > tolerance_ms:
        return Finding(
            Verdict.FAILED,
            f"the newest record of {kafka.usage_topic} is of {ahead_ms:,} ms from now",
            f"at most metering.watermark_slack_ms ({tolerance_ms} ms)",
            "set this machine's clock, or the brokers'",
        )
    raise UnmetError("the brokers do not tell their time; no record is of the future")
