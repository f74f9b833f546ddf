"""The canonical JSON of prices: its text for ever, what is one content, and what is refused."""

from decimal import Decimal
from typing import Any

import pytest

from schemas.contract import Contract, CreditGrant, Discount
from schemas.instant import DAY_US
from schemas.plain_form import content_fingerprint, encode_shape, to_plain
from schemas.plain_form_reader import PlainFormError, decode_shape, from_plain
from schemas.price_model import (
    Cell,
    Dynamic,
    Flat,
    Graduated,
    Matrix,
    Package,
    Percentage,
    PerUnit,
    PriceModel,
    Stairstep,
    Step,
    Tier,
    Volume,
)
from schemas.rate_card import Due, MeterPrice, PartyShare, RateCard, RecurringFee

FULL = RateCard(
    card_id="gold",
    currency="USD",
    version=2,
    effective_from_us=DAY_US,
    prices=(
        MeterPrice(
            "miles",
            "miles",
            "airway",
            Graduated((Tier(Decimal(100), Decimal("0.50")), Tier(None, Decimal("1E-9")))),
            minimum=Decimal("1E+3"),
            group_by=("origin",),
            shares=(PartyShare("Port Authority", Decimal("0.3")),),
        ),
    ),
    fees=(RecurringFee("desk", "desks", Decimal(400), due=Due.ADVANCE, per_seat=True),),
)


def test_the_text_of_a_card() -> None:
    """Fields in their order, no defaults, decimals as plain text, instants in UTC."""
    assert encode_shape(FULL) == (
        '{"card_id":"gold","currency":"USD","version":2,"effective_from":"1970-01-02T00:00:00Z",'
        '"prices":[{"price_id":"miles","meter_id":"miles","product":"airway","model":{'
        '"type":"graduated","tiers":[{"up_to":"100","unit_price":"0.5"},'
        '{"unit_price":"0.000000001"}]},"minimum":"1000","group_by":["origin"],'
        '"shares":[{"party":"Port Authority","share":"0.3"}]}],'
        '"fees":[{"fee_id":"desk","product":"desks","amount":"400","due":"advance",'
        '"per_seat":true}]}'
    )
    assert decode_shape(RateCard, encode_shape(FULL)) == FULL


ONE = Decimal(1)


@pytest.mark.parametrize(
    ("model", "plain"),
    [
        (Flat(ONE, if_unused=False), {"type": "flat", "amount": "1", "if_unused": False}),
        (PerUnit(ONE), {"type": "per_unit", "unit_price": "1"}),
        (
            Volume((Tier(None, ONE, flat_fee=ONE),), fee_if_unused=True),
            {
                "type": "volume",
                "tiers": [{"unit_price": "1", "flat_fee": "1"}],
                "fee_if_unused": True,
            },
        ),
        (Package(ONE, ONE), {"type": "package", "size": "1", "price": "1"}),
        (Stairstep((Step(None, ONE),)), {"type": "stairstep", "steps": [{"amount": "1"}]}),
        (Percentage(ONE, least_fee=ONE), {"type": "percentage", "rate": "1", "least_fee": "1"}),
        (
            Matrix((Cell((("a", "1"), ("b", "2")), ONE),)),
            {"type": "matrix", "cells": [{"values": {"a": "1", "b": "2"}, "unit_price": "1"}]},
        ),
        (Dynamic("EUR"), {"type": "dynamic", "currency": "EUR"}),
        (Dynamic(), {"type": "dynamic"}),
    ],
)
def test_each_model_has_its_name(model: PriceModel, plain: dict[str, Any]) -> None:
    """The names stand in tables and files: they never change."""
    price = MeterPrice("p", "m", "x", model)
    assert to_plain(price)["model"] == plain
    assert from_plain(MeterPrice, to_plain(price)) == price


def test_pairs_are_ordered_by_name() -> None:
    """In a file they stand in any order, in a shape in one."""
    plain = {"account_id": "A", "version": 1, "effective_from": "2013-01-01T00:00:00Z"}
    plain |= {"currency": "USD", "tags": {"b": "2", "a": "1"}, "seats": {"z": 1, "y": 0}}
    contract = from_plain(Contract, plain)
    assert contract.tags == (("a", "1"), ("b", "2"))
    assert contract.seats == (("y", 0), ("z", 1))


@pytest.mark.parametrize(("text", "other"), [("1.50", "1.5"), ("0", "-0"), ("100", "100.0")])
def test_equal_numbers_are_one_content(text: str, other: str) -> None:
    """However they are written, the fingerprint is the same."""
    texts = {
        encode_shape(from_plain(CreditGrant, {**GRANT, "amount": each})) for each in (text, other)
    }
    assert len(texts) == 1
    assert len(content_fingerprint(texts.pop())) == 32


def test_other_numbers_are_other_content() -> None:
    """Down to the last digit."""
    texts = [
        encode_shape(from_plain(CreditGrant, {**GRANT, "amount": each}))
        for each in ("12345678901234567890.000000000000000001", "12345678901234567890")
    ]
    assert content_fingerprint(texts[0]) != content_fingerprint(texts[1])
    assert decode_shape(CreditGrant, texts[0]).amount - decode_shape(
        CreditGrant, texts[1]
    ).amount == Decimal("1E-18")


GRANT = {
    "grant_id": "g",
    "account_id": "A",
    "currency": "USD",
    "amount": 5,
    "granted": "2013-01-01T00:00:00-05:00",
}


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"x": 1}, "x: expected one of grant_id, account_id, .*, is_paid, found 'x'"),
        ({1: 1}, "value: expected names that are text, found 1"),
        ({"amount": 0.5}, "amount: expected a whole number, or text such as .*, found 0.5"),
        ({"amount": True}, "amount: .*, found True"),
        ({"amount": "1e3"}, "amount: .*, found '1e3'"),
        ({"amount": "01"}, "amount: .*, found '01'"),
        ({"amount": "1_000"}, "amount: .*, found '1_000'"),
        ({"amount": "NaN"}, "amount: .*, found 'NaN'"),
        ({"amount": "1" * 21}, "amount: .* of at most 20 digits and 18 decimals, found"),
        ({"amount": "0." + "1" * 19}, "amount: .* of at most 20 digits and 18 decimals, found"),
        ({"amount": None}, "amount: .*, found None"),
        ({"priority": "1"}, "priority: expected a whole number of at most 2147483647, found '1'"),
        ({"priority": True}, "priority: expected a whole number .*, found True"),
        ({"priority": 2**31}, "priority: expected a whole number of at most 2147483647, found"),
        ({"is_paid": "yes"}, "is_paid: expected true or false, found 'yes'"),
        ({"account_id": ""}, "account_id: expected text of 1 to 256 characters in one line"),
        ({"account_id": "a\nb"}, "account_id: expected text of 1 to 256 characters"),
        ({"account_id": "x" * 257}, "account_id: expected text of 1 to 256 characters"),
        ({"account_id": "\ud800"}, "account_id: expected text of 1 to 256 characters"),
        ({"account_id": 9}, "account_id: expected text .*, found 9"),
        (
            {"granted": "2013-01-01"},
            "granted: expected an instant as .*, or beside it a `timezone`",
        ),
        ({"granted": "2013-02-30T00:00:00Z"}, "granted: expected an instant as 2013-07-01T"),
        ({"granted": "20130101T000000Z"}, "granted: expected an instant as 2013-07-01T"),
        (
            {"granted": "0001-01-01T00:00:00+23:00"},
            "granted: expected a year from 2 to 9998, found",
        ),
        ({"granted": 5}, "granted: expected an instant as 2013-07-01T00:00:00Z, found 5"),
    ],
)
def test_each_wrong_form_is_one_line(change: dict[Any, Any], line: str) -> None:
    """It says where, what was expected and what was found."""
    with pytest.raises(PlainFormError, match=f"^{line}") as caught:
        from_plain(CreditGrant, {**GRANT, **change})
    assert "\n" not in str(caught.value)


def test_what_must_be_given_is_asked_for() -> None:
    """A field without a default that may not be None."""
    with pytest.raises(PlainFormError, match=r"^amount: expected a value, found nothing$"):
        from_plain(CreditGrant, {name: GRANT[name] for name in GRANT if name != "amount"})


@pytest.mark.parametrize(
    ("model", "line"),
    [
        (5, "model: expected names and values, found 5"),
        ({}, "model.type: expected one of flat, per_unit, .*, dynamic, found nothing"),
        ({"type": "tiered"}, "model.type: expected one of flat, .*, found 'tiered'"),
        ({"type": [1]}, "model.type: expected one of flat"),
        ({"type": "graduated", "tiers": 5}, "model.tiers: expected a list, found 5"),
        (
            {"type": "graduated", "tiers": [{"up_to": 1.5, "unit_price": 1}]},
            r"model.tiers\[0\].up_to: expected a whole number",
        ),
        (
            {"type": "matrix", "cells": [{"values": [1], "unit_price": 1}]},
            r"model.cells\[0\].values: expected names and values, found \[1\]",
        ),
        (
            {"type": "matrix", "cells": [{"values": {"a": 1}, "unit_price": 1}]},
            r"model.cells\[0\].values.a: expected text",
        ),
        ({"type": "flat", "amount": 1, "unit": 1}, "model.unit: expected one of amount, if_unused"),
    ],
)
def test_each_wrong_model_is_one_line(model: object, line: str) -> None:
    """The way leads into lists and pairs."""
    plain = {"price_id": "p", "meter_id": "m", "product": "x", "model": model}
    with pytest.raises(PlainFormError, match=f"^{line}"):
        from_plain(MeterPrice, plain)


@pytest.mark.parametrize("text", ["", "[", "5", '{"rate":1}'])
def test_damaged_text_is_one_line(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(PlainFormError) as caught:
        decode_shape(Discount, text)
    assert "\n" not in str(caught.value)
