"""Commits that stay out, tables that stay behind, and second writers are found."""

from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog

from iceberg import commit_ages
from iceberg.change_tables import ACCEPTED_COMMITS
from iceberg.commit_ages import find_faults, read_ages
from iceberg.flink_commits import commits_of
from iceberg.tables import CLOSED_USAGE, RAW_EVENTS
from tests.iceberg.filling import append, flink_summary
from tests.iceberg.maintained import load, open_some, receive
from tests.iceberg.rows import row_of


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """Two tables that a job writes."""
    monkeypatch.setattr(commit_ages, "STREAM_TABLES", (RAW_EVENTS, CLOSED_USAGE))
    return open_some(tmp_path, [RAW_EVENTS, CLOSED_USAGE, ACCEPTED_COMMITS])


def _close(catalog: Catalog, checkpoint_id: int, job_id: str = "job") -> None:
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)], flink_summary(checkpoint_id, job_id))


def _faults(catalog: Catalog, later_ms: int = 0, max_age_ms: int = 60_000) -> list[str]:
    commits = [
        each for table in (RAW_EVENTS, CLOSED_USAGE) for each in commits_of(load(catalog, table))
    ]
    now_ms = max((each.at_ms for each in commits), default=0) + later_ms
    return list(find_faults(read_ages(catalog, "billing", now_ms), max_age_ms))


def test_no_commit_at_all(catalog: Catalog) -> None:
    """The job never came to its first checkpoint."""
    assert _faults(catalog) == ["tables: expected a commit of the job, found none in any"]


def test_commits_that_stay_out(catalog: Catalog) -> None:
    """The youngest commit of all tables is too old."""
    receive(catalog, 12)
    _close(catalog, 9)
    assert _faults(catalog, 60_000) == []
    (fault,) = _faults(catalog, 60_001)
    assert (
        fault == "tables: expected a commit of the job within 60 s, found the last one 60.001 s ago"
    )


def test_an_idle_table_commits_each_tenth_checkpoint(catalog: Catalog) -> None:
    """So it may be ten behind, and no more; or never have committed, up to the tenth."""
    receive(catalog, 10)
    assert _faults(catalog, max_age_ms=-1)[1:] == []
    receive(catalog, 11)
    assert _faults(catalog, max_age_ms=-1)[1:] == [
        "table closed_usage: expected a commit of checkpoint 1 or later, found none"
    ]
    _close(catalog, 1)
    assert _faults(catalog, max_age_ms=-1)[1:] == []
    receive(catalog, 12)
    assert _faults(catalog, max_age_ms=-1)[1:] == [
        "table closed_usage: expected a commit of checkpoint 2 or later, found the last one of 1"
    ]


def test_two_jobs_at_once(catalog: Catalog) -> None:
    """A job that comes back after another has committed; a restore is none, whatever its number."""
    for checkpoint_id, job_id in ((7, "a"), (8, "a"), (9, "b"), (8, "c")):
        _close(catalog, checkpoint_id, job_id)
    assert _faults(catalog) == []
    _close(catalog, 10, "b")
    (fault,) = _faults(catalog)
    assert fault.startswith(
        "table closed_usage: expected each commit once and one job, found the second writer c in"
    )
    _close(catalog, 9, "c")
    assert len(_faults(catalog)) == 1
