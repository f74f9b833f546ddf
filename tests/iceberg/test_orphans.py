"""Files that no snapshot leads to are deleted, and no other."""

import os
from pathlib import Path
from urllib.parse import urlparse

import pytest
from pyiceberg.catalog import Catalog

from iceberg.flink_commits import last_commit
from iceberg.orphans import Removed, YoungOrphansError, remove_orphans
from iceberg.pricing_tables import FX_RATES
from iceberg.reaching import place_of
from iceberg.tables import RAW_EVENTS
from tests.iceberg.maintained import files_on_disk, load, open_some, receive, rows_of

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """Two commits of the job, and a table that it does not write."""
    catalog = open_some(tmp_path, [RAW_EVENTS, FX_RATES])
    receive(catalog, 1)
    receive(catalog, 2)
    return catalog


def _now_ms(catalog: Catalog) -> int:
    last = last_commit(load(catalog))
    assert last is not None
    return last.at_ms


def _leave(catalog: Catalog, place: str, at_ms: int, table: object = RAW_EVENTS) -> Path:
    folder = Path(urlparse(load(catalog, table).location()).path)  # type: ignore[arg-type]
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left")
    os.utime(path, ns=(at_ms * 1_000_000, at_ms * 1_000_000))
    return path


def _remove(catalog: Catalog, now_ms: int, hours: float = 72, is_dry: bool = False) -> Removed:
    return remove_orphans(load(catalog), RAW_EVENTS, now_ms, hours, is_dry)


def test_only_old_files_that_lead_nowhere_go(catalog: Catalog) -> None:
    """Of data, manifests and metadata; what the tables lead to stays, however old it is."""
    now_ms = _now_ms(catalog)
    known = files_on_disk(load(catalog))
    for path in known:
        os.utime(path, (1, 1))
    old = [
        _leave(catalog, place, now_ms - 4 * _DAY_MS)
        for place in ("data/x.parquet", "data/deep/er/y.parquet", "metadata/00000-z.metadata.json")
    ]
    young = _leave(catalog, "data/young.parquet", now_ms - 2 * _DAY_MS)
    other = _leave(catalog, "notes/of-someone.txt", 0)
    rows = rows_of(load(catalog))
    assert _remove(catalog, now_ms, is_dry=True).files == 3
    assert all(path.exists() for path in old)
    found = _remove(catalog, now_ms)
    assert (found.files, found.bytes) == (3, 12)
    assert files_on_disk(load(catalog)) == known | {str(young), str(other)}
    assert rows_of(load(catalog)) == rows


def test_the_age_counts_from_the_jobs_last_commit(catalog: Catalog) -> None:
    """A job that was stopped for weeks commits, restored, files as old as the stop."""
    last_ms = _now_ms(catalog)
    waiting = _leave(catalog, "data/waiting.parquet", last_ms + 1000)
    assert _remove(catalog, last_ms + 30 * _DAY_MS).files == 0
    assert waiting.exists()


def test_tables_of_others_count_from_now(catalog: Catalog) -> None:
    """And a table of the stream that has no commit yet is left alone."""
    now_ms = _now_ms(catalog)
    path = _leave(catalog, "data/x.parquet", now_ms - 4 * _DAY_MS, FX_RATES)
    assert remove_orphans(load(catalog, FX_RATES), FX_RATES, now_ms, 72).files == 1
    assert not path.exists()


def test_a_table_before_its_first_commit_is_left_alone(tmp_path: Path) -> None:
    """The job may be about to make it."""
    catalog = open_some(tmp_path, [RAW_EVENTS])
    _leave(catalog, "data/x.parquet", 4 * _DAY_MS)
    assert _remove(catalog, 40 * _DAY_MS).files == 0


def test_young_files_are_not_asked_for(catalog: Catalog) -> None:
    """A day is the least."""
    with pytest.raises(YoungOrphansError, match=r"expected at least 24, .* found 23"):
        _remove(catalog, 0, hours=23)


@pytest.mark.parametrize("location", ["/a/b.parquet", "file:/a/b.parquet", "file:///a/b.parquet"])
def test_java_and_python_spell_one_file_differently(location: str) -> None:
    """It is the same one, also in buckets."""
    assert place_of(location) == "/a/b.parquet"
    assert place_of("s3://bucket/a") == place_of("s3a://bucket/a") == "bucket/a"
