"""Refuses settings that read well one by one but lose or repeat usage when run."""

import re

from jobs.settings.shapes import CatalogType, Settings, SettingsError, mask_secret
from udfs.pseudonymizing import LEAST_RECORD_BYTES

# Flink options the job depends on: the only value allowed, and why.
REQUIRED_OPTIONS = {
    "execution.runtime-mode": ("STREAMING", "periods close by event-time timers"),
    "execution.checkpointing.mode": ("EXACTLY_ONCE", "totals are exact"),
    "execution.checkpointing.max-concurrent-checkpoints": ("1", "Iceberg commits in order"),
    "execution.checkpointing.unaligned.enabled": ("false", "Iceberg's sink loses rows otherwise"),
    "execution.checkpointing.unaligned": ("false", "Iceberg's sink loses rows otherwise"),
    "execution.checkpointing.unaligned.forced": ("false", "Iceberg's sink loses rows otherwise"),
    "pipeline.auto-generate-uids": ("true", "PyFlink's own operators cannot be given uids"),
    "table.exec.uid.generation": ("ALWAYS", "the dedupe state must be found after a restore"),
    "table.exec.source.idle-timeout": ("0 ms", "an unreadable partition must hold time"),
    "table.exec.mini-batch.enabled": ("false", "it swallows watermarks"),
    "table.local-time-zone": ("UTC", "instants are UTC"),
}
# Flink options that have a setting of their own: two places would contradict each other.
OWNED_OPTIONS = {
    "parallelism.default": "flink.parallelism",
    "pipeline.max-parallelism": "flink.max_parallelism",
    "execution.checkpointing.interval": "flink.checkpoint_interval_ms",
    "execution.checkpointing.dir": "flink.checkpoint_dir",
    "state.checkpoints.dir": "flink.checkpoint_dir",
    "python.execution-mode": "flink.execution_mode",
    "table.exec.state.ttl": "metering.dedupe_ttl_days",
}
OWNED_KAFKA_PROPERTIES = {
    "bootstrap.servers": "kafka.bootstrap_servers",
}
_URI_FORMS = {
    CatalogType.SQLITE: (r"(?!file:|jdbc:|sqlite:)[^?]+", "the path of a database file"),
    CatalogType.JDBC: (r"jdbc:postgresql://.+", "jdbc:postgresql://host/database"),
    CatalogType.REST: (r"https?://.+", "http://... or https://..."),
}

# Part of tables' names in SQL, and of folders.
_NAMESPACE = re.compile(r"(?=.{1,128}\Z)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_NAMESPACE_FORM = "letters, digits, _ and -, such as billing or eu.billing"


def check_settings(settings: Settings, where: str) -> None:
    """Raise a SettingsError for the first setting that contradicts another or breaks a guard."""
    for option, value in settings.flink.properties.items():
        if option in OWNED_OPTIONS:
            place = f"the setting {OWNED_OPTIONS[option]}"
            raise SettingsError("refused option", f"{where} flink.properties", place, option)
        required, reason = REQUIRED_OPTIONS.get(option, (value, ""))
        if value.lower() != required.lower():
            expected = f"{option}: {required} ({reason})"
            raise SettingsError("refused option", f"{where} flink.properties", expected, value)
    for option in settings.kafka.properties:
        if option in OWNED_KAFKA_PROPERTIES:
            place = f"the setting {OWNED_KAFKA_PROPERTIES[option]}"
            raise SettingsError("refused property", f"{where} kafka.properties", place, option)
    form, expected = _URI_FORMS[settings.catalog.type]
    if not re.fullmatch(form, settings.catalog.uri):
        found = str(mask_secret("uri", settings.catalog.uri))
        what = f"{expected} for a {settings.catalog.type} catalog"
        raise SettingsError("bad value", f"{where} catalog.uri", what, found)
    if not _NAMESPACE.fullmatch(settings.catalog.namespace):
        found = repr(settings.catalog.namespace)
        raise SettingsError("bad value", f"{where} catalog.namespace", _NAMESPACE_FORM, found)
    if settings.flink.max_parallelism < settings.flink.parallelism:
        expected = f"at least flink.parallelism ({settings.flink.parallelism})"
        found = str(settings.flink.max_parallelism)
        raise SettingsError("bad value", f"{where} flink.max_parallelism", expected, found)
    if settings.metering.correction_bucket_s % settings.metering.log_window_s:
        expected = f"a multiple of metering.log_window_s ({settings.metering.log_window_s})"
        found = str(settings.metering.correction_bucket_s)
        raise SettingsError("bad value", f"{where} metering.correction_bucket_s", expected, found)
    _check_topics(settings, where)
    least = LEAST_RECORD_BYTES if settings.privacy else 1
    if settings.metering.max_record_bytes < least:
        expected = f"at least {least} with a section privacy"
        found = str(settings.metering.max_record_bytes)
        raise SettingsError("bad value", f"{where} metering.max_record_bytes", expected, found)


def _check_topics(settings: Settings, where: str) -> None:
    """Refuse two uses of one topic."""
    names = ("usage_topic", "accounts_topic", "totals_topic", "alerts_topic")
    used = {f"kafka.{name}": getattr(settings.kafka, name) for name in names}
    if settings.privacy is not None:
        used["privacy.intake_topic"] = settings.privacy.intake_topic
    topics: dict[str, str] = {}
    for name, topic in used.items():
        if topic in topics:
            expected = f"another topic than {topics[topic]}"
            raise SettingsError("bad value", f"{where} {name}", expected, topic)
        topics[topic] = name
