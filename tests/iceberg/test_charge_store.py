"""What a run finds of those before it, without reading what they charged."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from iceberg.catalog import open_catalog
from iceberg.charge_rows import charges_table
from iceberg.charge_store import ChargeStore
from iceberg.creating import make_tables
from schemas.pricing_run import PricingRun, RunStatus
from tests.charges import charge_of
from tests.iceberg.filling import LocalCatalog

DIED = PricingRun("died", RunStatus.STARTED, 1, "{}", "{}", "ab", "1", "{}", "cd")
CHARGED = replace(DIED, run_id="charged", at_us=2)
OURS = [charge_of(charge_id="b", account_id="B"), charge_of(charge_id="a", account_id="A")]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ChargeStore]:
    """Tables with a run that died before it charged, and one that died after."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    make_tables(catalog, "billing")
    with closing(ChargeStore(catalog, "billing", str(tmp_path))) as store:
        store.write_run(DIED)
        store.write_run(CHARGED)
        store.append([charges_table([replace(each, run_id="charged") for each in OURS])])
        store.write_run(replace(DIED, run_id="other", status=RunStatus.FINISHED))
    folder = tmp_path / "other"
    folder.mkdir()
    with closing(ChargeStore(catalog, "billing", str(folder))) as store:
        store.append([charges_table([charge_of(charge_id="c", run_id="other")])])
    folder = tmp_path / "again"
    folder.mkdir()
    with closing(ChargeStore(catalog, "billing", str(folder))) as store:
        yield store


def test_a_run_without_charges_never_took_place(
    store: ChargeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the one that charged is to be finished; no charge is read in whole to know it."""
    monkeypatch.setattr(store, "_read_charges", lambda: pytest.fail("all charges were read"))
    assert store.unfinished() == (CHARGED,)


def test_charges_of_one_run_are_read(store: ChargeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ordered by account; those of others stay where they are."""
    monkeypatch.setattr(store, "_read_charges", lambda: pytest.fail("all charges were read"))
    assert [each.charge_id for each in store.of_run("charged")] == ["a", "b"]
    assert list(store.of_run("died")) == []


def test_all_charges_by_account(store: ChargeStore) -> None:
    """Of all runs, and how many each account has."""
    assert [account_id for account_id, _ in store.by_account()] == ["A", "B"]
    assert store.sizes() == [("A", 2), ("B", 1)]
