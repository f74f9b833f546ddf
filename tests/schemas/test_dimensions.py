"""Dimensions have one canonical text, whatever the values hold."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dimensions import encode_dimensions


@pytest.mark.parametrize(
    ("names", "values", "text"),
    [
        ((), (), "{}"),
        (("origin",), ("JFK",), '{"origin":"JFK"}'),
        (("origin",), (None,), '{"origin":null}'),
        (("b", "a"), ("x", ""), '{"b":"x","a":""}'),
        (("a",), ('"\\\n',), '{"a":"\\"\\\\\\n"}'),
        (("a",), ("é✈😀",), '{"a":"é✈😀"}'),
    ],
)
def test_canonical_text(names: tuple[str, ...], values: tuple[str | None, ...], text: str) -> None:
    """Keys stand in the meter's order, a missing property is null."""
    assert encode_dimensions(names, values) == text


@given(st.lists(st.none() | st.text(), max_size=4))
def test_any_values_are_read_back(values: list[str | None]) -> None:
    """JSON's own reader finds the same values."""
    names = [f"d{place}" for place in range(len(values))]
    assert list(json.loads(encode_dimensions(names, values)).values()) == values
