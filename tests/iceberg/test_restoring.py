"""Which starts of the job are refused, by what the tables tell of its checkpoints."""

import struct
from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog

from iceberg.account_tables import ACCOUNTS
from iceberg.change_tables import TABLE_CHANGES
from iceberg.restoring import JobStart, RefusedStartError, check_start, goes_on
from iceberg.savepoints import Savepoint, UnreadableSavepointError, read_savepoint
from iceberg.tables import CLOSED_USAGE, RAW_EVENTS, STREAM_TABLES
from tests.iceberg.filling import append, flink_summary
from tests.iceberg.maintained import open_some
from tests.iceberg.rows import row_of

OLD, NEW = "a" * 32, "b" * 32


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """What the job writes, and the journal of rewinds, all empty."""
    return open_some(tmp_path, [*STREAM_TABLES, TABLE_CHANGES])


def _commit(catalog: Catalog, checkpoint_id: int, job_id: str = OLD) -> None:
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)], flink_summary(checkpoint_id, job_id))


def _start(checkpoint_id: int, job_id: str = "") -> JobStart:
    return JobStart(Savepoint("file:/savepoint", checkpoint_id, job_id))


def _check(catalog: Catalog, start: JobStart) -> None:
    check_start(catalog, "billing", start)


def test_new_tables_take_any_start(catalog: Catalog) -> None:
    """Without state, or from a savepoint whose tables were elsewhere."""
    _check(catalog, JobStart(None))
    _check(catalog, _start(7))


def test_a_start_without_state_needs_new_tables(catalog: Catalog) -> None:
    """Unless someone wants to begin anew; what people decided is not the job's."""
    _commit(catalog, 7)
    with pytest.raises(RefusedStartError, match=f"checkpoint 7 by job {OLD} at .*--adopt-tables"):
        _check(catalog, JobStart(None))
    _check(catalog, JobStart(None, adopts_tables=True))


def test_rows_that_no_job_signed_are_rows(catalog: Catalog) -> None:
    """A table that another program filled was written, too."""
    append(
        catalog,
        ACCOUNTS,
        [
            row_of(
                ACCOUNTS,
                kafka_partition=0,
                kafka_offset=1,
                log_time=row_of(CLOSED_USAGE)["cut"],
                terms="{}",
            )
        ],
    )
    with pytest.raises(RefusedStartError, match="table accounts of namespace billing"):
        _check(catalog, JobStart(None))


@pytest.mark.parametrize(("checkpoint_id", "is_refused"), [(6, True), (7, False), (9, False)])
def test_the_savepoint_must_be_the_newest(
    catalog: Catalog, checkpoint_id: int, is_refused: bool
) -> None:
    """An idle table may stand further back; none may be ahead."""
    append(catalog, RAW_EVENTS, [_record()], flink_summary(3, OLD))
    _commit(catalog, 7)
    if not is_refused:
        _check(catalog, _start(checkpoint_id))
        return
    expected = "expected checkpoint 7 or later, as table closed_usage .*, found checkpoint 6;"
    with pytest.raises(RefusedStartError, match=expected):
        _check(catalog, _start(checkpoint_id))


def test_a_job_that_goes_on_under_its_id_is_not_held_up(catalog: Catalog) -> None:
    """With high availability the checkpoint is Flink's to find, whatever was given at first."""
    assert not goes_on(catalog, "billing", OLD, is_last_state=False)
    _commit(catalog, 7)
    assert goes_on(catalog, "billing", OLD, is_last_state=False)
    assert not goes_on(catalog, "billing", NEW, is_last_state=False)
    assert not goes_on(catalog, "billing", "", is_last_state=False)


def test_a_job_goes_on_before_its_first_commit(catalog: Catalog) -> None:
    """Where its last checkpoint is all that it can be restored from, it may have no commit yet."""
    assert goes_on(catalog, "billing", NEW, is_last_state=True)
    _commit(catalog, 7)
    assert goes_on(catalog, "billing", NEW, is_last_state=True)


def test_a_job_does_not_go_on_behind_another(catalog: Catalog) -> None:
    """Its last checkpoint is older than what another job has committed since."""
    _commit(catalog, 7, OLD)
    _commit(catalog, 8, NEW)
    with pytest.raises(RefusedStartError, match=f"expected .* of job {OLD}, found .*job {NEW}"):
        goes_on(catalog, "billing", OLD, is_last_state=True)


def test_a_savepoint_of_before_tables_were_begun_anew(catalog: Catalog) -> None:
    """Its number may be larger than that of the new count."""
    for number, job_id in ((40, OLD), (1, NEW), (2, NEW)):
        _commit(catalog, number, job_id)
    _check(catalog, _start(2, NEW[:6]))
    with pytest.raises(RefusedStartError, match="begun anew, found one of job aaaaaa"):
        _check(catalog, _start(50, OLD[:6]))


def _record() -> dict[str, object]:
    cut = row_of(CLOSED_USAGE)["cut"]
    return row_of(RAW_EVENTS, kafka_partition=0, kafka_offset=1, log_time=cut)


def _write(folder: Path, *header: int) -> Path:
    folder.mkdir(parents=True)
    (folder / "_metadata").write_bytes(struct.pack(">iiq", *header) + b"the rest")
    return folder


def test_the_header_of_a_savepoint(tmp_path: Path) -> None:
    """Number and job, by folder or by file, as a path or as an address."""
    kept = _write(tmp_path / OLD / "chk-12", 0x4960672D, 6, 12)
    saved = _write(tmp_path / "savepoint-abcdef-0123456789ab", 0x4960672D, 6, 2**40)
    found = read_savepoint(str(kept), {})
    assert (found.checkpoint_id, found.job_id) == (12, OLD)
    assert read_savepoint(f"{kept}/_metadata", {}) == found
    found = read_savepoint(saved.as_uri(), {})
    assert (found.checkpoint_id, found.job_id) == (2**40, "abcdef")
    assert read_savepoint(str(_write(tmp_path / "renamed", 0x4960672D, 6, 3)), {}).job_id == ""


def test_what_is_no_savepoint_is_said(tmp_path: Path) -> None:
    """Nothing there, too short, or other bytes."""
    with pytest.raises(UnreadableSavepointError, match="expected a folder with _metadata, found"):
        read_savepoint(str(tmp_path / "nowhere"), {})
    with pytest.raises(UnreadableSavepointError, match="expected Flink's metadata"):
        read_savepoint(str(_write(tmp_path / "other", 1, 6, 12)), {})
    (tmp_path / "short").mkdir()
    (tmp_path / "short" / "_metadata").write_bytes(b"\x49")
    with pytest.raises(UnreadableSavepointError, match="expected Flink's metadata"):
        read_savepoint(str(tmp_path / "short"), {})
