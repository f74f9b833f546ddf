"""The readers of configuration files, each as a function from a file to its error."""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from jobs.settings import (
    SettingsError,
    load_accounts,
    load_contracts,
    load_invoicing,
    load_meters,
    load_rate_cards,
    load_settings,
)
from schemas.meter import Meter
from schemas.price_lists import PriceLists

CONFIG = Path(__file__).parents[2] / "config"


@cache
def _meters() -> tuple[Meter, ...]:
    return load_meters(CONFIG / "meters.yaml")


@cache
def _cards() -> PriceLists:
    return load_rate_cards(CONFIG / "rate_cards.yaml", _meters())


def _refusal(load: Callable[[Path], object], path: Path) -> str | None:
    """Return the one line with which a file is refused; None if it is read."""
    try:
        load(path)
    except SettingsError as error:
        return str(error)
    return None


LOADERS: dict[str, Callable[[Path], str | None]] = {
    "live": partial(_refusal, lambda path: load_settings(path, {})),
    "meters": partial(_refusal, load_meters),
    "accounts": partial(_refusal, load_accounts),
    "rate_cards": partial(_refusal, lambda path: load_rate_cards(path, _meters())),
    "contracts": partial(_refusal, lambda path: load_contracts(path, _cards())),
    "invoicing": partial(_refusal, load_invoicing),
}
"""By the name of the example in `config/`."""
