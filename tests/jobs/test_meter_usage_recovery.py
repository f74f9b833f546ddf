"""What the job asks of its state at a start, by what Flink and the operator tell it."""

from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog

from iceberg.change_tables import TABLE_CHANGES
from iceberg.restoring import RefusedStartError
from iceberg.savepoints import UnreadableSavepointError
from iceberg.tables import CLOSED_USAGE, STREAM_TABLES
from jobs import meter_usage
from jobs.flink.environment import Recovery, recovery_of
from jobs.settings import Settings, load_settings
from tests.documents.reading import ROOT
from tests.iceberg.filling import append, flink_summary
from tests.iceberg.maintained import open_some
from tests.iceberg.rows import row_of

JOB = "a" * 32
LAST_STATE = "KUBERNETES_OPERATOR_LAST_STATE"


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """What the job writes, and the journal of rewinds, all empty."""
    return open_some(tmp_path, [*STREAM_TABLES, TABLE_CHANGES])


@pytest.fixture
def settings() -> Settings:
    """The demo's, with the namespace of the catalog."""
    return load_settings(ROOT / "config" / "demo.yaml", {})


def _check(
    monkeypatch: pytest.MonkeyPatch, catalog: Catalog, settings: Settings, recovery: Recovery
) -> None:
    monkeypatch.setattr(meter_usage, "read_recovery", lambda _: recovery)
    meter_usage.check_recovery(catalog, settings, adopts_tables=False)


def test_what_the_operator_says_of_a_last_state() -> None:
    """Its mark is no address where high availability has a job; without, it leads nowhere."""
    assert recovery_of(LAST_STATE, JOB) == Recovery("", JOB, is_last_state=True)
    assert recovery_of(LAST_STATE, "") == Recovery(LAST_STATE, "")
    assert recovery_of("s3://b/savepoint-1", JOB) == Recovery("s3://b/savepoint-1", JOB)


def test_a_last_state_is_restored(
    monkeypatch: pytest.MonkeyPatch, catalog: Catalog, settings: Settings
) -> None:
    """The operator restores a lost or unhealthy JobManager without a savepoint to be read."""
    _check(monkeypatch, catalog, settings, recovery_of(LAST_STATE, JOB))
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)], flink_summary(7, JOB))
    _check(monkeypatch, catalog, settings, recovery_of(LAST_STATE, JOB))
    with pytest.raises(UnreadableSavepointError, match=LAST_STATE):
        _check(monkeypatch, catalog, settings, recovery_of(LAST_STATE, ""))


def test_the_savepoint_of_a_job_that_goes_on_may_be_gone(
    monkeypatch: pytest.MonkeyPatch, catalog: Catalog, settings: Settings
) -> None:
    """A JobManager that is started again still names what the job was once restored from."""
    gone = "file:///nowhere/savepoint-aaaaaa-1"
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)], flink_summary(7, JOB))
    _check(monkeypatch, catalog, settings, recovery_of(gone, JOB))
    with pytest.raises(UnreadableSavepointError, match="savepoint-aaaaaa-1"):
        _check(monkeypatch, catalog, settings, recovery_of(gone, "b" * 32))


def test_a_new_job_without_state_is_refused(
    monkeypatch: pytest.MonkeyPatch, catalog: Catalog, settings: Settings
) -> None:
    """A deployment that was deleted and made again has another id, and no state."""
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)], flink_summary(7, JOB))
    with pytest.raises(RefusedStartError, match="--adopt-tables"):
        _check(monkeypatch, catalog, settings, recovery_of("", "b" * 32))
