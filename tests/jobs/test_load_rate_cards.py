"""The program that loads prices: what it adds, and what it refuses."""

from dataclasses import replace
from pathlib import Path

import pytest

from iceberg import price_lists
from jobs.load_rate_cards import main
from tests.jobs.loading_prices import (
    CARDS,
    CONTRACTS,
    WHY,
    Output,
    call,
    catalog_of,
    empty_tables,
    lists_of,
    load,
    refused,
)
from tests.jobs.metered_tables import write_settings

CONFIG = Path(__file__).parents[2] / "config"
LATER = """\
  - {card_id: gold, currency: USD, version: 2, effective_from: 2014-01-01T00:00:00Z}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings whose tables are empty."""
    return empty_tables(tmp_path)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings whose tables hold both files; no test may add to them."""
    settings = empty_tables(tmp_path_factory.mktemp("loaded"))
    assert main(call(settings), {}) == 0
    return settings


def test_the_demo(settings: Path, capsys: Output) -> None:
    """The demo's files load into its tables, a commit for each, and twice is once."""
    settings.with_name("meters.yaml").write_text((CONFIG / "meters.yaml").read_text())
    arguments = ["--settings", str(settings), "--rate-cards", str(CONFIG / "rate_cards.yaml")]
    arguments += list(WHY)
    arguments += ["--contracts", str(CONFIG / "contracts.yaml")]
    new = {"rate_cards": 3, "contracts": 17, "credit_grants": 2, "one_off_fees": 2}
    assert load(arguments, capsys) == new
    before = lists_of(settings)
    assert {name: len(getattr(before, name)) for name in new} == new
    assert load(arguments, capsys) == {}
    assert lists_of(settings) == before
    for name in new:
        assert len(catalog_of(settings).load_table(("billing", name)).snapshots()) == 1


def test_only_what_is_new_is_added(settings: Path, capsys: Output) -> None:
    """Whether the file still has what was loaded before or not."""
    assert load(call(settings), capsys) == {"rate_cards": 1, "contracts": 1, "credit_grants": 1}
    assert load(call(settings, CARDS + LATER), capsys) == {"rate_cards": 1}
    third = LATER.replace("2,", "3,").replace("2014", "2015")
    b = CONTRACTS.replace("account_id: A", "account_id: B").replace("grant_id: g", "grant_id: h")
    assert load(call(settings, f"rate_cards:\n{third}", b), capsys) == {
        "rate_cards": 1,
        "contracts": 1,
        "credit_grants": 1,
    }
    assert [card.version for card in lists_of(settings).rate_cards] == [1, 2, 3]


def test_the_same_in_other_words_is_the_same(loaded: Path, capsys: Output) -> None:
    """Order, spelling of numbers and times, and defaults that are written out."""
    cards = CARDS.replace("'1.50'", "'1.5'").replace("up_to: 5, unit_price: 2", "unit_price: 2.")
    cards = cards.replace("unit_price: 2.", "unit_price: '2.0', flat_fee: 0, up_to: '5'")
    cards = cards.replace(
        "2013-01-01T00:00:00Z", "2012-12-31T19:00\n    timezone: America/New_York"
    )
    assert load(call(loaded, cards), capsys) == {}


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "'1.50'",
            "'1.51'",
            "rate card gold USD 1, prices[0].model.tiers[1].unit_price: expected"
            ' "1.5" as it was loaded before, found "1.51"; what is loaded never changes:'
            " give it a new version",
        ),
        (
            "landing",
            "landing\n        minimum: 5",
            "rate card gold USD 1, prices[0].minimum: expected nothing as it was loaded before,"
            ' found "5"; what is loaded never changes: give it a new version',
        ),
        (
            "{up_to: 5, unit_price: 2}, ",
            "",
            "rate card gold USD 1, prices[0].model.tiers: expected"
            ' [{"up_to": "5", "unit_price": "2"}, {"unit_price": "1.5"}] as it was loaded before,'
            ' found [{"unit_price": "1.5"}]; what is loaded never changes: give it a new version',
        ),
        (
            "amount: 5",
            "amount: 6",
            'credit grant g, amount: expected "5" as it was loaded before, found "6"; what is'
            " loaded never changes: give it another id",
        ),
        (
            "version: 1, effective_from: 2013-01-01T00:00:00Z, currency: USD",
            "version: 1, effective_from: 2013-01-01T00:00:00Z, currency: USD, payment_days: 14",
            "contract A 1, payment_days: expected nothing as it was loaded before, found 14; what"
            " is loaded never changes: give it a new version",
        ),
        (
            "version: 1\n    effective_from: 2013",
            "version: 2\n    effective_from: 2012",
            "rate card gold USD 2, effective_from: expected later than 2013-01-01T00:00:00Z of"
            " version 1, found 2012-01-01T00:00:00Z",
        ),
    ],
)
def test_what_is_loaded_never_changes(
    loaded: Path, capsys: Output, old: str, new: str, line: str
) -> None:
    """One clear line, and nothing is written, new things beside it neither."""
    before = lists_of(loaded)
    assert old in CARDS + CONTRACTS
    cards, contracts = CARDS.replace(old, new), CONTRACTS.replace(old, new)
    cards += "fx_rates: [{day: 2013-01-31, base: EUR, quote: USD, rate: 1}]\n"
    assert refused(call(loaded, cards, contracts), capsys) == line
    assert lists_of(loaded) == before


def test_an_older_version_is_not_put_between(settings: Path, capsys: Output) -> None:
    """It would change what was priced by the version before it."""
    fourth = LATER.replace("2,", "4,")
    load(call(settings, CARDS + fourth), capsys)
    third = "  - {card_id: gold, currency: USD, version: 3, effective_from: 2013-06-01T00:00:00Z}\n"
    assert refused(call(settings, f"rate_cards:\n{third}"), capsys) == (
        "rate card gold USD 3, version: expected more than 4, found 3"
    )


def test_a_contracts_currency_never_changes(settings: Path, capsys: Output) -> None:
    """Not even in a file that no longer has its first version."""
    yen = "\n".join(CARDS.replace("USD", "JPY").splitlines()[1:]) + "\n"
    load(call(settings, CARDS + yen), capsys)
    second = CONTRACTS.partition("credit")[0].replace("version: 1", "version: 2")
    second = second.replace("2013", "2014").replace("USD", "JPY")
    assert refused(call(settings, CARDS, second), capsys) == (
        "contract A 2, currency: expected USD, as in version 1: it never changes, found JPY"
    )


def test_contracts_may_name_cards_that_were_loaded(settings: Path, capsys: Output) -> None:
    """The file of cards need not have them any more; grants may name accounts likewise."""
    load(call(settings), capsys)
    other = LATER.replace("gold", "iron")
    grant = "credit_grants:\n" + CONTRACTS.partition("credit_grants:\n")[2].replace(": g", ": g2")
    new = CONTRACTS.partition("credit")[0].replace("account_id: A", "account_id: B, card_id: gold")
    found = load(call(settings, f"rate_cards:\n{other}", new + grant), capsys)
    assert found == {"rate_cards": 1, "contracts": 1, "credit_grants": 1}


def test_a_wrong_file_is_one_line(loaded: Path, capsys: Output) -> None:
    """With file and line, and nothing is written."""
    before = lists_of(loaded)
    line = refused(call(loaded, contracts=CONTRACTS.replace("amount: 5", "amount: 0")), capsys)
    assert "contracts.yaml:4 credit_grants[0].amount: expected a number above 0, found 0" in line
    assert lists_of(loaded) == before


def test_missing_tables_are_one_line(tmp_path: Path, capsys: Output) -> None:
    """The line says what to run."""
    assert "run python -m jobs.create_tables" in refused(call(write_settings(tmp_path)), capsys)


def test_broken_rows_are_one_line(settings: Path, capsys: Output) -> None:
    """Exit code 1: the tables need somebody to look at them."""
    load(call(settings), capsys)
    before = price_lists.open_price_lists(catalog_of(settings), "billing")
    (contract,) = before.lists.contracts
    price_lists.append_list(before, "contracts", [replace(contract, payment_days=5)], 0, "1")
    assert main(call(settings), {}) == 1
    assert capsys.readouterr().err.startswith("contracts: rows of one identity differ")
