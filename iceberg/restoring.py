"""Refuses a start of the job whose state and whose tables do not tell of the same records.

Iceberg's sink drops, or writes a second time, what a job restored from an older savepoint commits;
and a job without state over tables that were written meters everything again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pyiceberg.catalog import Catalog
from pyiceberg.table import Table as IcebergTable

from iceberg.flink_commits import FlinkCommit, commits_of, newest_run
from iceberg.savepoints import Savepoint
from iceberg.table_changes import ChangeStore, is_last, was_done
from iceberg.tables import STREAM_TABLES
from schemas.instant import to_text

_REWIND = "python -m jobs.rewind_tables"


class RefusedStartError(Exception):
    """The job must not start like this over these tables; one line that says what to do."""


@dataclass(frozen=True, slots=True)
class JobStart:
    """How a job is about to start.

    Attributes:
        savepoint: What it is restored from; None: it has no state.
        adopts_tables: Whether someone wants it to begin without state over tables with rows.
    """

    savepoint: Savepoint | None
    adopts_tables: bool = False


def goes_on(catalog: Catalog, namespace: str, job_id: str, is_last_state: bool) -> bool:
    """Tell whether a job is only going on, so that nothing that it was started from matters.

    With high availability Flink itself finds the last checkpoint of a job by its fixed id.

    Args:
        catalog: Has all tables.
        namespace: Where they are.
        job_id: The fixed id; empty: there is none.
        is_last_state: Whether Flink is told to restore from nothing but that checkpoint. It may be
            one before the job's first commit.

    Raises:
        RefusedStartError: It is, and another job has written the tables since this one did.
    """
    if not job_id:
        return False
    written = [found for found in _all_commits(catalog, namespace).values() if found]
    if any(each[0].job_id == job_id for each in written):
        return True
    if is_last_state and any(each.job_id == job_id for found in written for each in found):
        last = max((each[0] for each in written), key=lambda each: each.at_ms)
        raise RefusedStartError(
            f"last state, namespace {namespace}: expected the last commit to be of job {job_id},"
            f" found one of {_shown(last)}; stop that job if it runs and restore its newest"
            " savepoint or checkpoint"
        )
    return is_last_state


def check_start(catalog: Catalog, namespace: str, start: JobStart) -> None:
    """Raise a RefusedStartError where state and tables do not fit each other.

    Args:
        catalog: Has all tables.
        namespace: Where they are.
        start: How the job is about to start.

    Raises:
        RefusedStartError: The tables tell of a later checkpoint than the savepoint, or were put
            back to an earlier one; or there is no state, and they were written.
    """
    tables = _open_tables(catalog, namespace)
    commits = {name: commits_of(table) for name, table in tables.items()}
    if start.savepoint is None:
        if not start.adopts_tables:
            _check_empty(namespace, tables, commits)
        return
    _check_reached(start.savepoint, commits)
    _check_job(start.savepoint, commits)
    _check_put_back(catalog, namespace, start.savepoint, tables)


def _open_tables(catalog: Catalog, namespace: str) -> dict[str, IcebergTable]:
    return {table.name: catalog.load_table((namespace, table.name)) for table in STREAM_TABLES}


def _all_commits(catalog: Catalog, namespace: str) -> dict[str, list[FlinkCommit]]:
    return {name: commits_of(table) for name, table in _open_tables(catalog, namespace).items()}


def _check_empty(
    namespace: str,
    tables: Mapping[str, IcebergTable],
    commits: Mapping[str, list[FlinkCommit]],
) -> None:
    for name, table in tables.items():
        if table.current_snapshot() is not None:
            by = f" of {_shown(commits[name][0])}" if commits[name] else ""
            raise RefusedStartError(
                f"start without state, table {name} of namespace {namespace}: expected no rows,"
                f" found a commit{by}; restore the newest savepoint or checkpoint (flink run -s"
                " PATH), or take new tables; --adopt-tables begins anew over these"
            )


def _check_reached(savepoint: Savepoint, commits: Mapping[str, list[FlinkCommit]]) -> None:
    for name, last in _lasts(commits):
        if last.checkpoint_id > savepoint.checkpoint_id:
            raise RefusedStartError(
                f"savepoint, {savepoint.path}: expected checkpoint {last.checkpoint_id} or later,"
                f" as table {name} has a commit of {_shown(last)}, found checkpoint"
                f" {savepoint.checkpoint_id}; stop that job if it runs and restore its newest"
                f" savepoint or checkpoint, or put the tables back: {_REWIND} --to"
                f" {savepoint.path}"
            )


def _check_job(savepoint: Savepoint, commits: Mapping[str, list[FlinkCommit]]) -> None:
    """Refuse a savepoint of before a job that counted its checkpoints from the beginning."""
    if not savepoint.job_id:
        return
    for name, found in commits.items():
        run = newest_run(found)
        is_older = any(each.job_id.startswith(savepoint.job_id) for each in found[len(run) :])
        if is_older and not any(each.job_id.startswith(savepoint.job_id) for each in run):
            raise RefusedStartError(
                f"savepoint, {savepoint.path}: expected one of the jobs since {_shown(run[-1])},"
                f" with which table {name} was begun anew, found one of job {savepoint.job_id};"
                " restore the newest savepoint or checkpoint"
            )


def _check_put_back(
    catalog: Catalog,
    namespace: str,
    savepoint: Savepoint,
    tables: Mapping[str, IcebergTable],
) -> None:
    for change in reversed(ChangeStore(catalog, namespace).read()):
        table = tables.get(change.table_name)
        if table is None or not was_done(table, change) or not is_last(table, change):
            continue
        if change.checkpoint_id < savepoint.checkpoint_id:
            raise RefusedStartError(
                f"savepoint, {savepoint.path}: expected checkpoint {change.checkpoint_id}, as table"
                f" {change.table_name} was put back to it at {to_text(change.decided_at_us)}, found"
                f" checkpoint {savepoint.checkpoint_id}; restore that one; if the rewind was"
                " stopped half way, run it again first"
            )


def _lasts(commits: Mapping[str, list[FlinkCommit]]) -> Iterator[tuple[str, FlinkCommit]]:
    """Yield the tables with their last commits, the latest checkpoint first."""
    written = [(name, found[0]) for name, found in commits.items() if found]
    yield from sorted(written, key=lambda each: (-each[1].checkpoint_id, each[0]))


def _shown(commit: FlinkCommit) -> str:
    job = commit.job_id or "unknown"
    at = to_text(commit.at_ms * 1000)
    return f"checkpoint {commit.checkpoint_id} by job {job} at {at}"
