"""A deployment as it is seen from this machine: its files, and what could be opened of it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient

from iceberg.catalog import CatalogUnreachableError, open_to_read
from jobs.kafka_clients import KafkaUnreachableError, open_admin
from jobs.settings import Settings, SettingsError, load_settings

_NO_SETTINGS = "the settings cannot be used"


class UnmetError(Exception):
    """Something that a check needs is not there; the message says what, in one line."""


@dataclass(frozen=True, slots=True)
class Files:
    """The files that a deployment is configured by; None: not given, so not looked at."""

    settings: Path
    accounts: Path | None = None
    rate_cards: Path | None = None
    contracts: Path | None = None
    invoicing: Path | None = None


@dataclass(frozen=True, slots=True)
class Deployment:
    """What is examined; broker and catalog are opened once, for all checks.

    Attributes:
        files: What it is configured by.
        environ: The process environment.
        now_us: Reads this machine's clock.
        probe: Name of the object that is written to try the storage.
        opened_settings: The settings, or why they cannot be used.
        opened_admin: A client of the brokers, or why there is none.
        opened_catalog: The catalog, or why there is none.
    """

    files: Files
    environ: Mapping[str, str]
    now_us: Callable[[], int]
    probe: str
    opened_settings: Settings | SettingsError
    opened_admin: KafkaAdminClient | Exception
    opened_catalog: Any

    @property
    def settings(self) -> Settings:
        """The settings, or an UnmetError."""
        if isinstance(self.opened_settings, SettingsError):
            raise UnmetError(_NO_SETTINGS)
        return self.opened_settings

    @property
    def admin(self) -> KafkaAdminClient:
        """A client of the brokers, or an UnmetError."""
        if isinstance(self.opened_admin, Exception):
            raise _unmet(self.opened_admin, "no broker answers")
        return self.opened_admin

    @property
    def catalog(self) -> Any:
        """The catalog, or an UnmetError."""
        if isinstance(self.opened_catalog, Exception):
            raise _unmet(self.opened_catalog, "the catalog does not open")
        return self.opened_catalog


def _unmet(error: Exception, why: str) -> UnmetError:
    return error if isinstance(error, UnmetError) else UnmetError(why)


@contextmanager
def open_deployment(
    files: Files, environ: Mapping[str, str], now_us: Callable[[], int], probe: str
) -> Iterator[Deployment]:
    """Open what can be opened, and close it at the end; what cannot is kept as its error."""
    settings = _load(files.settings, environ)
    admin: KafkaAdminClient | Exception
    catalog: Any
    admin = catalog = UnmetError(_NO_SETTINGS)
    with ExitStack() as stack:
        if isinstance(settings, Settings):
            try:
                admin = stack.enter_context(open_admin(settings.kafka))
            except (SettingsError, KafkaUnreachableError) as error:
                admin = error
            try:
                catalog = open_to_read(settings.catalog)
            except CatalogUnreachableError as error:
                catalog = error
        yield Deployment(files, environ, now_us, probe, settings, admin, catalog)


def _load(path: Path, environ: Mapping[str, str]) -> Settings | SettingsError:
    try:
        return load_settings(path, environ)
    except SettingsError as error:
        return error
