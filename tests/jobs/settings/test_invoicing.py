"""The file of invoicing: the demo's, and the one line for each mistake."""

from pathlib import Path

import pytest

from jobs.invoices import render_pdf
from jobs.settings import SettingsError, load_accounts, load_invoicing
from schemas.instant import to_text
from schemas.invoice_terms import Series
from tests.jobs.invoiced_tables import SETUP
from tests.udfs.invoicing.billing import FEB, charge, drafted
from udfs.invoicing import terms_of

CONFIG = Path(__file__).parents[3] / "config"


def test_the_demo_invoices_every_carrier() -> None:
    """In English, and one each in German, French and Japanese."""
    setup = load_invoicing(CONFIG / "invoicing.yaml")
    accounts = {each.account_id for each in load_accounts(CONFIG / "accounts.yaml")}
    assert {buyer.account_id for buyer in setup.buyers} == accounts
    languages = [buyer.party.locale[:2] for buyer in setup.buyers]
    assert {each: languages.count(each) for each in ("en", "de", "fr", "ja")} == {
        "en": len(accounts) - 3,
        "de": 1,
        "fr": 1,
        "ja": 1,
    }
    assert (setup.series, setup.credit_series) == (Series("NYA"), Series("NYACN"))


def test_the_demos_invoices_can_be_printed() -> None:
    """Every name and address has its characters in the fonts; desks are taxed, landings are not."""
    setup = load_invoicing(CONFIG / "invoicing.yaml")
    for buyer in setup.buyers:
        terms = terms_of(setup, buyer, (), "USD", FEB)
        account_id = buyer.account_id
        landing = charge(100000, account_id=account_id)
        desks = charge(40000, account_id=account_id, line_id="desks", product="desks")
        invoice = drafted(landing, desks, terms=terms, tax_table=setup.taxes)
        # 8.875 % of 400.00
        assert [each.tax_minor for each in invoice.tax_lines] == [3550, 0]
        assert render_pdf(invoice).startswith(b"%PDF-")


def test_times_are_those_of_the_seller(tmp_path: Path) -> None:
    """Midnight in New York is 04:00 UTC in summer."""
    file = tmp_path / "invoicing.yaml"
    file.write_text(SETUP)
    first = load_invoicing(file).taxes.rates[0]
    assert to_text(first.effective_from_us) == "2009-08-01T04:00:00Z"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("locale: en-US, timezone", "locale: xx, timezone", ":2 seller.locale: expected a locale"),
        ("name: Blau GmbH, locale: de-DE", "name: Blau GmbH, locale: klingon", ":16 buyers[1].par"),
        ("America/New_York}\nseries", "Mars/Base}\nseries", ":2 seller.timezone: expected an IANA"),
        ("timezone: America/New_York}\n  - {acc", "timezone: X}\n  - {acc", ":15 buyers[0].party"),
        ("{series_id: INV}", "{series_id: IN-V}", ":3 series.series_id: expected 1 to 16 letters"),
        ("{series_id: CN}", "{series_id: INV}", ":4 credit_series.series_id: expected each name"),
        ("{series_id: CN}", "{series_id: CN, digits: 0}", ":4 credit_series.digits: expected a wh"),
        ("account_id: OO", "account_id: AA", ":17 buyers[2].account_id: expected each name once"),
        ("minimum: 20", "minimum: -20", ":17 buyers[2].minimum: expected at least 0, found -20"),
        ("rate: 0}", "rate: -1}", ":7 taxes.rates: expected rates that fit together, found tax S"),
        ("desks: equipment", "De sks: equipment", ":6 taxes.product_classes.De sks: expected a pl"),
        ("rate: 0}", "share: 0}", ":10 taxes.rates[1].share: expected one of tax_id, jurisdiction"),
        ("address: [2 Road], jurisdiction: US-NY", "address: [2 Road], jurisdiction: DE", ":14 bu"),
        ("series: {series_id: INV}\n", "", ":1 series: expected a value, found nothing"),
        ("buyers:", "sellers: 1\nbuyers:", ":11 sellers: expected one of seller, series, credit_"),
        ("[1 Road]", "1 Road", ":2 seller.address: expected a list, found '1 Road'"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, old: str, new: str, line: str) -> None:
    """With file, line, place, expected and found."""
    assert SETUP.count(old) == 1, old
    file = tmp_path / "invoicing.yaml"
    file.write_text(SETUP.replace(old, new))
    with pytest.raises(SettingsError) as caught:
        load_invoicing(file)
    assert f"bad value, {file}{line}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_who_is_not_taxed_needs_no_taxes(tmp_path: Path) -> None:
    """A buyer elsewhere, who owes the tax there."""
    file = tmp_path / "invoicing.yaml"
    elsewhere = "[2 Road], jurisdiction: DE, treatment: reverse_charge"
    file.write_text(SETUP.replace("[2 Road], jurisdiction: US-NY", elsewhere))
    assert {each.party.jurisdiction for each in load_invoicing(file).buyers} == {"DE"}
