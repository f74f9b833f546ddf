"""The file of contracts: the demo's, and the one line for each mistake."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from jobs.settings import (
    SettingsError,
    load_accounts,
    load_contracts,
    load_meters,
    load_rate_cards,
)
from schemas.contract import Contract, CreditGrant, Discount, OneOffFee
from schemas.instant import to_text
from schemas.price_lists import PriceLists
from schemas.rate_card import RateCard, RecurringFee

CONFIG = Path(__file__).parents[3] / "config"
JANUARY_US = 1_356_998_400_000_000
DESK = RecurringFee("desk", "desks", Decimal(400), per_seat=True)
BASE = RecurringFee("base", "base", Decimal(400))
CARDS = PriceLists(
    rate_cards=(
        RateCard("gold", "USD", 1, 0, fees=(DESK, BASE)),
        RateCard("gold", "JPY", 1, 0),
        RateCard("plain", "USD", 1, 0),
    ),
    contracts=(Contract("Z", 1, 0, None, "JPY"),),
)
LEAST = """\
contracts:
  - account_id: A
    version: 1
    effective_from: 2013-01-01T00:00:00Z
    card_id: gold
    currency: USD
    discounts:
      - {discount_id: off, rate: '0.1', from: 2013-01-01T00:00:00Z}
    seats: {desk: 3}
credit_grants:
  - {grant_id: g, account_id: A, currency: USD, amount: '5.25', granted: 2013-01-01T00:00:00Z}
one_off_fees:
  - {fee_id: f, account_id: A, product: setup, currency: USD, amount: -9,
     at: 2013-01-01T00:00:00Z}
"""


def load(folder: Path, text: str) -> PriceLists:
    """Load a text as the file of contracts."""
    (folder / "contracts.yaml").write_text(text)
    return load_contracts(folder / "contracts.yaml", CARDS)


def test_a_small_file(tmp_path: Path) -> None:
    """What is left out has the defaults of the shapes, or is none."""
    off = Discount("off", Decimal("0.1"), None, (), JANUARY_US, None)
    seats = (("desk", 3),)
    assert load(tmp_path, LEAST) == PriceLists(
        contracts=(Contract("A", 1, JANUARY_US, "gold", "USD", (off,), seats=seats),),
        credit_grants=(CreditGrant("g", "A", "USD", Decimal("5.25"), JANUARY_US, None),),
        one_off_fees=(OneOffFee("f", "A", "setup", "USD", Decimal(-9), JANUARY_US),),
    )


def test_the_demos_contracts() -> None:
    """Every carrier has one; small ones have a card of their own, UA's changes in September."""
    cards = load_rate_cards(CONFIG / "rate_cards.yaml", load_meters(CONFIG / "meters.yaml"))
    lists = load_contracts(CONFIG / "contracts.yaml", cards)
    accounts = [account.account_id for account in load_accounts(CONFIG / "accounts.yaml")]
    assert sorted({each.account_id for each in lists.contracts}) == sorted(accounts)
    small = [each.account_id for each in lists.contracts if each.card_id == "small-carrier"]
    assert small == ["AS", "F9", "OO", "YV", "HA"]
    two = [each for each in lists.contracts if each.account_id == "UA"]
    assert [dict(each.seats)["check-in-desk"] for each in two] == [16, 20]
    (hawaiian,) = [each for each in lists.contracts if each.account_id == "HA"]
    assert to_text(hawaiian.trial_until_us or 0) == "2013-01-16T10:00:00Z"
    assert [grant.account_id for grant in lists.credit_grants] == ["B6", "B6"]
    assert [fee.amount for fee in lists.one_off_fees] == [1800, Decimal("-412.5")]


def refusal(folder: Path, text: str) -> str:
    """Return the line with which a file is refused."""
    with pytest.raises(SettingsError) as caught:
        load(folder, text)
    line = str(caught.value)
    assert "\n" not in line
    return line.removeprefix(f"bad value, {folder / 'contracts.yaml'}:")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("account_id: A\n", "account_id: ''\n", "2 contracts[0].account_id: expected text of 1 to"),
        ("version: 1", "version: 0", "3 contracts[0].version: expected a whole number of at least"),
        ("version: 1", "versions: 1", "3 contracts[0].versions: expected one of account_id, vers"),
        (
            "card_id: gold",
            "card_id: iron",
            "5 contracts[0].card_id: expected a rate card (gold, plain), found 'iron'",
        ),
        (
            "currency: USD\n",
            "currency: EUR\n",
            "6 contracts[0].currency: expected a currency of the rate card (USD, JPY), found 'EUR'",
        ),
        (
            "currency: USD\n",
            "currency: usd\n",
            "6 contracts[0].currency: expected a currency of ISO 4217, found 'usd'",
        ),
        (
            "desk: 3",
            "base: 3",
            "9 contracts[0].seats.base: expected a fee per seat of the rate card (desk), found"
            " 'base'",
        ),
        (
            "card_id: gold",
            "card_id: plain",
            "9 contracts[0].seats.desk: expected a fee per seat of the rate card (none), found"
            " 'desk'",
        ),
        ("desk: 3", "desk: -1", "9 contracts[0].seats.desk: expected at least 0, found -1"),
        ("desk: 3", "desk: '3'", "9 contracts[0].seats.desk: expected a whole number of at most"),
        ("{desk: 3}", "[desk]", "9 contracts[0].seats: expected names and values, found ['desk']"),
        (
            "rate: '0.1', ",
            "",
            "8 contracts[0].discounts[0].rate: expected either a rate or an amount, found neither",
        ),
        (
            "rate: '0.1'",
            "rate: '0.1', amount: 5",
            "8 contracts[0].discounts[0].rate: expected either a rate or an amount, found both",
        ),
        (
            "rate: '0.1'",
            "rate: '1.1'",
            "8 contracts[0].discounts[0].rate: expected a share above 0, at most 1, found 1.1",
        ),
        ("rate: '0.1'", "rate: 0", "8 contracts[0].discounts[0].rate: expected a share above 0, "),
        ("rate: '0.1'", "amount: 0", "8 contracts[0].discounts[0].amount: expected a number above"),
        ("rate: '0.1'", "rate: '0.1', periods: 0", "8 contracts[0].discounts[0].periods: expecte"),
        (
            "rate: '0.1'",
            "rate: '0.1', products: [a b]",
            "8 contracts[0].discounts[0].products[0]: expected a plain word like ",
        ),
        (
            "rate: '0.1'",
            "rate: '0.1', products: [a, a]",
            "8 contracts[0].discounts[0].products: expected each name once, found 'a'",
        ),
        ("discount_id: off", "discount_id: '%'", "8 contracts[0].discounts[0].discount_id: expec"),
        (
            "    seats:",
            "      - {discount_id: off, amount: 1, from: 2013-01-01T00:00:00Z}\n    seats:",
            "9 contracts[0].discounts[1].discount_id: expected each name once, found 'off'",
        ),
        ("from: 2013-01-01T00:00:00Z}", "until: 5}", "8 contracts[0].discounts[0].until: expected"),
        ("    seats:", "    commitment: 0\n    seats:", "9 contracts[0].commitment: expected a n"),
        ("    seats:", "    commitment_product: 'A'\n    seats:", "9 contracts[0].commitment_prod"),
        ("    seats:", "    payment_days: -1\n    seats:", "9 contracts[0].payment_days: expecte"),
        (
            "    seats:",
            "    trial_until: 2013-01-01T00:00:00Z\n    seats:",
            "9 contracts[0].trial_until: expected later than 2013-01-01T00:00:00Z, found",
        ),
        ("    seats:", "    tags: {a: 5}\n    seats:", "9 contracts[0].tags.a: expected text of"),
        ("grant_id: g", "grant_id: a b", "11 credit_grants[0].grant_id: expected a name like"),
        (
            "g, account_id: A",
            "g, account_id: B",
            "11 credit_grants[0].account_id: expected an account with a contract, found 'B'",
        ),
        (
            "g, account_id: A",
            "g, account_id: Z",
            "11 credit_grants[0].currency: expected the currency of the account's contract (JPY),"
            " found 'USD'",
        ),
        ("'5.25'", "'5.255'", "11 credit_grants[0].amount: expected at most 2 decimals in USD, fo"),
        ("'5.25'", "0", "11 credit_grants[0].amount: expected a number above 0, found 0"),
        ("'5.25'", "5.25", "11 credit_grants[0].amount: expected a whole number, or text such as"),
        (
            "amount: '5.25'",
            "amount: 5, expires: 2013-01-01T00:00:00Z",
            "11 credit_grants[0].expires: expected later than 2013-01-01T00:00:00Z, found 2013-01-",
        ),
        (
            "one_off_fees:",
            "  - {grant_id: g, account_id: A, currency: USD, amount: 1,"
            " granted: 2013-01-01T00:00:00Z}\none_off_fees:",
            "12 credit_grants[1].grant_id: expected each one once, found 'g'",
        ),
        ("fee_id: f", "fee_id: ''", "13 one_off_fees[0].fee_id: expected text"),
        ("fee_id: f", "fee_id: /", "13 one_off_fees[0].fee_id: expected a name like"),
        ("f, account_id: A", "f, account_id: B", "13 one_off_fees[0].account_id: expected an acc"),
        (
            "setup, currency: USD",
            "setup, currency: JPY",
            "13 one_off_fees[0].currency: expected the currency of the account's contract (USD),"
            " found 'JPY'",
        ),
        ("product: setup", "product: Set-up", "13 one_off_fees[0].product: expected a plain word"),
        ("amount: -9", "amount: 0", "13 one_off_fees[0].amount: expected an amount that is not 0"),
        ("amount: -9", "amount: '0.001'", "13 one_off_fees[0].amount: expected at most 2 decimals"),
        ("at: 2013-01-01T00:00:00Z", "at: 2013", "14 one_off_fees[0].at: expected an instant as"),
        ("one_off_fees:", "fees:", "unknown section, "),
    ],
)
def test_each_mistake_is_one_clear_line(tmp_path: Path, old: str, new: str, line: str) -> None:
    """It names the file, the line, the place, what was expected and what was found."""
    assert old in LEAST
    found = refusal(tmp_path, LEAST.replace(old, new, 1))
    assert found.startswith(line)
    assert ": expected " in found
    assert ", found " in found


def test_no_part_of_a_yen(tmp_path: Path) -> None:
    """A currency without decimals takes none."""
    yen = LEAST.replace("g, account_id: A, currency: USD", "g, account_id: Z, currency: JPY")
    assert "expected at most 0 decimals in JPY, found 5.25" in refusal(tmp_path, yen)


VERSIONS = """\
contracts:
  - {account_id: A, version: 1, effective_from: 2013-01-01T00:00:00Z, currency: USD}
  - {account_id: B, version: 1, effective_from: 2013-01-01T00:00:00Z, currency: JPY}
  - {account_id: A, version: 2, effective_from: 2014-01-01T00:00:00Z, currency: USD}
"""


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "version: 2",
            "version: 1",
            "4 contracts[2].version: expected each account_id, version once, found 'A 1'",
        ),
        (
            "2014",
            "2012",
            "4 contracts[2].effective_from: expected later than 2013-01-01T00:00:00Z of version 1,"
            " found 2012-01-01T00:00:00Z",
        ),
        (
            "2014-01-01T00:00:00Z, currency: USD",
            "2014-01-01T00:00:00Z, currency: JPY",
            "4 contracts[2].currency: expected USD, as in version 1: it never changes, found JPY",
        ),
    ],
)
def test_versions_rise(tmp_path: Path, old: str, new: str, line: str) -> None:
    """In number and time, for each account by itself; without a card the plan's may be any."""
    assert len(load(tmp_path, VERSIONS).contracts) == 3
    assert refusal(tmp_path, VERSIONS.replace(old, new)) == line


def test_without_a_card_some_card_must_have_the_currency(tmp_path: Path) -> None:
    """The plan of the account's terms names it, which is not known here."""
    text = VERSIONS.replace("JPY", "EUR")
    assert "3 contracts[1].currency: expected a currency of the rate card (USD, JPY)" in refusal(
        tmp_path, text
    ).replace("contracts.yaml:", "")


def test_without_any_card_there_is_no_contract(tmp_path: Path) -> None:
    """The line says that there is none."""
    (tmp_path / "contracts.yaml").write_text(VERSIONS)
    with pytest.raises(SettingsError, match=r"card_id: expected a rate card \(none\), found None"):
        load_contracts(tmp_path / "contracts.yaml", replace(CARDS, rate_cards=()))
