"""What the job's state is laid out by is noted once, and held against each later start."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog

from iceberg.catalog import open_catalog
from iceberg.creating import Outcome, make_tables
from iceberg.keeping import (
    LayoutChangedError,
    UnreadPartitionsError,
    keep_layout,
    keep_parallelism,
    keep_reaches,
)
from iceberg.pricing_tables import FX_RATES
from iceberg.tables import CLOSED_USAGE, RAW_EVENTS
from tests.iceberg.filling import LocalCatalog, append
from tests.iceberg.rows import row_of

LAYOUT = {"metering.account_buckets": 720, "metering.log_window_s": 10}


def record(partition: int) -> dict[str, object]:
    """Return a heartbeat of a partition in the archive."""
    place = {"kafka_partition": partition, "kafka_offset": 0}
    return row_of(RAW_EVENTS, **place, log_time=datetime(2013, 1, 5, tzinfo=UTC))


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog with every table."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    make_tables(catalog, "billing")
    return catalog


def test_the_same_layout_passes(catalog: Catalog) -> None:
    """Also with rows; nothing is written the second time."""
    keep_layout(catalog, "billing", LAYOUT)
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)])
    before = catalog.load_table(("billing", "closed_usage")).metadata_location
    keep_layout(catalog, "billing", dict(reversed(LAYOUT.items())))
    assert catalog.load_table(("billing", "closed_usage")).metadata_location == before


def test_another_layout_is_refused_once_tables_are_written(catalog: Catalog) -> None:
    """The line says the setting, what was expected and found, and what to do."""
    keep_layout(catalog, "billing", LAYOUT)
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)])
    other = {**LAYOUT, "metering.log_window_s": 60}
    line = r"metering.log_window_s, settings: expected 10, .* billing .*, found 60; set it back"
    for _ in range(2):
        with pytest.raises(LayoutChangedError, match=line) as refused:
            keep_layout(catalog, "billing", other)
        assert "\n" not in str(refused.value)
    keep_layout(catalog, "billing", LAYOUT)


def test_a_first_start_that_came_to_nothing_binds_nobody(catalog: Catalog) -> None:
    """Without rows there is no state: the last layout counts."""
    other = {**LAYOUT, "metering.log_window_s": 60}
    keep_layout(catalog, "billing", LAYOUT)
    keep_layout(catalog, "billing", other)
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)])
    with pytest.raises(LayoutChangedError, match=r"expected 60, .* found 10"):
        keep_layout(catalog, "billing", LAYOUT)


def test_tables_of_before_take_the_layout_they_are_found_with(catalog: Catalog) -> None:
    """An earlier version noted nothing; from the next start on it is held against."""
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)])
    keep_layout(catalog, "billing", LAYOUT)
    with pytest.raises(LayoutChangedError, match=r"expected 720, .* found 360"):
        keep_layout(catalog, "billing", {**LAYOUT, "metering.account_buckets": 360})


def test_create_tables_leaves_it_alone(catalog: Catalog) -> None:
    """It is no part of the declaration, and stays when that is applied again."""
    keep_layout(catalog, "billing", LAYOUT)
    outcomes = {change.outcome for change in make_tables(catalog, "billing")}
    assert outcomes == {Outcome.UNCHANGED}
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)])
    keep_layout(catalog, "billing", LAYOUT)


def test_earlier_reaches_are_told_once_they_changed(catalog: Catalog) -> None:
    """Until when each was configured, in order; a meter that never changed has none."""
    first = {"miles": 30, "flights": 30}
    assert keep_reaches(catalog, "billing", first, lambda: 100) == {}
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)])
    assert keep_reaches(catalog, "billing", first, lambda: 200) == {}
    second = {"miles": 90, "new": 5}
    assert keep_reaches(catalog, "billing", second, lambda: 300) == {"miles": ((300, 30),)}
    # A meter that was away, and one start more without a change.
    third = {"miles": 90, "flights": 20, "new": 5}
    found = {"miles": ((300, 30),), "flights": ((400, 30),)}
    assert keep_reaches(catalog, "billing", third, lambda: 400) == found
    before = catalog.load_table(("billing", "closed_usage")).metadata_location
    assert keep_reaches(catalog, "billing", third, lambda: 500) == found
    assert catalog.load_table(("billing", "closed_usage")).metadata_location == before
    fourth = keep_reaches(catalog, "billing", {"miles": 60}, lambda: 600)
    assert fourth == {"miles": ((300, 30), (600, 90))}


def test_reaches_of_tables_that_nobody_wrote_to_are_forgotten(catalog: Catalog) -> None:
    """What was only tried has left nothing in state."""
    keep_reaches(catalog, "billing", {"miles": 30}, lambda: 100)
    assert keep_reaches(catalog, "billing", {"miles": 90}, lambda: 200) == {}
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)])
    assert keep_reaches(catalog, "billing", {"miles": 30}, lambda: 300) == {"miles": ((300, 90),)}


def test_more_readers_wait_for_partitions_that_were_read(catalog: Catalog) -> None:
    """At the first start all is new; later, state must know a partition for each reader."""
    keep_parallelism(catalog, "billing", 2)
    append(catalog, RAW_EVENTS, [record(0), record(1)])
    keep_parallelism(catalog, "billing", 1)
    keep_parallelism(catalog, "billing", 2)
    with pytest.raises(UnreadPartitionsError) as refused:
        keep_parallelism(catalog, "billing", 4)
    assert str(refused.value) == (
        "flink.parallelism, settings: expected at most the number of partitions that the job has "
        "read from, found 4, and no record of partition 3 in raw_events; restore with the former "
        "value, and raise it when there is one"
    )
    append(catalog, RAW_EVENTS, [record(3)])
    keep_parallelism(catalog, "billing", 4)


def test_a_start_with_known_readers_reads_nothing(catalog: Catalog) -> None:
    """The archive of years is looked at once, when the number is raised."""
    keep_parallelism(catalog, "billing", 1)
    append(catalog, RAW_EVENTS, [record(0), record(1)])
    keep_parallelism(catalog, "billing", 2)
    before = catalog.load_table(("billing", "closed_usage")).metadata_location
    catalog.drop_table(("billing", "raw_events"))
    keep_parallelism(catalog, "billing", 2)
    assert catalog.load_table(("billing", "closed_usage")).metadata_location == before


def test_prices_may_be_loaded_before_the_first_start(catalog: Catalog) -> None:
    """They say nothing of the job: any layout and any number of readers is a first one."""
    keep_layout(catalog, "billing", LAYOUT)
    names = {"day": "2013-01-31", "base": "EUR", "quote": "USD", "content": "{}"}
    row = row_of(FX_RATES, **names, fingerprint="", loaded_at=datetime(2026, 11, 25, tzinfo=UTC))
    append(catalog, FX_RATES, [row])
    keep_parallelism(catalog, "billing", 2)
    keep_layout(catalog, "billing", {**LAYOUT, "metering.log_window_s": 60})
