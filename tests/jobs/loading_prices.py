"""Calls the program that loads prices, in tests: two small files, and what came of them."""

from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog

from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from iceberg.price_lists import read_price_lists
from jobs.load_rate_cards import main
from schemas.price_lists import PRICE_LISTS, PriceLists
from tests.iceberg.filling import LocalCatalog
from tests.jobs.metered_tables import write_settings

Output = pytest.CaptureFixture[str]
WHY = ("--by", "Ada L", "--reason", "new prices")
CARDS = """\
rate_cards:
  - card_id: gold
    currency: USD
    version: 1
    effective_from: 2013-01-01T00:00:00Z
    prices:
      - price_id: flights
        meter_id: flights
        product: landing
        model: {type: graduated, tiers: [{up_to: 5, unit_price: 2}, {unit_price: '1.50'}]}
"""
CONTRACTS = """\
contracts:
  - {account_id: A, version: 1, effective_from: 2013-01-01T00:00:00Z, currency: USD}
credit_grants:
  - {grant_id: g, account_id: A, currency: USD, amount: 5, granted: 2013-01-01T00:00:00Z}
"""


def empty_tables(folder: Path) -> Path:
    """Make all tables in a folder; return the path of their settings."""
    make_tables(open_catalog(LocalCatalog(folder)), "billing")
    return write_settings(folder)


def call(settings: Path, cards: str = CARDS, contracts: str = CONTRACTS) -> list[str]:
    """Write both files and return the arguments that load them."""
    arguments = ["--settings", str(settings), *WHY]
    for option, text in (("--rate-cards", cards), ("--contracts", contracts)):
        path = settings.parent / f"{option[2:]}.yaml"
        path.write_text(text)
        arguments += [option, str(path)]
    return arguments


def load(arguments: list[str], capsys: Output) -> dict[str, int]:
    """Load, and return how much of each list was new."""
    assert main(arguments, {}) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [(name, new) for name, _, new in lines] == [(f"{name}:", "new") for name in PRICE_LISTS]
    return {name.removesuffix(":"): int(number) for name, number, _ in lines if int(number)}


def refused(arguments: list[str], capsys: Output) -> str:
    """Return the one line with which the program refuses."""
    assert main(arguments, {}) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    return output.err.strip()


def catalog_of(settings: Path) -> Catalog:
    """Open the catalog of the settings."""
    return open_catalog(LocalCatalog(settings.parent))


def lists_of(settings: Path) -> PriceLists:
    """Return what was loaded."""
    return read_price_lists(catalog_of(settings), "billing")
