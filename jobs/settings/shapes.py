"""The shapes of the settings: what a settings file may say, with its defaults and limits.

Each field is one key of the file; its default is the dataclass default, and a field without
default must be given. Limits stand in the field's metadata: the reader checks what it finds here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path

from schemas.privacy import PrivacyRules

DEDUPE_TTL_DAYS = 35
SECRET_NAME = re.compile(
    r"password|passwd|secret|jaas|token|credential"
    r"|access[-._]key|private[-._]key|master[-._]key|keystore[-._]key$",
    re.IGNORECASE,
)
_SHOWN = 300
_PASSWORD_IN_URI = re.compile(r"(://[^/\s:@]*:)[^/\s@]+(@)|([?&]password=)[^&\s]+")


class SettingsError(Exception):
    """The configuration is wrong; the message is one line: what, where: expected, found."""

    def __init__(self, what: str, where: str, expected: str, found: str) -> None:
        """Join the parts to one line of printable text; `found` must not hold a secret.

        A long `found` is cut short.
        """
        if len(found) > _SHOWN:
            found = f"{found[: _SHOWN - 3]}..."
        line = " ".join(f"{what}, {where}: expected {expected}, found {found}".split())
        # Files come from outside: no terminal should do what they say.
        shown = (each if each.isprintable() else ascii(each)[1:-1] for each in line)
        super().__init__("".join(shown))


class TimestampType(StrEnum):
    """Who gives a record its Kafka timestamp: the broker (live) or the writer (import)."""

    LOG_APPEND_TIME = "LogAppendTime"
    CREATE_TIME = "CreateTime"


class CatalogType(StrEnum):
    """The kinds of Iceberg catalog that Flink and PyIceberg both reach."""

    SQLITE = "sqlite"
    JDBC = "jdbc"
    REST = "rest"


class ExecutionMode(StrEnum):
    """Where Flink runs Python: beside the JVM or inside it."""

    PROCESS = "process"
    THREAD = "thread"


def mask_secret(name: str, value: object) -> object:
    """Return the value, or `***` where its name or its form shows that it holds a secret."""
    if SECRET_NAME.search(name):
        return "***"
    if isinstance(value, str):
        return _PASSWORD_IN_URI.sub(lambda m: f"{m[1]}***{m[2]}" if m[1] else f"{m[3]}***", value)
    if isinstance(value, Mapping):
        return {key: mask_secret(key, value[key]) for key in value}
    return value


class _Masked:
    """Gives a dataclass a repr without secrets, so that logging settings is safe."""

    __slots__ = ()

    def __repr__(self) -> str:
        values = [(f.name, getattr(self, f.name)) for f in fields(self)]  # type: ignore[arg-type]
        shown = ", ".join(f"{name}={mask_secret(name, value)!r}" for name, value in values)
        return f"{type(self).__name__}({shown})"


def _at_least(minimum: int) -> dict[str, int]:
    return {"minimum": minimum}


def _between(minimum: int, maximum: int) -> dict[str, int]:
    return {"minimum": minimum, "maximum": maximum}


def _one_of(*choices: int) -> dict[str, tuple[int, ...]]:
    return {"choices": choices}


@dataclass(frozen=True, slots=True, repr=False)
class KafkaSettings(_Masked):
    """The brokers and topics; `properties` are Java client names, given to every client."""

    bootstrap_servers: str
    usage_topic: str = "usage-events"
    accounts_topic: str = "accounts"
    timestamp_type: TimestampType = TimestampType.LOG_APPEND_TIME
    partitions: int = field(default=4, metadata=_at_least(1))
    totals_topic: str = "running-totals"
    alerts_topic: str = "budget-alerts"
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, repr=False)
class CatalogSettings(_Masked):
    """The Iceberg catalog.

    `uri` is the path of the database file for sqlite, `jdbc:postgresql://host/database` for jdbc
    and `https://host/path` for rest. `warehouse` is a URI; a plain path becomes a `file://` URI.
    Relative paths of both start at the settings file's folder and are absolute here. With
    `read_only` every program that writes tables refuses to start.
    """

    uri: str
    warehouse: str = field(metadata={"location": True})
    name: str = "meterclose"
    namespace: str = "billing"
    type: CatalogType = CatalogType.SQLITE
    read_only: bool = False
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, repr=False)
class MeteringSettings(_Masked):
    """The rules' numbers; each unit is the name's last word. `meters_file` is absolute."""

    meters_file: Path
    watermark_slack_ms: int = field(default=5000, metadata=_between(0, 86_400_000))
    log_window_s: int = field(default=10, metadata=_between(1, 3600))
    event_window_s: int = field(default=60, metadata=_one_of(1, 60, 3600))
    max_event_age_days: int = field(default=400, metadata=_at_least(1))
    max_event_skew_s: int = field(default=3600, metadata=_at_least(0))
    correction_bucket_s: int = field(default=3600, metadata=_at_least(1))
    unknown_account_wait_s: int = field(default=86_400, metadata=_at_least(0))
    account_buckets: int = field(default=720, metadata=_between(1, 1_000_000))
    close_jitter_s: int = field(default=0, metadata=_at_least(0))
    # The plan has it as an interval of three digits of days.
    dedupe_ttl_days: int = field(default=DEDUPE_TTL_DAYS, metadata=_between(1, 999))
    keep_windows: bool = True
    running_totals: bool = True
    max_record_bytes: int = field(default=65_536, metadata=_between(1, 1_048_576))


@dataclass(frozen=True, slots=True, repr=False)
class FlinkSettings(_Masked):
    """The engine; `properties` are Flink options, passed on except where they break a guard.

    `checkpoint_dir` is a URI; a plain path becomes a `file://` URI.
    """

    checkpoint_dir: str = field(metadata={"location": True})
    parallelism: int = field(default=2, metadata=_at_least(1))
    max_parallelism: int = field(default=360, metadata=_between(1, 32_768))
    checkpoint_interval_ms: int = field(default=10_000, metadata=_at_least(100))
    execution_mode: ExecutionMode = ExecutionMode.PROCESS
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, repr=False)
class PrivacySettings(_Masked):
    """How personal data is kept out of what is metered; see `schemas.privacy` for the rules.

    `key_store` is the absolute path of a SQLite file, or `postgresql://host/database`. The secret
    `master_key` comes from the environment alone, and is empty where it is not set.
    """

    intake_topic: str
    key_store: str
    rules: PrivacyRules
    group: str = "meterclose-privacy"
    intake_retention_h: int = field(default=24, metadata=_between(1, 8760))
    key_recheck_s: int = field(default=10, metadata=_between(1, 3600))
    master_key: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a program reads at its start; printing it shows no secret.

    `privacy` is None where the file has no such section.
    """

    kafka: KafkaSettings
    catalog: CatalogSettings
    metering: MeteringSettings
    flink: FlinkSettings
    privacy: PrivacySettings | None = None
