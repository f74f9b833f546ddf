"""Checks the catalog, its tables, the storage they lie in, and the time zones of accounts."""

import zoneinfo
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from iceberg.catalog import pyiceberg_options
from iceberg.examining import MISSING_TABLE, count_tables, examine_tables
from iceberg.pricing_inputs import read_terms
from iceberg.probing import (
    MissingFolderError,
    StorageRightsError,
    UnknownStorageError,
    probe_storage,
)
from jobs.diagnosing.checking_machine import locked_versions
from jobs.diagnosing.deployment import Deployment, UnmetError
from jobs.diagnosing.lines import failed
from jobs.settings import SettingsError, load_accounts
from schemas.account import AccountError
from schemas.finding import Finding, Verdict

_CREATE = "python -m jobs.create_tables"


def check_catalog(deployment: Deployment) -> Iterator[Finding]:
    """The catalog opens and answers, and has the namespace."""
    error = deployment.opened_catalog
    if isinstance(error, Exception) and not isinstance(error, UnmetError):
        yield failed(error, "check catalog.uri, the network, the login and the driver")
        return
    settings = deployment.settings.catalog
    count = count_tables(deployment.catalog, settings.namespace)
    name = f"{settings.type} catalog {settings.name}, namespace {settings.namespace}"
    if count is None:
        yield Finding(Verdict.FAILED, f"{name}: none", "the namespace", f"make it: {_CREATE}")
    else:
        yield Finding(Verdict.OK, f"{name}: {count} tables")


def check_tables(deployment: Deployment) -> Iterator[Finding]:
    """Every table as it is declared; a finding for each that is not."""
    namespace = deployment.settings.catalog.namespace
    examined = list(examine_tables(deployment.catalog, namespace))
    good = [each for each in examined if not each.conflict and not each.other_properties]
    if good:
        yield Finding(Verdict.OK, f"{len(good)} of {len(examined)} tables as declared")
    for each in examined:
        if each.conflict:
            yield failed(each.conflict, "see docs/tables.md; a table is not changed by itself")
        elif each.other_properties:
            names = ", ".join(each.other_properties)
            found = f"table {each.name}: other properties: {names}"
            yield Finding(Verdict.WARNING, found, "those declared", f"set them: {_CREATE}")


def check_warehouse(deployment: Deployment) -> Iterator[Finding]:
    """What may be done in the folder of the tables."""
    yield _probe(deployment, "catalog.warehouse", deployment.settings.catalog.warehouse)


def check_checkpoint_dir(deployment: Deployment) -> Iterator[Finding]:
    """What may be done in the folder of checkpoints, from Python."""
    yield _probe(deployment, "flink.checkpoint_dir", deployment.settings.flink.checkpoint_dir)


def _probe(deployment: Deployment, setting: str, location: str) -> Finding:
    expected = "write, read, list and delete"
    if deployment.settings.catalog.read_only:
        raise UnmetError("catalog.read_only is true, so nothing is written to try it")
    properties = pyiceberg_options(deployment.settings.catalog)
    if not isinstance(deployment.opened_catalog, Exception):
        properties |= deployment.catalog.properties  # a REST catalog adds its own
    try:
        probe_storage(location, properties, deployment.probe)
    except UnknownStorageError as error:
        raise UnmetError(str(error)) from None
    except MissingFolderError as error:
        remedy = f"programs make it where they may; correct {setting} if it should be there"
        return Finding(Verdict.WARNING, str(error), "a folder", remedy)
    except StorageRightsError as error:
        remedy = f"grant it, or correct {setting}"
        return Finding(Verdict.FAILED, str(error), expected, remedy)
    return Finding(Verdict.OK, f"{location}: {expected}")


def check_zone_data(_: Deployment) -> Iterator[Finding]:
    """The time-zone data that periods are cut by: the same on all machines, that of the lock."""
    try:
        packaged = version("tzdata")
    except PackageNotFoundError:
        packaged = ""
    system = _system_zones()
    if system is None and not packaged:
        remedy = "install the package tzdata"
        yield Finding(Verdict.FAILED, "none", "time-zone data", remedy)
        return
    locked = locked_versions()["tzdata"]
    found = f"{system[1]} in {system[0]}" if system else f"{_release(packaged)} in the package"
    release = system[1] if system else _release(packaged)
    if release == _release(locked):
        yield Finding(Verdict.OK, found)
    else:
        remedy = "let Python read the locked package: PYTHONTZPATH= (empty); or update the other"
        yield Finding(Verdict.WARNING, found, f"{_release(locked)}, as locked", remedy)


def _system_zones() -> tuple[str, str] | None:
    """Return the folder that Python reads zones from, and its release; None: the package's."""
    for folder in zoneinfo.TZPATH:
        if (Path(folder) / "UTC").exists():
            told = Path(folder) / "tzdata.zi"
            first = told.read_text().partition("\n")[0] if told.exists() else ""
            return folder, first.removeprefix("# version ").strip() or "unknown release"
    return None


def _release(package: str) -> str:
    """Return the release that a version of the package has: 2026.6 is 2026f."""
    year, _, number = package.partition(".")
    return f"{year}{chr(ord('a') + int(number) - 1)}" if number.isdecimal() else package


def check_zones(deployment: Deployment) -> Iterator[Finding]:
    """The zones of all accounts, of the file and as the job took them: each is known here."""
    path = deployment.files.accounts
    if path is not None:
        try:
            zones = {t.timezone for account in load_accounts(path) for t in account.terms}
        except SettingsError as error:
            yield failed(error, "correct the file, or update the time-zone data")
        else:
            yield Finding(Verdict.OK, f"{path}: {len(zones)} zones, all known")
    namespace = deployment.settings.catalog.namespace
    try:
        taken = read_terms(deployment.catalog, namespace)
    except MISSING_TABLE:
        raise UnmetError("the table accounts is not there") from None
    except AccountError as error:
        remedy = "update the time-zone data of this machine to that of the job's"
        yield failed(f"table accounts: {error}", remedy)
    else:
        zones = {terms.timezone for each in taken.values() for terms in each}
        found = f"table accounts: {len(taken):,} accounts, {len(zones)} zones, all known"
        yield Finding(Verdict.OK, found)
