"""The demo's contracts over a year of made-up usage: pricing and the oracle agree on every day."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from audit.prices.agreements import read_agreements
from audit.prices.charged_periods import charged_periods
from audit.prices.charges import compare_charges
from audit.prices.statements import price_all
from audit.prices.used import Tables
from iceberg.creating import make_tables
from jobs.local.places import ROOT
from schemas.instant import to_us
from tests.jobs.demo_year import UsedPeriod, usage_rows
from tests.jobs.pricing_world import SETTINGS, World
from tests.oracle.comparing_runs import compare_runs, read_tables

CONFIG = ROOT / "config"
# On the first of them June has ended, but is not closed yet.
DAYS = (datetime(2013, 7, 2, tzinfo=UTC), datetime(2014, 2, 10, tzinfo=UTC))
KINDS = {
    *("usage", "recurring_fee", "one_off_fee", "minimum", "trial", "discount"),
    *("commitment", "credit"),
}


def make_demo_world(folder: Path, seed: int) -> World:
    """Make tables with the demo's accounts and prices, and usage of all its periods."""
    meters = (CONFIG / "meters.yaml").read_text()
    (folder / "meters.yaml").write_text(meters)
    (folder / "settings.yaml").write_text(SETTINGS)
    world = World(folder)
    make_tables(world.catalog, "billing")
    texts = [(CONFIG / name).read_text() for name in ("rate_cards.yaml", "contracts.yaml")]
    world.load(*texts)
    accounts = yaml.safe_load((CONFIG / "accounts.yaml").read_text())["accounts"]
    for offset, each in enumerate(accounts):
        world.take_account(each["account_id"], *each["terms"], offset=offset)
    agreed = read_agreements(CONFIG)
    periods = [
        UsedPeriod(each.account_id, each.start, each.end, each.timezone)
        for account_id in sorted(agreed.contracts)
        for each in charged_periods(agreed, account_id, DAYS[-1])
    ]
    world.meter(DAYS[-1], **usage_rows(Random(seed), periods))  # noqa: S311 - no secret
    return world


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The tables, once both days are priced."""
    world = make_demo_world(tmp_path_factory.mktemp("demo"), seed=2013)
    for day in DAYS:
        world.price(day, at_us=to_us(day))
    return read_tables(world.catalog, "billing")


def test_the_oracle_finds_the_same_charges(priced: Tables) -> None:
    """Line by line after each run: no difference, and nothing is left out of the comparison."""
    first, last = compare_runs(CONFIG, priced).values()
    assert first.differences == last.differences == []
    assert (first.periods, last.periods) == (100, 233)
    assert (first.lines, last.lines) == (279, 633)
    assert first.kinds == last.kinds == KINDS


def test_any_wrong_or_missing_charge_is_found(priced: Tables) -> None:
    """A cent too much, or no charge at all, is one difference, whichever line it is in."""
    statements = price_all(read_agreements(CONFIG), priced, DAYS[0])
    first_run = {row["run_id"] for row in priced["runs"].to_pylist() if row["at"] == DAYS[0]}
    charges = [row for row in priced["charges"].to_pylist() if row["run_id"] in first_run]
    assert not compare_charges(statements, charges).differences
    for place in range(0, len(charges), 10):
        wrong = {**charges[place], "amount_minor": charges[place]["amount_minor"] + 1}
        rest = charges[:place] + charges[place + 1 :]
        assert len(compare_charges(statements, [*rest, wrong]).differences) == 1
        assert len(compare_charges(statements, rest).differences) == 1


def test_one_flight_more_is_found(priced: Tables) -> None:
    """Usage that was never charged; in a period without another price, trial or discount."""
    closed = priced["closed_usage"]
    rows = closed.to_pylist()
    of_9e = [each for each in rows if (each["account_id"], each["meter_id"]) == ("9E", "flights")]
    row = {**of_9e[0], "row_id": "one more", "quantity": Decimal(1)}
    more = type(closed).from_pylist([*rows, row], closed.schema)
    differences = compare_runs(CONFIG, {**priced, "closed_usage": more})[DAYS[-1]].differences
    assert len(differences) == 1
    assert differences[0].startswith(f"9E {row['period_start']:%Y-%m-%dT%H:%M}: usage landing-fee")


def test_another_price_is_found(priced: Tables, tmp_path: Path) -> None:
    """One cent more for a landing at JFK, in the file alone: nobody was charged so."""
    for name in ("accounts", "contracts", "meters", "rate_cards"):
        text = (CONFIG / f"{name}.yaml").read_text()
        (tmp_path / f"{name}.yaml").write_text(text.replace('"134.90"', '"134.91"'))
    found = compare_runs(tmp_path, priced)
    assert found[DAYS[0]].differences == []
    differences = found[DAYS[-1]].differences
    assert len(differences) > 20
    kinds = {each.split(": ")[1].split()[0] for each in differences}
    assert kinds == {"usage", "discount", "commitment"}
