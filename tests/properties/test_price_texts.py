"""Prices in their canonical JSON: every shape reads back, and any JSON is a shape or one line."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from decimal import Decimal
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.contract import Contract, CreditGrant, Discount, FxRate, OneOffFee
from schemas.money import Rounding
from schemas.plain_form import encode_shape
from schemas.plain_form_reader import PlainFormError, decode_shape, from_plain
from schemas.price_lists import PRICE_LISTS, PriceShape
from schemas.price_model import (
    Cell,
    Dynamic,
    Flat,
    Graduated,
    Matrix,
    Package,
    Percentage,
    PerUnit,
    Stairstep,
    Step,
    Tier,
    Volume,
)
from schemas.rate_card import (
    Due,
    MeterPrice,
    PartyShare,
    Proration,
    RateCard,
    RecurringFee,
)

T = TypeVar("T")

texts = st.text(
    st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=20
)  # neither control characters nor lone surrogates
decimals = st.builds(
    lambda whole, scale: Decimal(whole).scaleb(-scale),
    st.integers(-(10**20) + 1, 10**20 - 1),
    st.integers(0, 18),
)
ints = st.integers(-(2**31) + 1, 2**31 - 1)
instants = st.integers(-62_000_000_000_000_000, 250_000_000_000_000_000)


def lists(of: st.SearchStrategy[T]) -> st.SearchStrategy[tuple[T, ...]]:
    """Return short tuples."""
    return st.lists(of, max_size=3).map(tuple)


def pairs(of: st.SearchStrategy[T]) -> st.SearchStrategy[tuple[tuple[str, T], ...]]:
    """Return pairs ordered by name."""
    return st.dictionaries(texts, of, max_size=3).map(lambda each: tuple(sorted(each.items())))


maybe = st.none() | decimals
tiers = lists(st.builds(Tier, maybe, decimals, decimals))
models = (
    st.builds(Flat, decimals, st.booleans())
    | st.builds(PerUnit, decimals)
    | st.builds(Graduated, tiers, st.booleans())
    | st.builds(Volume, tiers, st.booleans())
    | st.builds(Package, decimals, decimals)
    | st.builds(Stairstep, lists(st.builds(Step, maybe, decimals)), st.booleans())
    | st.builds(Percentage, decimals, decimals, decimals, maybe, maybe)
    | st.builds(Matrix, lists(st.builds(Cell, pairs(texts), decimals)), maybe)
    | st.builds(Dynamic, st.none() | texts, decimals)
)
prices = st.builds(
    MeterPrice,
    texts,
    texts,
    texts,
    models,
    decimals,
    maybe,
    maybe,
    lists(texts),
    lists(st.builds(PartyShare, texts, decimals)),
)
fees = st.builds(
    RecurringFee,
    texts,
    texts,
    decimals,
    st.sampled_from(Due),
    st.sampled_from(Proration),
    st.booleans(),
)
discounts = st.builds(Discount, texts, maybe, maybe, lists(texts), instants, st.none() | ints)
kinds: tuple[st.SearchStrategy[PriceShape], ...] = (
    st.builds(
        RateCard,
        texts,
        texts,
        ints,
        instants,
        st.sampled_from(Rounding),
        lists(prices),
        lists(fees),
        maybe,
        maybe,
        texts,
    ),
    st.builds(
        Contract,
        texts,
        ints,
        instants,
        st.none() | texts,
        texts,
        lists(discounts),
        maybe,
        texts,
        pairs(ints),
        st.none() | instants,
        pairs(texts),
        ints,
    ),
    st.builds(
        CreditGrant,
        texts,
        texts,
        texts,
        decimals,
        instants,
        st.none() | instants,
        ints,
        st.booleans(),
    ),
    st.builds(OneOffFee, texts, texts, texts, texts, decimals, instants),
    st.builds(FxRate, texts, texts, texts, decimals),
)
shapes = st.one_of(*kinds)
two_of_a_kind = st.one_of(*(st.tuples(kind, kind) for kind in kinds))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(shapes)
def test_every_shape_reads_back(shape: PriceShape) -> None:
    """To the last digit and microsecond, and its text is the same again."""
    text = encode_shape(shape)
    again = decode_shape(type(shape), text)
    assert again == shape
    assert encode_shape(again) == text


@given(two_of_a_kind, st.data())
def test_one_text_is_one_content(two: tuple[PriceShape, PriceShape], drawn: st.DataObject) -> None:
    """Texts are equal exactly where the shapes are, also where they differ in one field alone."""
    a, b = two
    name = drawn.draw(st.sampled_from([field.name for field in fields(a)]))
    changed = replace(a, **{name: getattr(b, name)})
    assert (encode_shape(a) == encode_shape(changed)) == (a == changed)


@given(shapes, st.data())
def test_any_value_in_any_place_is_a_shape_or_one_line(
    shape: PriceShape, drawn: st.DataObject
) -> None:
    """Whatever a member is replaced by."""
    plain = json.loads(encode_shape(shape))
    plain[drawn.draw(st.sampled_from(sorted(plain)))] = drawn.draw(json_values)
    assert "\n" not in _refusal(type(shape), plain)


def _refusal(shape: type[PriceShape], plain: object) -> str:
    try:
        from_plain(shape, plain)
    except PlainFormError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("shape", PRICE_LISTS.values())
@given(plain=json_values)
def test_any_json_is_refused_in_one_line(shape: type[PriceShape], plain: object) -> None:
    """None has what every shape needs."""
    with pytest.raises(PlainFormError) as caught:
        from_plain(shape, plain)
    assert "\n" not in str(caught.value)
