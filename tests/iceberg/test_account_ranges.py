"""Ranges of accounts: cut by size, none left out, none twice."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iceberg.account_ranges import AccountRange, RangeReader, cut_ranges
from iceberg.catalog import open_catalog
from iceberg.charge_rows import charges_table
from iceberg.charge_store import ChargeStore
from iceberg.creating import make_tables
from iceberg.priced_usage import PricedUsage
from iceberg.tables import CLOSED_USAGE
from schemas.instant import to_us
from tests.charges import charge_of
from tests.iceberg.filling import LocalCatalog, append
from tests.iceberg.rows import row_of

MARCH_US = to_us(datetime(2013, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("sizes", "rows", "starts"),
    [
        ([], 10, []),
        ([("a", 3)], 10, ["a"]),
        ([("a", 5), ("b", 5), ("c", 1)], 10, ["a", "c"]),
        ([("a", 5), ("b", 6), ("c", 1)], 10, ["a", "c"]),
        ([("a", 99), ("b", 1), ("c", 1)], 10, ["a", "b"]),
        ([("a", 1), ("b", 1), ("c", 1)], 1, ["a", "b", "c"]),
        ([("a", 0), ("b", 0)], 1, ["a"]),
    ],
)
def test_a_range_ends_when_it_is_full(
    sizes: list[tuple[str, int]], rows: int, starts: list[str]
) -> None:
    """Each range goes up to the next one, the last up to the end."""
    ends = [*starts[1:], None]
    assert cut_ranges(sizes, rows) == tuple(map(AccountRange, starts, ends))


def test_a_range_has_its_accounts_and_no_others(tmp_path: Path) -> None:
    """Whatever characters their ids have: databases and Python order them alike."""
    account_ids = ["A", "a", "a b", "a'", "ab", "ä", "中", "\U0001f600"]
    assert account_ids == sorted(account_ids)
    catalog = open_catalog(LocalCatalog(tmp_path))
    make_tables(catalog, "billing")
    rows = [row_of(CLOSED_USAGE, row_id=each, account_id=each) for each in account_ids]
    append(catalog, CLOSED_USAGE, rows)
    charges = [charge_of(charge_id=each, account_id=each) for each in account_ids]
    with closing(ChargeStore(catalog, "billing", str(tmp_path))) as store:
        store.append([charges_table(charges)])
    charges_folder = tmp_path / "charges"
    charges_folder.mkdir()
    snapshot = catalog.load_table(("billing", CLOSED_USAGE.name)).current_snapshot()
    assert snapshot is not None
    snapshots = {CLOSED_USAGE.name: snapshot.snapshot_id}
    usage = PricedUsage(catalog, "billing", snapshots, MARCH_US, str(tmp_path))
    usage.load_windows(None)
    sizes = usage.sizes()
    usage.close()
    assert sizes == [(each, 1) for each in account_ids]
    with closing(ChargeStore(catalog, "billing", str(charges_folder))) as store:
        assert store.sizes() == sizes
    with closing(RangeReader(usage.path, store.path)) as reader:
        for place, within in enumerate(cut_ranges(sizes, 3)):
            expected = account_ids[3 * place : 3 * place + 3]
            assert list(reader.usage(within)) == expected
            found = reader.charges(within)
            assert found == {
                each.account_id: (each,) for each in charges[3 * place : 3 * place + 3]
            }
