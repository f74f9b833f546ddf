"""The configuration of every program: one strict YAML file, its meters, accounts and prices."""

from jobs.settings.accounts import load_accounts
from jobs.settings.contracts import load_contracts
from jobs.settings.instants import read_instant
from jobs.settings.invoicing import load_invoicing
from jobs.settings.loading import load_kafka, load_settings
from jobs.settings.meters import load_meters
from jobs.settings.privacy import check_rules, master_key_of
from jobs.settings.rate_cards import load_rate_cards
from jobs.settings.shapes import (
    DEDUPE_TTL_DAYS,
    CatalogSettings,
    CatalogType,
    ExecutionMode,
    FlinkSettings,
    KafkaSettings,
    MeteringSettings,
    PrivacySettings,
    Settings,
    SettingsError,
    TimestampType,
)

__all__ = [
    "DEDUPE_TTL_DAYS",
    "CatalogSettings",
    "CatalogType",
    "ExecutionMode",
    "FlinkSettings",
    "KafkaSettings",
    "MeteringSettings",
    "PrivacySettings",
    "Settings",
    "SettingsError",
    "TimestampType",
    "check_rules",
    "load_accounts",
    "load_contracts",
    "load_invoicing",
    "load_kafka",
    "load_meters",
    "load_rate_cards",
    "load_settings",
    "master_key_of",
    "read_instant",
]
