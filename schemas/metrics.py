"""The catalogue of metrics that dashboards and alerts may use, but those of service levels.

Service levels make their own metrics, by `jobs.service_levels.rendering_prometheus`. A test holds
the catalogue against what a running job tells.
"""

from __future__ import annotations

from schemas.metric import Metric, MetricKind, MetricSource

_GAUGE, _COUNTER = MetricKind.GAUGE, MetricKind.COUNTER
_OPERATOR = "flink_taskmanager_job_task_operator"
_SUBTASK = ("job_name", "operator_name", "subtask_index")
_OF_TABLE = ("job_name", "table")
_COMMITTER = f"{_OPERATOR}_IcebergFilesCommitter_table"


def _own(name: str, unit: str, doc: str) -> Metric:
    return Metric(f"{_OPERATOR}_{name}", MetricSource.JOB, _COUNTER, unit, _SUBTASK, doc)


def _job(name: str, kind: MetricKind, unit: str, doc: str) -> Metric:
    name = f"flink_jobmanager_job_{name}"
    return Metric(name, MetricSource.FLINK, kind, unit, ("job_name",), doc)


def _flink(name: str, unit: str, labels: tuple[str, ...], doc: str) -> Metric:
    return Metric(name, MetricSource.FLINK, _GAUGE, unit, labels, doc)


def _commits(name: str, unit: str, labels: tuple[str, ...], doc: str) -> Metric:
    return Metric(name, MetricSource.COMMITS, _GAUGE, unit, labels, doc)


def _business(name: str, unit: str, labels: tuple[str, ...], doc: str) -> Metric:
    name = f"meterclose_{name}"
    return Metric(name, MetricSource.LEVELS, _GAUGE, unit, labels, doc)


JOB_METRICS = (
    _own("counted_events", "events", "Events that counted, once for each meter."),
    _own("late_events", "events", "Those of them that came after the cut of their period."),
    _own("closed_rows", "rows", "Rows of closed usage."),
    _own("corrected_rows", "rows", "Rows of usage corrections."),
    _own("expired_rows", "rows", "Rows of usage that came after the correction horizon."),
    _own("unassigned_rows", "rows", "Rows of usage without an account or a billing period."),
    _own("overflowed_meters", "rows", "Meters whose dimensions had too many values."),
    _own("taken_accounts", "records", "Records of accounts that were taken."),
    _own("rejected_accounts", "records", "Records of accounts that were refused."),
    _own("budget_alerts", "alerts", "Thresholds of budgets that were reached."),
)
"""What the job's own operators count. One that has counted nothing yet is not there."""

FLINK_METRICS = (
    _job("uptime", _GAUGE, "milliseconds", "Since the job runs without interruption; else 0."),
    _job("numRestarts", _COUNTER, "restarts", "Restarts of the job since it was submitted."),
    _job(
        "numberOfCompletedCheckpoints", _COUNTER, "checkpoints", "Checkpoints that were completed."
    ),
    _job("numberOfFailedCheckpoints", _COUNTER, "checkpoints", "Checkpoints that failed."),
    _job(
        "lastCheckpointCompletedTimestamp",
        _GAUGE,
        "milliseconds",
        "When the last checkpoint was completed, since 1970.",
    ),
    _job("lastCheckpointDuration", _GAUGE, "milliseconds", "How long the last checkpoint took."),
    _job("lastCheckpointFullSize", _GAUGE, "bytes", "Size of all state in the last checkpoint."),
    _flink(
        f"{_OPERATOR}_currentOutputWatermark",
        "milliseconds",
        _SUBTASK,
        "Log time up to which an operator has seen all, since 1970. That of meter_periods says how"
        " far billing has come; -9223372036854775808 before the first.",
    ),
    _flink(
        f"{_OPERATOR}_pendingRecords",
        "records",
        _SUBTASK,
        "Records of the topic that the source has not read yet.",
    ),
    _flink(
        "flink_taskmanager_job_task_busyTimeMsPerSecond",
        "milliseconds",
        ("job_name", "task_name", "subtask_index"),
        "Share of a second in which a task works; 1000 all the time.",
    ),
    _flink(
        "flink_taskmanager_job_task_backPressuredTimeMsPerSecond",
        "milliseconds",
        ("job_name", "task_name", "subtask_index"),
        "Share of a second in which a task waits for the one after it.",
    ),
    _flink(
        f"{_COMMITTER}_elapsedSecondsSinceLastSuccessfulCommit",
        "seconds",
        _OF_TABLE,
        "Since the job's last commit to a table, of the subtask that commits; the others count from"
        " their start on. A table without rows is committed to at each tenth checkpoint.",
    ),
    _flink(
        f"{_COMMITTER}_lastCommitDurationMs",
        "milliseconds",
        _OF_TABLE,
        "How long that commit took.",
    ),
    _flink("flink_taskmanager_Status_JVM_Memory_Heap_Used", "bytes", ("tm_id",), "Heap in use."),
    _flink("flink_taskmanager_Status_JVM_Memory_Heap_Max", "bytes", ("tm_id",), "Heap at most."),
    _flink("flink_jobmanager_numRegisteredTaskManagers", "processes", (), "TaskManagers there."),
)
"""What Flink, its Kafka source and its Iceberg sink tell, as far as anybody here asks for it."""

COMMIT_METRICS = (
    _commits(
        "meterclose_commit_age_seconds",
        "seconds",
        ("table",),
        "Seconds since the metering job's last commit to the table.",
    ),
    _commits(
        "meterclose_commit_checkpoint",
        "checkpoints",
        ("table",),
        "Checkpoint of the metering job's last commit to the table.",
    ),
    _commits(
        "meterclose_commit_behind_checkpoints",
        "checkpoints",
        ("table",),
        "Checkpoints that the table stands behind the one that is furthest.",
    ),
    _commits(
        "meterclose_commits_repeated",
        "commits",
        ("table",),
        "Commits that came twice, or from a second job, among the snapshots that are kept.",
    ),
    _commits("meterclose_commit_faults", "faults", (), "Faults that check_commits found."),
)
"""What `jobs.check_commits --prometheus` prints."""

BUSINESS_METRICS = (
    _business(
        "usage_events", "events", ("meter",), "Events in closed usage and its corrections, in all."
    ),
    _business("usage_corrections", "rows", ("meter",), "Corrections of closed usage, in all."),
    _business(
        "usage_quantity",
        "the meter's",
        ("meter", "unit"),
        "Closed usage with its corrections over all accounts and periods, of meters that count or"
        " add up.",
    ),
    _business(
        "charged_minor",
        "minor units",
        ("currency", "product", "kind"),
        "What all charges come to, in minor units of the currency.",
    ),
    _business(
        "corrected_minor",
        "minor units",
        ("currency", "product"),
        "What charges add that correct a period after it was charged.",
    ),
)
"""What was used and charged in all, by `jobs.measure_service`."""
