"""Prices and contracts in their tables: what was appended is read back, also as of a snapshot."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.catalog import Catalog

from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from iceberg.kept_snapshots import UnknownSnapshotError
from iceberg.price_lists import (
    append_list,
    open_price_lists,
    read_price_lists,
)
from iceberg.pricing_tables import RATE_CARDS
from iceberg.reading import BrokenRowsError
from iceberg.writing import CommitConflictError
from schemas.contract import Contract, CreditGrant, FxRate, OneOffFee
from schemas.instant import DAY_US, EPOCH
from schemas.plain_form import content_fingerprint
from schemas.price_lists import PRICE_LISTS, PriceLists
from schemas.price_model import PerUnit
from schemas.rate_card import MeterPrice, RateCard
from tests.iceberg.filling import LocalCatalog, append

PRICE = MeterPrice("p", "m", "x", PerUnit(Decimal("0.000000000000000001")))
ALL = PriceLists(
    rate_cards=(
        RateCard("gold", "JPY", 1, 0),
        RateCard("gold", "USD", 2, 5, prices=(PRICE,)),
        RateCard("gold", "USD", 10, 6),
    ),
    contracts=(Contract("A", 1, -DAY_US, None, "USD"), Contract("B", 1, 0, "gold", "JPY")),
    credit_grants=(CreditGrant("g", "A", "USD", Decimal("0.01"), 0, 1),),
    one_off_fees=(OneOffFee("f", "A", "x", "USD", Decimal(-5), 0),),
    fx_rates=(FxRate("2013-01-31", "EUR", "USD", Decimal("1.3550")),),
)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog with every table, empty."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    make_tables(catalog, "billing")
    return catalog


def append_all(catalog: Catalog, lists: PriceLists) -> None:
    """Append to each table that gets something."""
    before = open_price_lists(catalog, "billing")
    for name in PRICE_LISTS:
        if getattr(lists, name):
            append_list(before, name, getattr(lists, name), DAY_US, "1")


def without_snapshots(lists: PriceLists) -> dict[str, Any]:
    """Return the lists alone."""
    return {name: getattr(lists, name) for name in PRICE_LISTS}


def test_empty_tables(catalog: Catalog) -> None:
    """No snapshot was read."""
    assert read_price_lists(catalog, "billing") == PriceLists()


def test_what_was_appended_is_read_back(catalog: Catalog) -> None:
    """Exactly, ordered by identity, versions as numbers; the snapshots are named by table."""
    append_all(catalog, PriceLists(rate_cards=ALL.rate_cards[::-1]))
    append_all(catalog, PriceLists(**without_snapshots(ALL) | {"rate_cards": ()}))
    found = read_price_lists(catalog, "billing")
    assert without_snapshots(found) == without_snapshots(ALL)
    assert [name for name, _ in found.snapshot_ids] == sorted(PRICE_LISTS)


def test_prices_of_a_snapshot(catalog: Catalog) -> None:
    """As they were, tables that were empty then included."""
    append_all(catalog, PriceLists(rate_cards=ALL.rate_cards[:1]))
    before = read_price_lists(catalog, "billing")
    append_all(catalog, PriceLists(**without_snapshots(ALL) | {"rate_cards": ALL.rate_cards[1:]}))
    assert read_price_lists(catalog, "billing", dict(before.snapshot_ids)) == before
    now = read_price_lists(catalog, "billing")
    assert read_price_lists(catalog, "billing", dict(now.snapshot_ids)) == now != before


def test_an_unknown_snapshot_is_one_line(catalog: Catalog) -> None:
    """It may have expired."""
    append_all(catalog, ALL)
    with pytest.raises(UnknownSnapshotError) as caught:
        read_price_lists(catalog, "billing", {"contracts": 5})
    assert str(caught.value) == (
        "snapshot, table contracts: expected one that the table keeps, found 5"
    )


def test_a_list_that_changed_meanwhile_is_not_appended_to(catalog: Catalog) -> None:
    """What was decided on is no longer all."""
    before = open_price_lists(catalog, "billing")
    append_all(catalog, ALL)
    with pytest.raises(CommitConflictError):
        append_list(before, "contracts", [Contract("C", 1, 0, None, "USD")], 0, "1")
    assert len(read_price_lists(catalog, "billing").contracts) == 2


CONTENT = '{"card_id":"gold","currency":"USD","version":1,"effective_from":"1970-01-01T00:00:00Z"}'


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"version": 2}, "rate_cards, row gold, USD, 2: expected version 1, found 2"),
        ({"fingerprint": "0" * 32}, "rate_cards, row gold, USD, 1: expected fingerprint .*, found"),
        ({"content": CONTENT.replace("gold", "iron")}, ".*: expected fingerprint"),
        ({"content": CONTENT.replace(":1,", ": 1,")}, ".*: expected content"),
        ({"content": "{"}, "rate_cards, row gold, USD, 1: content, value: expected JSON, found"),
        ({"content": "{}"}, ".*: content, card_id: expected a value, found nothing"),
    ],
)
def test_rows_that_contradict_themselves(
    catalog: Catalog, change: dict[str, Any], line: str
) -> None:
    """Nobody prices by a row that something else has written."""
    row = {**json.loads(CONTENT), "content": CONTENT, "job_version": "1"}
    row["fingerprint"] = content_fingerprint(CONTENT)
    row["effective_from"] = row["loaded_at"] = EPOCH
    append(catalog, RATE_CARDS, [{**row, **change}])
    with pytest.raises(BrokenRowsError, match=f"^{line}"):
        read_price_lists(catalog, "billing")


def test_a_version_that_stands_twice_with_other_content(catalog: Catalog) -> None:
    """The tables were written by something else than the program."""
    append_all(catalog, PriceLists(rate_cards=(RateCard("gold", "USD", 1, 0),)))
    append_all(catalog, PriceLists(rate_cards=(RateCard("gold", "USD", 1, 1),)))
    with pytest.raises(BrokenRowsError, match="rate_cards: rows of one identity differ"):
        read_price_lists(catalog, "billing")
