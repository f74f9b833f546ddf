"""The tables of accounts that the stream writes, declared as those of `iceberg.tables`."""

from iceberg.columns import JOB_VERSION
from iceberg.table import Column, Table
from schemas.content import Content

ACCOUNTS = Table(
    name="accounts",
    doc="Records of the accounts topic that the job took; an account's last one holds.",
    content=Content.RECORDS,
    columns=(
        Column("account_id", "string", "The record's Kafka key."),
        Column("kafka_partition", "int", "Partition of the accounts topic."),
        Column("kafka_offset", "long", "Offset in the partition."),
        Column("log_time", "timestamptz", "The record's Kafka timestamp."),
        Column("terms", "string", "The record's value: terms and budgets."),
        JOB_VERSION,
    ),
    key=("kafka_partition", "kafka_offset"),
    partition_by="log_time",
)

REJECTED_ACCOUNTS = Table(
    name="rejected_accounts",
    doc="Records of the accounts topic that cannot be used; the account keeps its former terms.",
    content=Content.RECORDS,
    columns=(
        Column("account_id", "string", "The record's Kafka key."),
        Column(
            "reason",
            "string",
            "bad_terms, bad_budget, key_mismatch, off_window, too_late or tombstone.",
        ),
        Column("detail", "string", "What was expected and found, in one line."),
        Column("kafka_partition", "int", "Partition of the accounts topic."),
        Column("kafka_offset", "long", "Offset in the partition."),
        Column("log_time", "timestamptz", "The record's Kafka timestamp."),
        Column("terms", "string", "The record's value; null for a tombstone.", required=False),
        JOB_VERSION,
    ),
    key=("kafka_partition", "kafka_offset"),
    partition_by="log_time",
)
