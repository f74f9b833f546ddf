"""Loads what is new of rate cards, rates of exchange, contracts, grants and fees into the tables.

    python -m jobs.load_rate_cards --settings S --rate-cards config/rate_cards.yaml
        --contracts config/contracts.yaml --by NAME --reason TEXT

What is loaded never changes. Loading the same again does nothing; other content of the same version
or id is refused, and nothing is written.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from iceberg.catalog import CatalogUnreachableError, open_catalog
from iceberg.creating import TableConflictError, check_tables
from iceberg.price_lists import append_list, open_price_lists
from iceberg.reading import BrokenRowsError
from iceberg.writing import CommitConflictError, UnknownCommitError
from jobs import VERSION
from jobs.manual_acts import add_decision_options, file_facts, read_decision, recorded
from jobs.settings import (
    Settings,
    SettingsError,
    load_contracts,
    load_meters,
    load_rate_cards,
    load_settings,
)
from schemas.instant import to_us
from schemas.manual_act import ActKind, AskedAct, Decision
from schemas.price_lists import PRICE_LISTS, PriceLists
from schemas.price_problem import PriceConflict
from udfs.checking import find_new

# Each conflict is another program that loaded something: nobody waits in vain for long.
_ATTEMPTS = 20


class RefusedPricesError(Exception):
    """A version or id was loaded with other content, or is too low; one line."""


def load_prices(
    settings: Settings,
    rate_cards_path: str,
    contracts_path: str,
    decision: Decision,
    clock: Callable[[], int],
) -> PriceLists:
    """Load what is new of two files, one commit for each table, and return it.

    It is kept in the log of manual acts.

    What was loaded is read, decided on and added to as of one snapshot of each table. If another
    program was faster, all three are done again; so is what a run that died has left.

    Args:
        settings: Name catalog and meters file.
        rate_cards_path: File of rate cards and rates of exchange.
        contracts_path: File of contracts, grants and fees.
        decision: Who wants them loaded, and why.
        clock: Tells the time of loading.

    Raises:
        SettingsError: A file is wrong.
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is missing or is not as declared.
        BrokenRowsError: Rows contradict each other.
        RefusedPricesError: Something was loaded with other content, or is too low. None is loaded,
            unless another program did so while this one was at it.
        CommitConflictError: Other programs were faster again and again.
        UnknownCommitError: The catalog did not say whether it is loaded.
    """
    cards = load_rate_cards(rate_cards_path, load_meters(settings.metering.meters_file))
    about: dict[str, object] = {
        "rate_cards": file_facts(rate_cards_path, "--rate-cards"),
        "contracts": file_facts(contracts_path, "--contracts"),
    }
    asked = AskedAct(ActKind.LOAD_RATE_CARDS, "jobs.load_rate_cards", decision, about)
    with recorded(settings.catalog, asked, clock) as act:
        new = _load(settings, cards, contracts_path, clock())
        accounts = [each.account_id for each in new.contracts]
        accounts += [each.account_id for each in new.credit_grants]
        accounts += [each.account_id for each in new.one_off_fees]
        act.add(
            accounts=sorted(set(accounts)),
            new={name: len(getattr(new, name)) for name in PRICE_LISTS},
        )
        return new


def _load(settings: Settings, cards: PriceLists, contracts_path: str, now_us: int) -> PriceLists:
    catalog = open_catalog(settings.catalog)
    namespace = settings.catalog.namespace
    check_tables(catalog, namespace)
    added: dict[str, tuple[Any, ...]] = {}
    for _ in range(_ATTEMPTS):
        before = open_price_lists(catalog, namespace)
        new = _find_new(before.lists, cards, contracts_path)
        try:
            for name in PRICE_LISTS:
                shapes = getattr(new, name)
                if shapes:
                    append_list(before, name, shapes, now_us, VERSION)
                    added[name] = shapes
        except CommitConflictError:
            continue
        return PriceLists(**added)
    raise CommitConflictError(
        f"commit, tables of prices: expected no other program's, found {_ATTEMPTS} in a row;"
        " not all was loaded: try again"
    )


def _find_new(known: PriceLists, cards: PriceLists, contracts_path: str) -> PriceLists:
    """Return what of the files is not known yet."""
    all_cards = replace(known, rate_cards=(*known.rate_cards, *cards.rate_cards))
    contracts = load_contracts(contracts_path, all_cards)
    given = replace(contracts, rate_cards=cards.rate_cards, fx_rates=cards.fx_rates)
    new = find_new(known, given)
    if isinstance(new, PriceConflict):
        raise RefusedPricesError(f"{new.what}: expected {new.expected}, found {new.found}")
    return new


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Load two files; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="load_rate_cards", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--rate-cards", required=True, help="file of rate cards and FX rates")
    parser.add_argument("--contracts", required=True, help="file of contracts, grants and fees")
    add_decision_options(parser)
    options = parser.parse_args(arguments)
    files = options.rate_cards, options.contracts
    try:
        decision = read_decision(options)
        settings = load_settings(options.settings, environ)
        new = load_prices(settings, *files, decision, lambda: to_us(datetime.now(UTC)))
    except (
        SettingsError,
        CatalogUnreachableError,
        TableConflictError,
        RefusedPricesError,
        CommitConflictError,
        UnknownCommitError,
    ) as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenRowsError as error:
        print(error, file=sys.stderr)
        return 1
    for name in PRICE_LISTS:
        print(f"{name}: {len(getattr(new, name))} new")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
