"""Dimensions are read back from netstrings, whatever the texts hold."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dimensions import decode_dimensions


def encode(values: Sequence[str | None]) -> str:
    """Write values as the SQL plan does."""
    return "".join("-" if value is None else f"{len(value)}:{value}" for value in values)


@pytest.mark.parametrize(
    ("names", "netstrings", "text"),
    [
        ((), "", "{}"),
        (("origin",), "3:JFK", '{"origin":"JFK"}'),
        (("origin",), "-", '{"origin":null}'),
        (("origin",), "0:", '{"origin":""}'),
        (("origin",), "1:-", '{"origin":"-"}'),
        (("b", "a"), "1:x1:y", '{"b":"x","a":"y"}'),
        (("a", "b", "c"), "--3:1:x", '{"a":null,"b":null,"c":"1:x"}'),
        (("a",), '3:"\\\n', '{"a":"\\"\\\\\\n"}'),
        (("a",), "3:é✈😀", '{"a":"é✈😀"}'),
        ((), "3:JFK-", '{"1":"JFK","2":null}'),
        (("a",), "1:x1:y", '{"a":"x","2":"y"}'),
    ],
)
def test_netstrings_become_canonical_json(
    names: tuple[str, ...], netstrings: str, text: str
) -> None:
    """Keys stand in the meter's order, a missing property is null."""
    assert decode_dimensions(names, netstrings) == text


@given(st.lists(st.none() | st.text(), max_size=4))
def test_any_texts_are_told_apart(values: list[str | None]) -> None:
    """No text, with whatever colons, digits and hyphens, is taken for another."""
    names = [f"d{index}" for index in range(len(values))]
    decoded = json.loads(decode_dimensions(names, encode(values)))
    assert decoded == dict(zip(names, values, strict=True))
