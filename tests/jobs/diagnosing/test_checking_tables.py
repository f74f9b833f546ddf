"""Catalog, tables, storage and zones: as they should be, and each as it should not."""

import zoneinfo
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog

from iceberg.account_tables import ACCOUNTS
from iceberg.catalog import CatalogUnreachableError, open_catalog
from iceberg.creating import make_tables
from iceberg.tables import TABLES
from jobs.diagnosing import checking_tables as checking
from jobs.diagnosing.checking_tables import (
    check_catalog,
    check_checkpoint_dir,
    check_tables,
    check_warehouse,
    check_zone_data,
    check_zones,
)
from jobs.diagnosing.deployment import UnmetError
from jobs.local.places import ROOT
from schemas.finding import Finding, Verdict
from tests.iceberg.filling import LocalCatalog, append
from tests.iceberg.rows import row_of
from tests.jobs.diagnosing.examined import PROBE, examined, only

ACCOUNTS_FILE = ROOT / "config" / "accounts.yaml"
TERMS = '{"account_id": "A", "terms": [{"version": 1, "effective_from": "2013-01-01T00:00:00Z",'
TERMS += ' "timezone": "%s", "cadence": "month", "anchor": "2013-01-01", "plan": "p"}]}'


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog with every table."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    make_tables(catalog, "billing")
    return catalog


def test_a_catalog_with_all_tables(catalog: Catalog, tmp_path: Path) -> None:
    """Both checks are ok, and say how many there are."""
    deployment = examined(tmp_path, catalog=catalog)
    found = f"sqlite catalog meterclose, namespace billing: {len(TABLES)} tables"
    assert only(check_catalog(deployment)) == Finding(Verdict.OK, found)
    found = f"{len(TABLES)} of {len(TABLES)} tables as declared"
    assert only(check_tables(deployment)) == Finding(Verdict.OK, found)


def test_tables_that_are_not_as_declared(catalog: Catalog, tmp_path: Path) -> None:
    """Each is a finding of its own: missing, without a column, unreadable, other properties."""
    catalog.drop_table(("billing", "charges"))
    with catalog.load_table(("billing", "closed_usage")).update_schema() as schema:
        schema.delete_column("breakdown")
    place = catalog.load_table(("billing", "journal")).metadata_location
    Path(place.removeprefix("file://")).unlink()
    with catalog.load_table(("billing", "raw_events")).transaction() as transaction:
        transaction.set_properties({"write.upsert.enabled": "true"})
    found = list(check_tables(examined(tmp_path, catalog=catalog)))
    told = {each.found: (each.verdict, each.expected) for each in found}
    assert told.pop(f"{len(TABLES) - 4} of {len(TABLES)} tables as declared")[0] is Verdict.OK
    assert told.pop("table charges, namespace billing: none") == (Verdict.FAILED, "one")
    assert told.pop("table closed_usage: none") == (Verdict.FAILED, "the column breakdown")
    other = "table raw_events: other properties: write.upsert.enabled"
    assert told.pop(other) == (Verdict.WARNING, "those declared")
    ((unreadable, verdict),) = told.items()
    assert unreadable.startswith("table journal: ")
    assert verdict == (Verdict.FAILED, "readable metadata")
    assert all(each.remedy for each in found if each.verdict is not Verdict.OK)


def test_an_empty_catalog(tmp_path: Path) -> None:
    """No namespace: the catalog check says how to make it; every table is missing."""
    deployment = examined(tmp_path, catalog=open_catalog(LocalCatalog(tmp_path)))
    finding = only(check_catalog(deployment))
    assert (finding.verdict, "create_tables" in finding.remedy) == (Verdict.FAILED, True)
    assert {each.verdict for each in check_tables(deployment)} == {Verdict.FAILED}
    with pytest.raises(UnmetError, match="the table accounts is not there"):
        only(check_zones(deployment))


def test_a_catalog_that_does_not_open(tmp_path: Path) -> None:
    """Its own line is taken apart; what needs it is left out."""
    error = CatalogUnreachableError("catalog, host: expected a rest catalog, found no route")
    deployment = examined(tmp_path, catalog=error)
    finding = only(check_catalog(deployment))
    assert (finding.found, finding.expected) == ("catalog, host: no route", "a rest catalog")
    for check in (check_tables, check_zones):
        with pytest.raises(UnmetError, match="the catalog does not open"):
            list(check(deployment))


@pytest.mark.parametrize("name", ["warehouse", "checkpoints"])
def test_folders(name: str, tmp_path: Path) -> None:
    """A folder is missing, then there, then a file that nothing can be written into."""
    check = {"warehouse": check_warehouse, "checkpoints": check_checkpoint_dir}[name]
    deployment, folder = examined(tmp_path), tmp_path / name
    missing = only(check(deployment))
    assert (missing.verdict, missing.found) == (Verdict.WARNING, f"no folder {folder.as_uri()}")
    assert not folder.exists()
    folder.mkdir()
    assert only(check(deployment)).verdict is Verdict.OK
    assert list(folder.iterdir()) == []
    folder.rmdir()
    folder.write_text("no folder")
    failed = only(check(deployment))
    assert failed.verdict is Verdict.FAILED
    assert failed.found.startswith(f"cannot write {folder.as_uri()}/{PROBE}: ")
    setting = {"warehouse": "catalog.warehouse", "checkpoints": "flink.checkpoint_dir"}[name]
    assert failed.remedy == f"grant it, or correct {setting}"


def test_settings_that_are_read_only_are_not_tried_by_writing(tmp_path: Path) -> None:
    """Both folders are left alone, which is said."""
    deployment = examined(tmp_path, environ={"METERCLOSE_CATALOG_READ_ONLY": "true"})
    for check, name in ((check_warehouse, "warehouse"), (check_checkpoint_dir, "checkpoints")):
        (tmp_path / name).mkdir()
        with pytest.raises(UnmetError, match="nothing is written"):
            only(check(deployment))


def test_a_storage_that_python_does_not_know(tmp_path: Path) -> None:
    """Flink may know it; nothing can be said."""
    environ = {"METERCLOSE_FLINK_CHECKPOINT_DIR": "s3p://bucket/checkpoints"}
    with pytest.raises(UnmetError, match="Python has no way to s3p://bucket/checkpoints"):
        only(check_checkpoint_dir(examined(tmp_path, environ=environ)))


@pytest.fixture
def zones(tmp_path: Path) -> Path:
    """A folder of time-zone data, as a system has it."""
    folder = tmp_path / "zoneinfo"
    folder.mkdir()
    (folder / "UTC").write_bytes(b"TZif")
    return folder


@pytest.mark.parametrize("release", ["2026f", "2019a", ""])
def test_zone_data_of_the_system(
    release: str, zones: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release is held against the locked one; one that nobody knows is another."""
    if release:
        (zones / "tzdata.zi").write_text(f"# version {release}\n# more\n")
    monkeypatch.setattr(zoneinfo, "TZPATH", (str(tmp_path / "none"), str(zones)))
    monkeypatch.setattr(checking, "locked_versions", lambda: {"tzdata": "2026.6"})
    finding = only(check_zone_data(examined(tmp_path)))
    assert finding.found == f"{release or 'unknown release'} in {zones}"
    assert finding.verdict is (Verdict.OK if release == "2026f" else Verdict.WARNING)
    assert finding.expected in ("", "2026f, as locked")


def test_zone_data_of_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the system's, the package's counts; without any of both nothing works."""
    monkeypatch.setattr(zoneinfo, "TZPATH", ())
    assert only(check_zone_data(examined(tmp_path))).verdict is Verdict.OK

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(checking, "version", missing)
    finding = only(check_zone_data(examined(tmp_path)))
    assert finding == Finding(
        Verdict.FAILED, "none", "time-zone data", "install the package tzdata"
    )


def _account(timezone: str) -> dict[str, object]:
    at = datetime(2013, 1, 1, tzinfo=UTC)
    place = {"kafka_partition": 0, "kafka_offset": 0, "log_time": at}
    return row_of(ACCOUNTS, terms=TERMS % timezone, **place)


def test_zones_of_accounts(catalog: Catalog, tmp_path: Path) -> None:
    """Those of the file, and those of the terms that the job took."""
    append(catalog, ACCOUNTS, [_account("Europe/Paris")])
    deployment = examined(tmp_path, catalog=catalog, files={"accounts": ACCOUNTS_FILE})
    of_file, of_table = check_zones(deployment)
    assert of_file.found.endswith("accounts.yaml: 4 zones, all known")
    assert of_table == Finding(Verdict.OK, "table accounts: 1 accounts, 1 zones, all known")


def test_a_zone_that_is_not_known(catalog: Catalog, tmp_path: Path) -> None:
    """In the file or in the table: a failure each, and none hides the other."""
    append(catalog, ACCOUNTS, [_account("Europe/Atlantis")])
    accounts = tmp_path / "accounts.yaml"
    accounts.write_text(f"accounts: [{TERMS % 'Europe/Atlantis'}]\n")
    found = list(check_zones(examined(tmp_path, catalog=catalog, files={"accounts": accounts})))
    assert [each.verdict for each in found] == [Verdict.FAILED, Verdict.FAILED]
    assert all("Europe/Atlantis" in each.found for each in found)
    assert all("time-zone data" in each.remedy for each in found)
