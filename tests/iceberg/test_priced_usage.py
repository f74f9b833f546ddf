"""Usage as pricing reads it: totals by period at a cut, and the windows that they are made of."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog

from iceberg.account_ranges import AccountRange, PeriodName, RangeReader
from iceberg.catalog import open_catalog
from iceberg.charge_store import ChargeStore
from iceberg.creating import make_tables
from iceberg.decided_tables import BROUGHT_BACK_USAGE
from iceberg.priced_usage import PricedUsage
from iceberg.reading import BrokenRowsError
from iceberg.tables import CLOSED_USAGE, METERING_WINDOWS, USAGE_CORRECTIONS
from schemas.instant import to_us
from schemas.priced_usage import UsageDetail, UsageTotal, UsedMeter
from tests.iceberg.filling import LocalCatalog, append
from tests.iceberg.rows import brought_back, correction, row_of

JANUARY, FEBRUARY = datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 2, 1, tzinfo=UTC)
PERIOD = PeriodName("A", to_us(JANUARY), to_us(FEBRUARY))
SPAN = (PERIOD.start_us, PERIOD.end_us)
ALL = AccountRange("", None)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog with every table, all empty."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    make_tables(catalog, "billing")
    return catalog


def _snapshots(catalog: Catalog) -> dict[str, int]:
    found = {}
    for table in (CLOSED_USAGE, USAGE_CORRECTIONS, METERING_WINDOWS, BROUGHT_BACK_USAGE):
        snapshot = catalog.load_table(("billing", table.name)).current_snapshot()
        if snapshot is not None:
            found[table.name] = snapshot.snapshot_id
    return found


def _open(
    catalog: Catalog,
    folder: Path,
    snapshots: dict[str, int] | None = None,
    until_us: int = to_us(FEBRUARY.replace(month=3)),
) -> closing[PricedUsage]:
    chosen = _snapshots(catalog) if snapshots is None else snapshots
    return closing(PricedUsage(catalog, "billing", chosen, until_us, str(folder)))


def _reader(catalog: Catalog, folder: Path, usage: PricedUsage) -> closing[RangeReader]:
    """Give usage, and what was charged, to a reader of ranges."""
    usage.close()
    with closing(ChargeStore(catalog, "billing", str(folder))) as store:
        assert store.sizes() == []
    return closing(RangeReader(usage.path, store.path))


def _periods(catalog: Catalog, folder: Path, usage: PricedUsage) -> list[tuple[UsageTotal, ...]]:
    """Return all totals by period."""
    with _reader(catalog, folder, usage) as reader:
        return [each for periods in reader.usage(ALL).values() for each in periods]


def _totals(catalog: Catalog, folder: Path, usage: PricedUsage) -> list[UsageTotal]:
    return [total for totals in _periods(catalog, folder, usage) for total in totals]


def test_a_total_names_the_rows_that_it_is_made_of(catalog: Catalog, tmp_path: Path) -> None:
    """Closed, corrected, brought back: one total, with the ids of all three."""
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)])
    append(catalog, USAGE_CORRECTIONS, [row_of(USAGE_CORRECTIONS, **correction(1, 5, 2))])
    append(catalog, BROUGHT_BACK_USAGE, [brought_back("e1", quantity=Decimal(4), event_count=4)])
    with _open(catalog, tmp_path) as usage:
        assert list(usage.used_meters()) == [UsedMeter("A", *SPAN, "flights")]
        (total,) = _totals(catalog, tmp_path, usage)
    assert (total.quantity, total.event_count) == (9, 9)
    assert total.row_ids == ("b-e1", "c0", "c1")
    assert (total.period_start_us, total.period_end_us) == (PERIOD.start_us, PERIOD.end_us)


def test_what_came_after_the_cut_is_not_there(catalog: Catalog, tmp_path: Path) -> None:
    """A snapshot is read as it was; a table that is not named has no rows."""
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)])
    before = _snapshots(catalog)
    append(catalog, USAGE_CORRECTIONS, [row_of(USAGE_CORRECTIONS, **correction(1, 5, 2))])
    with _open(catalog, tmp_path, before) as usage:
        assert [total.quantity for total in _totals(catalog, tmp_path, usage)] == [3]


@pytest.mark.parametrize(
    ("until_us", "quantities"),
    [
        (to_us(datetime(2013, 2, 2, tzinfo=UTC)) - 1, []),
        (to_us(datetime(2013, 2, 2, tzinfo=UTC)), [3]),
        (to_us(datetime(2013, 2, 4, 1, tzinfo=UTC)) - 1, [3]),
        (to_us(datetime(2013, 2, 4, 1, tzinfo=UTC)), [5]),
    ],
)
def test_rows_count_up_to_an_instant(
    catalog: Catalog, tmp_path: Path, until_us: int, quantities: list[int]
) -> None:
    """A closed row from its cut on, a correction from the end of its bucket on."""
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)])
    append(catalog, USAGE_CORRECTIONS, [row_of(USAGE_CORRECTIONS, **correction(1, 5, 2))])
    with _open(catalog, tmp_path, until_us=until_us) as usage:
        assert [total.quantity for total in _totals(catalog, tmp_path, usage)] == quantities


def test_periods_come_by_account_and_time(catalog: Catalog, tmp_path: Path) -> None:
    """Accounts in the order of their ids, each one's periods in theirs, meters within."""
    rows = [
        row_of(CLOSED_USAGE, row_id="3", account_id="b"),
        row_of(
            CLOSED_USAGE, row_id="2", period_start=FEBRUARY, period_end=FEBRUARY.replace(month=3)
        ),
        row_of(CLOSED_USAGE, row_id="1", meter_id="miles"),
        row_of(CLOSED_USAGE, row_id="0"),
    ]
    append(catalog, CLOSED_USAGE, rows)
    with _open(catalog, tmp_path) as usage:
        periods = _periods(catalog, tmp_path, usage)
    found = [[total.row_ids for total in totals] for totals in periods]
    assert found == [[("0",), ("1",)], [("2",)], [("3",)]]


def test_a_gap_in_the_revisions_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    """Revision 2 without revision 1 is no basis for money."""
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)])
    append(catalog, USAGE_CORRECTIONS, [row_of(USAGE_CORRECTIONS, **correction(2, 5, 2))])
    with pytest.raises(BrokenRowsError, match=r"revisions that do not add up: .*'A', 'flights'"):
        _open(catalog, tmp_path)


def _window(day: int, log_day: int, count: int, **changes: object) -> dict[str, object]:
    start = datetime(2013, 1, day, tzinfo=UTC)
    own: dict[str, object] = {
        "event_window_start": start,
        "event_window_s": 60,
        "log_window_end": JANUARY + timedelta(days=log_day),
        "quantity": Decimal(count),
        "event_count": count,
        "part": "",
    }
    return row_of(METERING_WINDOWS, **own | changes)


def test_windows_up_to_the_last_revision_make_up_the_total(
    catalog: Catalog, tmp_path: Path
) -> None:
    """What came later waits for a correction; other periods, meters and accounts stay out."""
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)])
    append(catalog, USAGE_CORRECTIONS, [row_of(USAGE_CORRECTIONS, **correction(1, 5, 2))])
    append(catalog, BROUGHT_BACK_USAGE, [brought_back("e1", quantity=Decimal(4), event_count=4)])
    windows = [
        _window(3, 5, 3),
        _window(20, 34, 2),
        _window(21, 36, 7),
        _window(22, 5, 9, account_id="B"),
        _window(22, 5, 9, meter_id="miles"),
        _window(1, 5, 9, event_window_start=FEBRUARY),
    ]
    append(catalog, METERING_WINDOWS, windows)
    with _open(catalog, tmp_path) as usage:
        usage.load_windows(SPAN)
        assert usage.sizes() == [("A", 1 + 4), ("B", 1)]
        with _reader(catalog, tmp_path, usage) as reader:
            details = reader.details([PERIOD])[PERIOD]
            ((total,),) = reader.usage(ALL)["A"]
    assert sum(detail.quantity for detail in details) == total.quantity == 9
    days = [datetime.fromtimestamp(detail.at_us / 1e6, UTC).day for detail in details]
    assert sorted(days) == [3, 5, 20]


def test_without_windows_there_is_no_detail(catalog: Catalog, tmp_path: Path) -> None:
    """They may not be kept; whoever needs them finds that they do not add up."""
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)])
    with _open(catalog, tmp_path) as usage:
        usage.load_windows(SPAN)
        with _reader(catalog, tmp_path, usage) as reader:
            assert reader.details([PERIOD]) == {}


def test_windows_are_of_the_periods_that_are_asked_for(catalog: Catalog, tmp_path: Path) -> None:
    """Each period's, of each account, apart; of a period that is not asked for there are none."""
    own = {"row_id": "2", "account_id": "B"}
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE), row_of(CLOSED_USAGE, **own)])
    windows = [_window(3, 5, 3), _window(4, 5, 1, account_id="B"), _window(5, 5, 2, account_id="B")]
    append(catalog, METERING_WINDOWS, windows)
    other = PeriodName("B", *SPAN)
    with _open(catalog, tmp_path) as usage:
        usage.load_windows(SPAN)
        with _reader(catalog, tmp_path, usage) as reader:
            found = reader.details([PERIOD, other])
            assert reader.details([other]) == {other: found[other]}
            assert reader.details([]) == {}
    day_us = 86_400_000_000
    at_us = [PERIOD.start_us + day * day_us for day in (2, 3, 4)]
    assert found == {
        PERIOD: (UsageDetail("flights", "{}", at_us[0], "", Decimal(3), 3),),
        other: (
            UsageDetail("flights", "{}", at_us[1], "", Decimal(1), 1),
            UsageDetail("flights", "{}", at_us[2], "", Decimal(2), 2),
        ),
    }
