"""The file of rate cards: the demo's, and the one line for each mistake."""

from decimal import Decimal
from pathlib import Path

import pytest

from jobs.settings import SettingsError, load_meters, load_rate_cards
from schemas.contract import FxRate
from schemas.instant import to_text
from schemas.price_lists import PriceLists
from schemas.price_model import Cell, Matrix, PerUnit
from schemas.rate_card import MeterPrice, Proration, RateCard, RecurringFee

CONFIG = Path(__file__).parents[3] / "config"
METERS = """\
meters:
  - {meter: calls, event_type: call, aggregation: count, unit: call, dimensions: [region, tier]}
  - {meter: paid, event_type: pay, aggregation: sum, unit: USD}
  - {meter: payments, event_type: pay, aggregation: percentile, percentile: 50, unit: USD}
"""
LEAST = """\
rate_cards:
  - card_id: gold
    currency: USD
    version: 1
    effective_from: 2013-01-01T00:00:00Z
    prices:
      - price_id: calls
        meter_id: calls
        product: voice
        model: {type: per_unit, unit_price: '0.05'}
    fees:
      - {fee_id: base, product: base, amount: 10}
fx_rates:
  - {day: 2013-01-31, base: EUR, quote: USD, rate: '1.3550'}
"""
MODEL = "{type: per_unit, unit_price: '0.05'}"


def load(folder: Path, text: str) -> PriceLists:
    """Load a text as the file of rate cards."""
    (folder / "meters.yaml").write_text(METERS)
    (folder / "cards.yaml").write_text(text)
    return load_rate_cards(folder / "cards.yaml", load_meters(folder / "meters.yaml"))


def test_a_small_file(tmp_path: Path) -> None:
    """What is left out has the defaults of the shapes."""
    price = MeterPrice("calls", "calls", "voice", PerUnit(Decimal("0.05")))
    fee = RecurringFee("base", "base", Decimal(10), proration=Proration.EXACT)
    card = RateCard("gold", "USD", 1, 1_356_998_400_000_000, prices=(price,), fees=(fee,))
    rate = FxRate("2013-01-31", "EUR", "USD", Decimal("1.355"))
    assert load(tmp_path, LEAST) == PriceLists(rate_cards=(card,), fx_rates=(rate,))


def test_a_minimum_may_be_the_maximum(tmp_path: Path) -> None:
    """Then every period costs the same."""
    text = LEAST.replace("    prices:", "    minimum: 5\n    maximum: 5\n    prices:")
    assert load(tmp_path, text).rate_cards[0].maximum == 5


@pytest.mark.parametrize(
    ("time", "instant"),
    [
        ("2013-07-01", "2013-07-01T04:00:00Z"),
        ("2013-07-01T12:30", "2013-07-01T16:30:00Z"),
        ("2013-07-01T00:00:00Z", "2013-07-01T00:00:00Z"),
        # Skipped by the clock: moves forward by the gap. Shown twice: the first one.
        ("2013-03-10T02:30", "2013-03-10T07:30:00Z"),
        ("2013-11-03T01:30", "2013-11-03T05:30:00Z"),
    ],
)
def test_times_of_a_zone(tmp_path: Path, time: str, instant: str) -> None:
    """Without an offset they stand on the wall clock of the item's zone."""
    text = LEAST.replace("2013-01-01T00:00:00Z", f"{time}\n    timezone: America/New_York")
    (card,) = load(tmp_path, text).rate_cards
    assert to_text(card.effective_from_us) == instant


def test_the_demos_cards() -> None:
    """Landing fees by airport change in July; small carriers pay at least 2500 a month."""
    lists = load_rate_cards(CONFIG / "rate_cards.yaml", load_meters(CONFIG / "meters.yaml"))
    cards = {(card.card_id, card.version): card for card in lists.rate_cards}
    assert list(cards) == [("standard", 1), ("standard", 2), ("small-carrier", 1)]
    july = cards["standard", 2]
    assert to_text(july.effective_from_us) == "2013-07-01T04:00:00Z"
    jfk = [Cell((("origin", "JFK"),), Decimal(price)) for price in ("128.5", "134.9")]
    for version, cell in enumerate(jfk, start=1):
        landing = cards["standard", version].prices[0].model
        assert isinstance(landing, Matrix)
        assert landing.cells[0] == cell
    assert cards["small-carrier", 1].minimum == 2500


def refusal(folder: Path, text: str) -> str:
    """Return the line with which a file is refused."""
    with pytest.raises(SettingsError) as caught:
        load(folder, text)
    line = str(caught.value)
    assert "\n" not in line
    return line.removeprefix(f"bad value, {folder / 'cards.yaml'}:")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("card_id: gold", "card_id: a b", "2 rate_cards[0].card_id: expected a name like "),
        ("card_id: gold", "card: gold", "2 rate_cards[0].card: expected one of card_id, currency"),
        (
            "version: 1",
            "version: 0",
            "4 rate_cards[0].version: expected a whole number of at least 1, found 0",
        ),
        ("    version: 1\n", "", "2 rate_cards[0].version: expected a value, found nothing"),
        ("USD\n", "XXX\n", "3 rate_cards[0].currency: expected a currency of ISO 4217, found 'XXX"),
        ("T00:00:00Z", "", "5 rate_cards[0].effective_from: expected an instant as 2013-07-01T00"),
        (
            "2013-01-01T00:00:00Z",
            "tomorrow\n    timezone: UTC",
            "5 rate_cards[0].effective_from: expected an instant as 2013-07-01T00:00:00Z, or a"
            " time of the zone as 2013-07-01 or 2013-07-01T00:00, found 'tomorrow'",
        ),
        (
            "version: 1",
            "version: 1\n    timezone: Mars",
            "5 rate_cards[0].timezone: expected an IANA time zone, found 'Mars'",
        ),
        ("version: 1", "version: 1\n    timezone: 5", "5 rate_cards[0].timezone: expected an IANA"),
        (
            "version: 1",
            "version: 1\n    rounding: up",
            "5 rate_cards[0].rounding: expected one of half_up, half_even, down, found 'up'",
        ),
        ("- card_id: gold", "- 5\n  - card_id: gold", "2 rate_cards[0]: expected names and values"),
        ("price_id: calls", "price_id: ''", "7 rate_cards[0].prices[0].price_id: expected text"),
        ("price_id: calls", "price_id: a/b", "7 rate_cards[0].prices[0].price_id: expected a name"),
        (
            "price_id: calls",
            "price_id: base",
            "12 rate_cards[0].fees[0].fee_id: expected each name once, found 'base'",
        ),
        (
            "meter_id: calls",
            "meter_id: call",
            "8 rate_cards[0].prices[0].meter_id: expected a meter (calls, paid, payments), found"
            " 'call'",
        ),
        (
            "product: voice",
            "product: Voice calls",
            "9 rate_cards[0].prices[0].product: expected a plain word like ",
        ),
        ("product: base", "product: a:b", "12 rate_cards[0].fees[0].product: expected a plain wo"),
        ("fee_id: base", "fee_id: a b", "12 rate_cards[0].fees[0].fee_id: expected a name like"),
        ("amount: 10", "amount: -1", "12 rate_cards[0].fees[0].amount: expected at least 0, fou"),
        ("amount: 10", "amount: 0.5", "12 rate_cards[0].fees[0].amount: expected a whole number,"),
        (
            "amount: 10",
            "amount: 010",
            "12 rate_cards[0].fees[0].amount: expected a whole number, or text such as '0.05', of"
            " at most 20 digits and 18 decimals, found '010'",
        ),
        ("amount: 10", "amount: 10, due: never", "12 rate_cards[0].fees[0].due: expected one of a"),
        ("amount: 10", "amount: 10, per_seat: 1", "12 rate_cards[0].fees[0].per_seat: expected tr"),
        (
            "    prices:",
            "    minimum: 5\n    maximum: 4\n    prices:",
            "7 rate_cards[0].maximum: expected at least the minimum 5, found 4",
        ),
        ("    prices:", "    maximum: -1\n    prices:", "6 rate_cards[0].maximum: expected at lea"),
        ("    prices:", "    minimum_product: A\n    prices:", "6 rate_cards[0].minimum_product:"),
        (
            "product: voice",
            "product: voice\n        minimum: -1",
            "10 rate_cards[0].prices[0].minimum: expected at least 0, found -1",
        ),
        (
            "product: voice",
            "product: voice\n        free_units: -1",
            "10 rate_cards[0].prices[0].free_units: expected at least 0, found -1",
        ),
        (
            "product: voice",
            "product: voice\n        group_by: [region, zone]",
            "10 rate_cards[0].prices[0].group_by[1]: expected a dimension of calls (region, tier),"
            " found 'zone'",
        ),
        (
            "product: voice",
            "product: voice\n        group_by: [tier, tier]",
            "10 rate_cards[0].prices[0].group_by: expected each name once, found 'tier'",
        ),
        (
            "product: voice",
            "product: voice\n        shares: [{party: a, share: '1.5'}]",
            "10 rate_cards[0].prices[0].shares[0].share: expected a share above 0, at most 1,"
            " found 1.5",
        ),
        (
            "product: voice",
            "product: voice\n        shares: [{party: a, share: '0.6'}, {party: b, share: '0.5'}]",
            "10 rate_cards[0].prices[0].shares: expected shares of at most 1 in all, found 1.1",
        ),
        (
            "product: voice",
            "product: voice\n        shares: [{party: a, share: '0.6'}, {party: a, share: '0.1'}]",
            "10 rate_cards[0].prices[0].shares[1].party: expected each name once, found 'a'",
        ),
        ("day: 2013-01-31", "day: 2013-02-30", "14 fx_rates[0].day: expected a day as 2013-07-31"),
        ("day: 2013-01-31", "day: 20130131", "14 fx_rates[0].day: expected text"),
        ("base: EUR", "base: E", "14 fx_rates[0].base: expected a currency of ISO 4217, found 'E"),
        ("quote: USD", "quote: EUR", "14 fx_rates[0].quote: expected another currency than the ba"),
        ("rate: '1.3550'", "rate: 0", "14 fx_rates[0].rate: expected a number above 0, found 0"),
        ("rate: '1.3550'", "rate: 1.355", "14 fx_rates[0].rate: expected a whole number, or text "),
        (
            "fx_rates:\n",
            "fx_rates:\n  - {day: 2013-01-31, base: EUR, quote: USD, rate: 1}\n",
            "15 fx_rates[1].quote: expected each day, base, quote once, found '2013-01-31 EUR USD'",
        ),
        ("fx_rates:\n  -", "fx_rates:\n   ", "13 fx_rates: expected a list, found a mapping"),
    ],
)
def test_each_mistake_is_one_clear_line(tmp_path: Path, old: str, new: str, line: str) -> None:
    """It names the file, the line, the place, what was expected and what was found."""
    assert old in LEAST
    found = refusal(tmp_path, LEAST.replace(old, new, 1))
    assert found.startswith(line)
    assert ": expected " in found
    assert ", found " in found


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{}", "expected rate_cards or fx_rates, found nothing"),
        ("cards: []", "cards.yaml:1 cards: expected rate_cards or fx_rates, found 'cards'"),
    ],
)
def test_other_sections_are_refused(tmp_path: Path, text: str, line: str) -> None:
    """A file of contracts is no file of cards."""
    assert line in refusal(tmp_path, text)


VERSIONS = """\
rate_cards:
  - {card_id: gold, currency: USD, version: 2, effective_from: 2013-01-01T00:00:00Z}
  - {card_id: gold, currency: EUR, version: 1, effective_from: 2012-01-01T00:00:00Z}
  - {card_id: gold, currency: USD, version: 3, effective_from: 2014-01-01T00:00:00Z}
"""


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("version: 3", "version: 1", "4 rate_cards[2].version: expected more than 2, found 1"),
        (
            "version: 3",
            "version: 2",
            "4 rate_cards[2].version: expected each card_id, currency, version once, found 'gold"
            " USD 2'",
        ),
        (
            "2014",
            "2013",
            "4 rate_cards[2].effective_from: expected later than 2013-01-01T00:00:00Z of version 2,"
            " found 2013-01-01T00:00:00Z",
        ),
    ],
)
def test_versions_rise(tmp_path: Path, old: str, new: str, line: str) -> None:
    """In number and time, each currency by itself."""
    assert len(load(tmp_path, VERSIONS).rate_cards) == 3
    assert refusal(tmp_path, VERSIONS.replace(old, new)) == line
