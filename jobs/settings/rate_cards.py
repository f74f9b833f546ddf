"""Reads the file of rate cards and of rates of exchange."""

from collections.abc import Sequence
from pathlib import Path

from jobs.settings.price_files import check_sections, read_section
from jobs.settings.yaml_file import read_yaml_file
from schemas.contract import FxRate
from schemas.meter import Meter
from schemas.price_lists import PriceLists
from schemas.rate_card import RateCard
from udfs.checking import check_card, check_fx_rate


def load_rate_cards(path: Path | str, meters: Sequence[Meter]) -> PriceLists:
    """Read the sections `rate_cards` and `fx_rates`, in the file's order.

    Members are the fields of `schemas.rate_card`, `schemas.price_model` and
    `schemas.contract.FxRate`, written as `schemas.plain_form` says.

    Args:
        path: The file.
        meters: All that are configured.

    Raises:
        SettingsError: One line with file, line, place, expected and found.
    """
    file = read_yaml_file(Path(path))
    check_sections(file, ("rate_cards", "fx_rates"))
    by_id = {meter.meter_id: meter for meter in meters}
    return PriceLists(
        rate_cards=read_section(file, "rate_cards", RateCard, lambda card: check_card(card, by_id)),
        fx_rates=read_section(file, "fx_rates", FxRate, check_fx_rate),
    )
