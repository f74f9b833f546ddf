"""Rate cards of a file in the place of loaded ones."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from schemas.cadence import Cadence
from schemas.contract import Contract, FxRate
from schemas.price_lists import PriceLists
from schemas.price_model import Dynamic
from schemas.rate_card import MeterPrice, RateCard
from schemas.terms import Recurring, Terms
from udfs.trying_cards import check_tried, try_cards, uncharged_cards


def _card(
    version: int, since_us: int, card_id: str = "standard", currency: str = "USD"
) -> RateCard:
    return RateCard(card_id, currency, version, since_us)


ABROAD = replace(_card(1, 0, "abroad"), prices=(MeterPrice("p", "cost", "cloud", Dynamic("EUR")),))
ONE, TWO, THREE = _card(1, 0), _card(2, 100), _card(3, 200)
MONDAY = FxRate("2013-01-07", "EUR", "USD", Decimal("1.30"))
CONTRACTS = (
    Contract("A", 1, 0, None, "USD"),
    Contract("B", 1, 0, "abroad", "USD"),
)
KNOWN = PriceLists(
    (ABROAD, ONE, TWO, THREE, _card(1, 0, "standard", "EUR")), CONTRACTS, (), (), (MONDAY,)
)
TERMS = {"A": (Terms(1, 0, "UTC", Recurring(Cadence.MONTH, datetime(2013, 1, 1)), "standard"),)}


def test_later_versions_are_left_out() -> None:
    """Of the same card and currency; what holds before the first one of the file stays."""
    tried = PriceLists((_card(2, 150), _card(9, 300)))
    found = try_cards(KNOWN, tried).rate_cards
    assert found == (ABROAD, ONE, TWO, KNOWN.rate_cards[-1], *tried.rate_cards)
    at_once = PriceLists((_card(5, 100),))
    assert try_cards(KNOWN, at_once).rate_cards == (
        ABROAD,
        ONE,
        KNOWN.rate_cards[-1],
        _card(5, 100),
    )


def test_a_rate_takes_the_place_of_that_of_its_day() -> None:
    """Others stay; without a file all is as it was."""
    other, tuesday = replace(MONDAY, rate=Decimal(2)), replace(MONDAY, day="2013-01-08")
    known = replace(KNOWN, fx_rates=(MONDAY, tuesday))
    assert try_cards(known, PriceLists(fx_rates=(other,))).fx_rates == (tuesday, other)
    assert try_cards(known, PriceLists()) == known


def test_cards_by_which_nothing_was_charged() -> None:
    """Those of other content; with other rates of exchange, all that ask for one."""
    new = replace(ONE, minimum=Decimal(5))
    assert uncharged_cards(KNOWN, PriceLists((new, TWO))) == (new,)
    assert uncharged_cards(KNOWN, PriceLists((), fx_rates=(MONDAY,))) == ()
    other = replace(MONDAY, rate=Decimal(2))
    assert uncharged_cards(KNOWN, PriceLists((new,), fx_rates=(other,))) == (new, ABROAD)


@pytest.mark.parametrize(
    ("tried", "expected"),
    [
        (PriceLists(), "rate cards or rates of exchange"),
        (
            PriceLists((_card(1, 0, "gold"),)),
            "a card that a contract or plan names: abroad, standard",
        ),
        (
            PriceLists((_card(1, 0, "standard", "EUR"),)),
            "a currency in which its accounts pay: USD",
        ),
        (
            PriceLists((_card(4, 400),)),
            "effective_from before 1970-01-01T00:00:00.000400Z, up to which usage is priced",
        ),
        (PriceLists((_card(2, 150), _card(3, 300))), "a version above 2, which holds before it"),
        (PriceLists((_card(1, 0), _card(9, 900))), None),
        (PriceLists((_card(3, 150),)), None),
        (PriceLists((replace(ABROAD, version=7),)), None),
        (PriceLists(fx_rates=(MONDAY,)), None),
    ],
)
def test_what_can_be_tried(tried: PriceLists, expected: str | None) -> None:
    """A card that accounts have, in their currency, early enough, and known by its own name."""
    found = check_tried(KNOWN, tried, TERMS, 400)
    assert (None if found is None else found.expected) == expected
