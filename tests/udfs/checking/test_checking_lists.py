"""What of some files is new beside what was loaded, and what contradicts it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from schemas.contract import Contract, CreditGrant, FxRate, OneOffFee
from schemas.price_lists import PriceLists, PriceShape
from schemas.price_model import PerUnit
from schemas.price_problem import PriceConflict
from schemas.rate_card import MeterPrice, RateCard
from udfs.checking import find_new
from udfs.checking.checking_lists import name_of

CARD = RateCard("gold", "USD", 2, 5)
YEN = RateCard("gold", "JPY", 1, 9)
CONTRACT = Contract("A", 1, 0, "gold", "USD")
GRANT = CreditGrant("g", "A", "USD", Decimal(5), 0, None)
FEE = OneOffFee("f", "A", "setup", "USD", Decimal(5), 0)
RATE = FxRate("2013-01-31", "EUR", "USD", Decimal("1.3"))
KNOWN = PriceLists((CARD,), (CONTRACT,), (GRANT,), (FEE,), (RATE,), (("fx_rates", 5),))


@pytest.mark.parametrize(
    ("given", "new"),
    [
        (PriceLists(), PriceLists()),
        (KNOWN, PriceLists()),
        (PriceLists(rate_cards=(CARD, YEN)), PriceLists(rate_cards=(YEN,))),
        (
            PriceLists(rate_cards=(replace(CARD, version=3, effective_from_us=6), CARD)),
            PriceLists(rate_cards=(replace(CARD, version=3, effective_from_us=6),)),
        ),
        (
            PriceLists(contracts=(replace(CONTRACT, account_id="B"),)),
            PriceLists(contracts=(replace(CONTRACT, account_id="B"),)),
        ),
        (
            PriceLists(fx_rates=(RATE, replace(RATE, day="2013-02-28"), replace(RATE, base="GBP"))),
            PriceLists(fx_rates=(replace(RATE, day="2013-02-28"), replace(RATE, base="GBP"))),
        ),
    ],
)
def test_what_is_new(given: PriceLists, new: PriceLists) -> None:
    """In the order in which it is given; once it is known, nothing is."""
    assert find_new(KNOWN, given) == new
    assert find_new(given, given) == PriceLists()


@pytest.mark.parametrize(
    ("given", "what", "expected", "found"),
    [
        (
            PriceLists(rate_cards=(YEN, replace(CARD, minimum=Decimal(1)))),
            "rate card gold USD 2, minimum",
            "nothing as it was loaded before",
            '"1"; what is loaded never changes: give it a new version',
        ),
        (
            PriceLists(
                rate_cards=(
                    replace(CARD, prices=(MeterPrice("p", "m", "x", PerUnit(Decimal(1))),)),
                )
            ),
            "rate card gold USD 2, prices",
            "nothing as it was loaded before",
            '[{"price_id": "p", "meter_id": "m", "product": "x", "mode...;'
            " what is loaded never changes: give it a new version",
        ),
        (
            PriceLists(rate_cards=(replace(CARD, version=1, effective_from_us=9),)),
            "rate card gold USD 1, version",
            "more than 2",
            "1",
        ),
        (
            PriceLists(rate_cards=(replace(CARD, version=3),)),
            "rate card gold USD 3, effective_from",
            "later than 1970-01-01T00:00:00.000005Z of version 2",
            "1970-01-01T00:00:00.000005Z",
        ),
        (
            PriceLists(contracts=(replace(CONTRACT, version=2, currency="JPY"),)),
            "contract A 2, currency",
            "USD, as in version 1: it never changes",
            "JPY",
        ),
        (
            PriceLists(contracts=(replace(CONTRACT, seats=(("desk", 2),)),)),
            "contract A 1, seats",
            "nothing as it was loaded before",
            '{"desk": 2}; what is loaded never changes: give it a new version',
        ),
        (
            PriceLists(one_off_fees=(replace(FEE, at_us=1),)),
            "one off fee f, at",
            '"1970-01-01T00:00:00Z" as it was loaded before',
            '"1970-01-01T00:00:00.000001Z"; what is loaded never changes: give it another id',
        ),
        (
            PriceLists(fx_rates=(replace(RATE, rate=Decimal("1.31")),)),
            "fx rate 2013-01-31 EUR USD, rate",
            '"1.3" as it was loaded before',
            '"1.31"; what is loaded never changes',
        ),
    ],
)
def test_what_contradicts(given: PriceLists, what: str, expected: str, found: str) -> None:
    """It says what, where in it, and how to go on."""
    assert find_new(KNOWN, given) == PriceConflict(what, expected, found)


@pytest.mark.parametrize(
    ("shape", "name"), [(CARD, "rate card gold USD 2"), (RATE, "fx rate 2013-01-31 EUR USD")]
)
def test_names(shape: PriceShape, name: str) -> None:
    """In plain words."""
    assert name_of(shape) == name
