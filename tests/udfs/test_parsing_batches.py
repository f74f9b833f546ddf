"""Batches are read as the oracle reads them: a record whose value is an array of events.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md, 4.
"""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from audit.judging import RETRACTION
from tests.udfs.reading import LEAST, PIECES, WHOLE, event, judged, parsed


def batch(*elements: bytes) -> bytes:
    """Return the record of a batch, with as much white space as JSON allows."""
    return b" \n[\t" + b" ,\r".join(elements) + b" ] "


def verdicts(payload: bytes) -> list[Any]:
    """Return what the job and the oracle say of a batch's elements; both say the same."""
    name, *found = parsed(payload)
    other, *right = judged(payload)
    assert name == other == "batch"
    assert [verdict for verdict, _ in found] == [verdict for verdict, _ in right]
    for (verdict, payload_found), (_, bytes_sent) in zip(found, right, strict=True):
        is_refused = len(verdict) == 1 and verdict != ("heartbeat",)
        assert payload_found == (bytes_sent if is_refused else None)
    return [verdict for verdict, _ in found]


def test_a_batch_is_judged_element_by_element() -> None:
    """Whatever fits or not: each element has its own verdict, as if it were a record."""
    elements = (
        event(id="a", data={"units": "1.5"}),
        event(id="\u00e9", time="noon"),
        b"7",
        b"9" * 5_000,
        b"[]",
        b"[" + event() + b"]",
        b"null",
        b'"text"',
        b"{}",
        event(type="meterclose.heartbeat"),
        event(type=RETRACTION, data={"source": "s", "id": "a"}),
        event(type=RETRACTION),
        event(type="unheard"),
        event(id="a", data={"units": "1.5"}),
    )
    found = verdicts(batch(*elements))
    for element, verdict in zip(elements, found, strict=True):
        is_array = element.startswith(b"[")
        assert verdict == (("not_an_object",) if is_array else parsed(element))
    assert len({str(verdict) for verdict in found}) == 8


def test_a_batch_of_nothing() -> None:
    """It is a valid batch that says nothing."""
    for payload in (b"[]", batch()):
        assert parsed(payload) == judged(payload) == ("batch",)


def test_a_batch_stands_or_falls_as_json() -> None:
    """What is wrong anywhere in it makes the whole record malformed, with one verdict."""
    for payload in (
        b"[" + event(),
        batch(event(), b""),
        batch(event(), b"nul"),
        batch(event(), event(text="x").replace(b'"x"', b'"\xff"')),
        batch(event(), event(text="x").replace(b'"x"', b'"\\ud800"')),
        batch(event()) + b"x",
        batch(event()) + batch(event()),
    ):
        assert parsed(payload) == judged(payload) == ("malformed_json",)


def test_nesting_counts_from_the_top_of_the_element() -> None:
    """16 levels as everywhere, and one element too deep spoils no other; 64 for the whole."""

    def nested(depth: int) -> bytes:
        return event(data={"deep": json.loads("[" * (depth - 2) + "]" * (depth - 2))})

    good, deep = verdicts(batch(nested(16), nested(17)))
    assert len(good) == 6
    assert deep == ("malformed_json",)
    lists = [b"[" * depth + b"]" * depth for depth in (16, 17, 63, 64)]
    assert verdicts(batch(nested(16), *lists[:3]))[1:] == [
        ("not_an_object",),
        ("malformed_json",),
        ("malformed_json",),
    ]
    for payload in (batch(event(), lists[3]), batch(event(), b"[" * 30_000 + b"]" * 30_000)):
        assert parsed(payload) == judged(payload) == ("malformed_json",)


def test_the_caps_of_a_batch() -> None:
    """Texts are capped in each element, bytes in the record as a whole."""
    least = event(id="", source="s" * 256)
    long, short = verdicts(batch(event(id="i" * 257), event(id="i" * 256)))
    assert (long, len(short)) == (("too_long",), 6)
    filler = b'"' + b"x" * (65_536 - len(batch(least, b'""'))) + b'"'
    assert len(verdicts(batch(least, filler))) == 2
    longer = batch(least, filler + b" ")
    assert parsed(longer) == judged(longer) == ("too_large",)


def test_a_batch_of_too_many_elements() -> None:
    """1,024 for 64 KiB: no batch of events has as many, and what has costs one reject, not each."""
    least = json.dumps(dict.fromkeys(LEAST, "x"), separators=(",", ":"))
    assert len(least) > 64
    for element in (b"1", b"{}", b"[]", b"null", b'""', b"[" * 63 + b"]" * 63, event(id=None)):
        short = element if len(element) < 60 else b"1"
        assert len(verdicts(batch(element, *[short] * 1_023))) == 1_024
        crowded = batch(element, *[short] * 1_024)
        assert parsed(crowded) == judged(crowded) == ("too_large",)
    for element in (b"[" * 64 + b"]" * 64, b"nul", b'"\xff"'):
        crowded = batch(element, *[b"1"] * 1_024)
        assert parsed(crowded) == judged(crowded) == ("malformed_json",)
    list_of_many = batch(b"[" + b",".join([b"1"] * 1_025) + b"]")
    assert verdicts(list_of_many) == [("not_an_object",)]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2 * len(WHOLE)), st.integers(0, 3), st.sampled_from(("", *PIECES))
        ),
        max_size=3,
    ),
    st.lists(st.sampled_from((WHOLE, "7", "[]", "{}", " null ", '"a,b"')), max_size=4),
)
def test_damaged_batches(damages: list[tuple[int, int, str]], elements: list[str]) -> None:
    """Damaged anywhere, a batch is what the oracle says, element by element."""
    text = f"[{','.join(elements)}]"
    for at, length, piece in damages:
        text = text[:at] + piece + text[at + length :]
    payload = text.encode()
    if parsed(payload)[0] == "batch":
        verdicts(payload)
    else:
        assert parsed(payload) == judged(payload)
