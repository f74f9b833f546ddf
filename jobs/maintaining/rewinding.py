"""Puts all tables of the stream back to a checkpoint, journal first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from iceberg.catalog import open_catalog, open_to_read
from iceberg.creating import check_tables
from iceberg.rewinding import (
    TableRewind,
    UnsafeRewindError,
    plan_rewind,
    rewind_table,
    rewind_tag,
)
from iceberg.rolled_back import RolledBack, find_rolled_back
from iceberg.savepoints import Savepoint
from iceberg.table_changes import ChangeStore, was_done
from iceberg.tables import RAW_EVENTS
from iceberg.writing import CommitConflictError
from jobs import VERSION
from jobs.settings import Settings
from schemas.table_change import ChangeKind, ChangeStatus, TableChange
from udfs.identifying import digest


@dataclass(frozen=True, slots=True)
class RewindDecision:
    """Who puts tables back, why and when."""

    decided_by: str
    reason: str
    decided_at_us: int


@dataclass(frozen=True, slots=True)
class RewindReport:
    """What was done, or would be.

    Attributes:
        savepoint: What the job will be restored from.
        plans: What was done to each table; none: all of them were back already.
        rolled_back: What that takes out.
        change_id: The change in `table_changes`; None: nothing was changed.
        finished: Changes that had been stopped half way and are noted as finished by this one.
    """

    savepoint: Savepoint
    plans: tuple[TableRewind, ...]
    rolled_back: RolledBack
    change_id: str | None
    finished: tuple[str, ...] = ()


def look_at_rewind(
    settings: Settings, savepoint: Savepoint, first_offsets: Callable[[], Sequence[int]]
) -> RewindReport:
    """Return what a rewind would do; nothing is changed.

    Args:
        settings: Name the catalog.
        savepoint: What the job will be restored from.
        first_offsets: Asks the brokers for the first record of each partition of the usage topic.

    Raises:
        UnsafeRewindError: Tables cannot be put back without a loss.
        BrokenRowsError: Rows contradict each other.
        KafkaUnreachableError: The brokers do not answer.
    """
    catalog, namespace = open_to_read(settings.catalog), settings.catalog.namespace
    check_tables(catalog, namespace)
    plans = plan_rewind(catalog, namespace, savepoint)
    rolled_back = find_rolled_back(catalog, namespace, plans)
    if rolled_back.first_offsets:
        _check_log(settings.kafka.usage_topic, rolled_back.first_offsets, first_offsets())
    return RewindReport(savepoint, plans, rolled_back, None)


def rewind_tables(
    settings: Settings,
    savepoint: Savepoint,
    first_offsets: Callable[[], Sequence[int]],
    decision: RewindDecision,
) -> RewindReport:
    """Put the tables back, and say what that did.

    Args:
        settings: Name the catalog.
        savepoint: What the job will be restored from.
        first_offsets: Asks the brokers for the first record of each partition of the usage topic.
        decision: Who wants it, why and when.

    Raises:
        UnsafeRewindError, BrokenRowsError, KafkaUnreachableError: As `look_at_rewind`; nothing is
            changed.
        CommitConflictError: A table was committed to meanwhile. Others may be back by now.
        UnknownCommitError: The catalog gave no clear answer; run it again.
    """
    catalog, namespace = open_catalog(settings.catalog), settings.catalog.namespace
    report = look_at_rewind(settings, savepoint, first_offsets)
    if not report.plans:
        return replace(report, finished=_finish(catalog, namespace))
    heads = [f"{plan.table.name}:{plan.head_id}" for plan in report.plans]
    change_id = digest("rewind", str(savepoint.checkpoint_id), *heads)
    tag = rewind_tag(change_id, savepoint.checkpoint_id)
    started = [
        TableChange(
            change_id,
            plan.table.name,
            ChangeStatus.STARTED,
            ChangeKind.REWIND,
            savepoint.checkpoint_id,
            plan.head_id,
            plan.target_id,
            tag,
            decision.decided_by,
            decision.reason,
            decision.decided_at_us,
        )
        for plan in report.plans
    ]
    changes = ChangeStore(catalog, namespace)
    if all(each.change_id != change_id for each in changes.read()):
        changes.append(started, VERSION)
    for plan in report.plans:
        rewind_table(catalog, namespace, plan, tag)
    left = plan_rewind(catalog, namespace, savepoint)
    if left:
        raise CommitConflictError(
            f"table {left[0].table.name}: expected no commit after the rewind, found one of job"
            f" {left[0].last.job_id}; stop it, and run this again"
        )
    finished = _finish(catalog, namespace)
    return replace(
        report,
        change_id=change_id,
        finished=tuple(each for each in finished if each != change_id),
    )


def _finish(catalog: Any, namespace: str) -> tuple[str, ...]:
    """Note that changes which took place are finished; return their ids, the oldest first."""
    changes = ChangeStore(catalog, namespace)
    rows = changes.read()
    noted = {
        (each.change_id, each.table_name) for each in rows if each.status is ChangeStatus.FINISHED
    }
    done = [
        replace(each, status=ChangeStatus.FINISHED)
        for each in rows
        if (each.change_id, each.table_name) not in noted
        and was_done(catalog.load_table((namespace, each.table_name)), each)
    ]
    if done:
        changes.append(done, VERSION)
    return tuple(dict.fromkeys(each.change_id for each in done))


def _check_log(topic: str, needed: Mapping[int, int], first: Sequence[int]) -> None:
    """Refuse where the brokers have deleted what would have to be read again."""
    for partition, offset in needed.items():
        if partition >= len(first) or first[partition] > offset:
            found = f"{first[partition]}" if partition < len(first) else "no such partition"
            raise UnsafeRewindError(
                f"topic {topic}, partition {partition}: expected the record at offset {offset},"
                f" which {RAW_EVENTS.name} would lose, to be there still, found the first one at"
                f" {found}; only a later checkpoint can be restored"
            )
