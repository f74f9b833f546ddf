"""The tables that people's decisions write, declared as those of `iceberg.tables`.

The stream never writes here, and the programs never write there: no revision number, and no
commit, is fought over.
"""

from iceberg.columns import (
    AGGREGATION,
    EVENT_TIMES,
    JOB_VERSION,
    KAFKA_PLACE,
    METERED,
    PAYLOAD,
    PERIOD,
    ROW_ID,
    TERMS_VERSION,
    UNIT,
)
from iceberg.table import Column, Table
from schemas.content import Content

BROUGHT_BACK_USAGE = Table(
    name="brought_back_usage",
    doc="Usage that a person brought back, or adjusted: it counts in its period's total.",
    content=Content.USAGE,
    columns=(
        ROW_ID,
        Column(
            "source_table",
            "string",
            "Where it stood: expired_usage, unassigned_usage or usage_adjustments.",
        ),
        Column("source_row_id", "string", "Its row there, brought back once."),
        *METERED,
        *PERIOD,
        AGGREGATION,
        Column(
            "quantity", "decimal(38,9)", "Greatest or least units, or the sum; see event_count."
        ),
        UNIT,
        Column("event_count", "long", "How many events; below zero, as quantity, if taken back."),
        *EVENT_TIMES,
        Column(
            "terms_version",
            "int",
            "Version of the terms that gave the period; null where the row expired in it.",
            required=False,
        ),
        Column("decided_by", "string", "Who brought it back."),
        Column("reason", "string", "Why, in the words of that person."),
        Column("decided_at", "timestamptz", "When, by the clock of the program."),
        JOB_VERSION,
    ),
    key=("source_row_id",),
    partition_by="decided_at",
)

FREEZES = Table(
    name="freezes",
    doc="Freezes of billing: one row when charges of accounts begin to wait, one when it is over.",
    content=Content.OPERATIONS,
    columns=(
        Column("freeze_id", "string", "The freeze that begins, or that is lifted."),
        Column("action", "string", "freeze or lift."),
        Column("account_ids", "string", "Whose charges wait, canonical JSON list; []: all."),
        Column("meter_ids", "string", "Only periods priced by these meters, the same; []: all."),
        Column(
            "since",
            "timestamptz",
            "Periods that end after it; null: from the first.",
            required=False,
        ),
        Column(
            "until", "timestamptz", "Periods that start before it; null: all later.", required=False
        ),
        Column("decided_by", "string", "Who decided."),
        Column("reason", "string", "Why, in the words of that person."),
        Column("decided_at", "timestamptz", "When, by the clock of the program."),
        JOB_VERSION,
    ),
    key=("freeze_id", "action"),
    partition_by="decided_at",
)

USAGE_ADJUSTMENTS = Table(
    name="usage_adjustments",
    doc="Corrections that a person approved; each counts once brought_back_usage names it.",
    content=Content.USAGE,
    columns=(
        ROW_ID,
        Column("kind", "string", "Why, from a closed list (schemas/usage_adjustment.py)."),
        *METERED,
        *PERIOD,
        AGGREGATION,
        Column("quantity", "decimal(38,9)", "Greatest or least units, or the sum that is added."),
        UNIT,
        Column("event_count", "long", "How many events; below zero where they are taken out."),
        *EVENT_TIMES,
        TERMS_VERSION,
        Column("is_taken_out", "boolean", "Whether events are taken out of the total."),
        Column(
            "events",
            "string",
            "Canonical JSON: source, id, partition, offset and index in batch (-1: none) of each.",
        ),
        Column("proposal_id", "string", "Hash of the proposal that was approved."),
        Column("decided_by", "string", "Who approved it."),
        Column("reason", "string", "Why, in the words of that person."),
        Column("decided_at", "timestamptz", "When, by the clock of the program."),
        JOB_VERSION,
    ),
    key=("row_id",),
    partition_by="decided_at",
)

BACKFILLED_EVENTS = Table(
    name="backfilled_events",
    doc="Records of the usage topic that the job never archived, read again from Kafka.",
    content=Content.RECORDS,
    columns=(
        *KAFKA_PLACE,
        Column("record_key", "string", "The record's Kafka key.", required=False),
        PAYLOAD,
    ),
    key=("kafka_partition", "kafka_offset"),
    partition_by="log_time",
)

MANUAL_ACTS = Table(
    name="manual_acts",
    doc="Log of what people decided: a row before each act, one after it; a hash chain, never cut.",
    content=Content.OPERATIONS,
    columns=(
        Column("entry_no", "long", "Place of the row in the hash chain, from 0."),
        Column("act_id", "string", "The act: the same in its two rows."),
        Column("kind", "string", "What is done, from a closed list (schemas/manual_act.py)."),
        Column("outcome", "string", "begun, then done or failed; begun alone: it was stopped."),
        Column("decided_by", "string", "Who decided, in the words of the caller."),
        Column("reason", "string", "Why, in the words of the caller."),
        Column("program", "string", "What does it, such as jobs.freeze_billing."),
        Column("about", "string", "Compact JSON: what it is about; at its end what it came to."),
        Column("message", "string", "Why it failed; null: it did not.", required=False),
        Column("at", "timestamptz", "When, by the clock of the program."),
        JOB_VERSION,
        Column("previous_hash", "string", "Hash of the row before; of the first 64 zeros."),
        Column("entry_hash", "string", "SHA-256 over previous_hash and the row, 64 hex digits."),
    ),
    key=("act_id", "outcome"),
    partition_by="at",
)

REPAIRED_USAGE: tuple[Table, ...] = (BROUGHT_BACK_USAGE, USAGE_ADJUSTMENTS, BACKFILLED_EVENTS)
"""What people add to the usage that the stream has written."""
