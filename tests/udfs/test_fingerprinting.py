"""Fingerprints tell other content from another spelling."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.flights.spoiling import conflicting, respelled
from schemas.usage_event import UsageEvent, encode_usage_event
from udfs.fingerprinting import fingerprint

EVENT = UsageEvent("e1", "app", "used", "A", 0, {"units": 3, "place": "é"})
PLAIN = b'{"id":"e1","data":{"units":1,"list":[1,2],"text":"\xc3\xa9","none":null}}'
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    "same",
    [
        b'{"data":{"none":null,"text":"\xc3\xa9","list":[1,2],"units":1},"id":"e1"}',
        b' { "id" : "e1",\n"data":{"units":1,"list":[ 1, 2 ],"text":"\\u00e9","none":null} }\n',
        b'{"\\u0069d":"e1","data":{"units":1,"list":[1,2],"text":"\xc3\xa9","none":null}}',
        b'{"id":7,"data":{"units":1,"list":[1,2],"text":"\xc3\xa9","none":null},"id":"e1"}',
    ],
)
def test_spelling_makes_no_conflict(same: bytes) -> None:
    """Order, white space, escapes; of a repeated member the last one counts."""
    assert fingerprint(same) == fingerprint(PLAIN)


@pytest.mark.parametrize(
    ("part", "other"),
    [
        (b'"units":1', b'"units":1.0'),
        (b'"units":1', b'"units":1e0'),
        (b'"units":1', b'"units":"1"'),
        (b'"units":1', b'"units":true'),
        (b"[1,2]", b"[2,1]"),
        (b"[1,2]", b'"[1,2]"'),
        (b',"none":null', b""),
        (b"null", b'"null"'),
        (b'"text"', b'"Text"'),
        (b'"e1"', b'"e1 "'),
    ],
)
def test_other_content_is_a_conflict(part: bytes, other: bytes) -> None:
    """Also where it comes to the same units: a number counts as it is written."""
    assert part in PLAIN
    assert fingerprint(PLAIN.replace(part, other)) != fingerprint(PLAIN)


def test_numbers_beyond_a_float_are_told_apart() -> None:
    """Both round to the same binary float."""
    first, second = (PLAIN.replace(b":1,", b":%d," % n) for n in (2**53, 2**53 + 1))
    assert float(2**53) == float(2**53 + 1)
    assert fingerprint(first) != fingerprint(second)


def test_the_publishers_conflicts_and_repeats() -> None:
    """What the demo mixes in is what it says."""
    plain = encode_usage_event(EVENT)
    assert fingerprint(respelled(EVENT)) == fingerprint(plain)
    assert fingerprint(conflicting(EVENT)) != fingerprint(plain)


def test_a_fingerprint_stays() -> None:
    """It may be noted and looked up years later."""
    assert fingerprint(b'{"a":1.50,"b":["x"]}') == "7563b9dac29eb80cba68bdd3f2bc8b3a"


@given(JSON, JSON)
def test_fingerprints_are_equal_where_the_content_is(a: object, b: object) -> None:
    """Python's own comparison of sorted texts finds the same."""
    texts = [json.dumps(value, sort_keys=True) for value in (a, b)]
    spelled = [json.dumps(value, indent=1, ensure_ascii=False) for value in (a, b)]
    found = [fingerprint(text.encode()) for text in spelled]
    assert (found[0] == found[1]) == (texts[0] == texts[1])
    assert len(found[0]) == 32
