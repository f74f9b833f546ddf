"""Checks the files that a deployment is configured by, with the programs' own readers."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from iceberg.examining import MISSING_TABLE
from iceberg.price_lists import read_price_lists
from jobs.diagnosing.deployment import Deployment, UnmetError
from jobs.diagnosing.lines import failed
from jobs.settings import (
    SettingsError,
    load_accounts,
    load_contracts,
    load_invoicing,
    load_meters,
    load_rate_cards,
)
from schemas.finding import Finding, Verdict
from schemas.price_lists import PriceLists

_REMEDY = "correct the file"


def check_settings(deployment: Deployment) -> Iterator[Finding]:
    """The settings file, with what the environment overrides."""
    error = deployment.opened_settings
    if isinstance(error, SettingsError):
        yield failed(error, _REMEDY)
    else:
        yield Finding(Verdict.OK, str(deployment.files.settings))


def check_meters(deployment: Deployment) -> Iterator[Finding]:
    """The meters file that the settings name."""
    path = deployment.settings.metering.meters_file
    try:
        meters = load_meters(path)
    except SettingsError as error:
        yield failed(error, _REMEDY)
    else:
        yield Finding(Verdict.OK, f"{path}: {len(meters):,} meters")


def check_accounts(deployment: Deployment) -> Iterator[Finding]:
    """The file of accounts; an unknown time zone is found here, too."""
    path = _given(deployment.files.accounts, "--accounts")
    try:
        accounts = load_accounts(path)
    except SettingsError as error:
        yield failed(error, _REMEDY)
    else:
        yield Finding(Verdict.OK, f"{path}: {len(accounts):,} accounts")


def check_rate_cards(deployment: Deployment) -> Iterator[Finding]:
    """The file of rate cards, for the meters that there are."""
    path = _given(deployment.files.rate_cards, "--rate-cards")
    try:
        lists = _read_cards(deployment, path)
    except SettingsError as error:
        yield failed(error, _REMEDY)
    else:
        yield Finding(Verdict.OK, f"{path}: {len(lists.rate_cards):,} versions of rate cards")


def check_contracts(deployment: Deployment) -> Iterator[Finding]:
    """The file of contracts, for the rate cards of the file and of the tables."""
    path = _given(deployment.files.contracts, "--contracts")
    known = _read_loaded(deployment)
    where = "in the tables, too" if known else "not in the tables, which are not there"
    known = known or PriceLists()
    if deployment.files.rate_cards is not None:
        try:
            cards = _read_cards(deployment, deployment.files.rate_cards)
        except SettingsError:
            raise UnmetError("the rate cards cannot be used") from None
        known = replace(known, rate_cards=(*known.rate_cards, *cards.rate_cards))
    try:
        lists = load_contracts(path, known)
    except SettingsError as error:
        yield failed(error, f"correct the file (its rate cards were looked up {where})")
    else:
        yield Finding(Verdict.OK, f"{path}: {len(lists.contracts):,} contracts")


def _read_loaded(deployment: Deployment) -> PriceLists | None:
    """Return the prices that were loaded; None: there are no tables."""
    if isinstance(deployment.opened_catalog, Exception):
        return None
    try:
        return read_price_lists(deployment.catalog, deployment.settings.catalog.namespace)
    except MISSING_TABLE:
        return None


def check_invoicing(deployment: Deployment) -> Iterator[Finding]:
    """The file of invoicing."""
    path = _given(deployment.files.invoicing, "--invoicing")
    try:
        setup = load_invoicing(path)
    except SettingsError as error:
        yield failed(error, _REMEDY)
    else:
        yield Finding(Verdict.OK, f"{path}: seller {setup.seller.name}")


def _read_cards(deployment: Deployment, path: Path) -> PriceLists:
    try:
        meters = load_meters(deployment.settings.metering.meters_file)
    except SettingsError:
        raise UnmetError("the meters cannot be used") from None
    return load_rate_cards(path, meters)


def _given(path: Path | None, option: str) -> Path:
    if path is None:
        raise UnmetError(f"not asked for: {option} FILE")
    return path
