"""Reads the file of contracts, credit grants and one-off fees."""

from pathlib import Path

from jobs.settings.price_files import check_sections, read_section
from jobs.settings.yaml_file import read_yaml_file
from schemas.contract import Contract, CreditGrant, OneOffFee
from schemas.price_lists import PriceLists
from udfs.checking import check_contract, check_grant, check_one_off_fee


def load_contracts(path: Path | str, known: PriceLists) -> PriceLists:
    """Read the sections `contracts`, `credit_grants` and `one_off_fees`, in the file's order.

    Members are the fields of `schemas.contract`, written as `schemas.plain_form` says.

    Args:
        path: The file.
        known: The rate cards that contracts may name, and the contracts that other accounts have.

    Raises:
        SettingsError: One line with file, line, place, expected and found.
    """
    file = read_yaml_file(Path(path))
    check_sections(file, ("contracts", "credit_grants", "one_off_fees"))
    cards = known.rate_cards
    contracts = read_section(file, "contracts", Contract, lambda each: check_contract(each, cards))
    signed = (*known.contracts, *contracts)
    return PriceLists(
        contracts=contracts,
        credit_grants=read_section(
            file, "credit_grants", CreditGrant, lambda each: check_grant(each, signed)
        ),
        one_off_fees=read_section(
            file, "one_off_fees", OneOffFee, lambda each: check_one_off_fee(each, signed)
        ),
    )
