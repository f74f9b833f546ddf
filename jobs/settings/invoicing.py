"""Reads the file of invoicing: seller, series, taxes and buyers."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jobs.invoices.localizing import LocaleError, Localizer
from jobs.settings.shapes import SettingsError
from jobs.settings.yaml_file import YamlFile, read_yaml_file
from schemas.invoice_terms import Party
from schemas.invoicing_setup import InvoicingSetup
from schemas.plain_form_reader import PlainFormError, Steps, from_plain
from udfs.checking import check_invoicing

# Only its locale is looked at.
_ANY_CURRENCY = "USD"


def load_invoicing(path: Path | str) -> InvoicingSetup:
    """Read what a seller decides of its invoices.

    Members are the fields of `schemas.invoicing_setup`, written as `schemas.plain_form` says; times
    without an offset stand on the wall clock of the seller's `timezone`.

    Args:
        path: The file.

    Raises:
        SettingsError: One line with file, line, place, expected and found.
    """
    file = read_yaml_file(Path(path))
    try:
        setup = from_plain(InvoicingSetup, file.content, _seller_zone(file))
    except PlainFormError as error:
        raise _refusal(file, error.steps, error.expected, error.found) from None
    for problem in check_invoicing(setup):
        raise _refusal(file, problem.steps, problem.expected, problem.found)
    _check_locale(file, setup.seller, ("seller",))
    for place, buyer in enumerate(setup.buyers):
        _check_locale(file, buyer.party, ("buyers", place, "party"))
    return setup


def _seller_zone(file: YamlFile) -> ZoneInfo | None:
    """Return the zone; None where it is missing or wrong, which is found when all is read."""
    seller: Any = file.content.get("seller")
    name = seller.get("timezone") if isinstance(seller, dict) else None
    try:
        return ZoneInfo(name) if isinstance(name, str) else None
    except (KeyError, ValueError, OSError):
        expected = "an IANA time zone"
        raise _refusal(file, ("seller", "timezone"), expected, repr(name)) from None


def _check_locale(file: YamlFile, party: Party, steps: Steps) -> None:
    try:
        Localizer(party.locale, _ANY_CURRENCY)
    except LocaleError:
        where = (*steps, "locale")
        raise _refusal(file, where, "a locale like de-DE", repr(party.locale)) from None


def _refusal(file: YamlFile, steps: Steps, expected: str, found: str) -> SettingsError:
    return SettingsError("bad value", file.where(steps), expected, found)
