"""Prices and invoices the demo's year, quarter by quarter, as its operator would have."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from rich.console import Console

from iceberg.catalog import open_catalog
from iceberg.charge_sums import sum_charges
from iceberg.journal_rows import read_journal
from jobs.demo.invoicing import issue_months
from jobs.demo.stages import DECISION, PREPARED_US, Stages
from jobs.load_rate_cards import load_prices
from jobs.local.places import ROOT
from jobs.price_usage import price_usage
from jobs.pricing.running import AskedRun
from jobs.reporting.amounts import grouped_text
from jobs.reporting.rendering_charges import print_sums
from jobs.reporting.rendering_ledger import print_trial_balance
from jobs.settings import CatalogSettings, Settings
from schemas.instant import to_us
from schemas.journal import ChainBreak, TrialLine
from udfs.balancing import balances, rest_by_currency, trial_balance
from udfs.chaining import verify

_RATE_CARDS = ROOT / "config" / "rate_cards.yaml"
_CONTRACTS = ROOT / "config" / "contracts.yaml"
_BEGIN = datetime(2013, 1, 1, tzinfo=UTC)
# What came late is charged in the quarter after.
DAYS = (
    datetime(2013, 4, 10, tzinfo=UTC),
    datetime(2013, 7, 10, tzinfo=UTC),
    datetime(2013, 10, 10, tzinfo=UTC),
    datetime(2014, 1, 10, tzinfo=UTC),
    datetime(2014, 2, 10, tzinfo=UTC),
)
"""Days on which the year is priced and invoiced."""


@dataclass(frozen=True, slots=True)
class Priced:
    """What stands in the tables after the year was priced.

    Attributes:
        charges: By account, from `iceberg.charge_sums`.
        trial_balance: Of the ledger.
        problems: One line for each thing that does not hold; empty where all is well.
    """

    charges: list[dict[str, Any]]
    trial_balance: tuple[TrialLine, ...]
    problems: tuple[str, ...]


def price_year(settings: Settings, stages: Stages) -> None:
    """Load prices and contracts; then price up to some days of the year, and invoice on them.

    Args:
        settings: Of the demo.
        stages: Are told what happens.

    Raises:
        SettingsError: A file is wrong.
        BrokenRowsError: The tables contradict themselves.
        RefusedInvoiceError, MissingTaxRateError: Something cannot be invoiced.
        IncompleteUsageError: The job was stopped before usage was complete in the tables.
    """
    with stages.stage("load rate cards and contracts"):
        load_prices(settings, str(_RATE_CARDS), str(_CONTRACTS), DECISION, lambda: PREPARED_US)
    for since, day in pairwise((_BEGIN, *DAYS)):
        until_us = to_us(day)
        with stages.stage(f"price usage up to {day.date()}"):
            # Its clock is that of the year it tells of: the same runs each time.
            report = price_usage(settings, AskedRun(until_us, until_us), lambda _: None)
        for currency, amount_minor in sorted((report.amount_minor or {}).items()):
            amount = grouped_text(amount_minor, currency)
            stages.say(f"  {report.charges:,} charges, {amount} {currency}")
        issue_months(settings.catalog, stages, since, day)


def read_priced(settings: CatalogSettings) -> Priced:
    """Return charges and ledger, and whether they hold.

    Raises:
        BrokenRowsError: The tables contradict themselves.
    """
    catalog = open_catalog(settings)
    chained = tuple(read_journal(catalog, settings.namespace))
    lines = trial_balance(balances(each.entry for each in chained))
    problems = [
        f"ledger, {currency}: expected debits and credits that sum to 0, found {rest}"
        for currency, rest in rest_by_currency(lines)
        if rest
    ]
    held = verify(chained)
    if isinstance(held, ChainBreak):
        problems.append(
            f"ledger, entry {held.entry_no}: expected {held.expected}, found {held.found}"
        )
    return Priced(sum_charges(catalog, settings.namespace), tuple(lines), tuple(problems))


def print_priced(console: Console, priced: Priced) -> None:
    """Print charges and ledger for people."""
    print_sums(console, priced.charges)
    print_trial_balance(console, priced.trial_balance)
    if not priced.problems:
        console.print("The ledger is in balance, and its chain holds.", style="bold green")
