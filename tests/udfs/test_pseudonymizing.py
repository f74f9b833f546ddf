"""What metering reads of a rewritten record, and that nothing personal is left in it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.judging import RETRACTION
from schemas.privacy import KEEP, PrivacyRules
from schemas.rejected_event import RejectReason
from tests.oracle.edge_records import edge_records
from tests.udfs.private_records import (
    MAX_BYTES,
    PERSONAL,
    RULES,
    escaped,
    events,
    key_of,
    pseudonymizer,
    rewritten,
    spell,
    texts_of,
)
from tests.udfs.reading import LOG_MS, PARSER, PIECES, WHOLE, event, judged
from udfs.parsing import ParsedRecord
from udfs.pseudonymizing import LEAST_RECORD_BYTES

READ_BY_NOBODY = {
    str(each)
    for each in (
        RejectReason.TOO_LARGE,
        RejectReason.MALFORMED_JSON,
        RejectReason.NOT_AN_OBJECT,
        RejectReason.EMPTY_RECORD,
    )
}
HELD_BY_ALL = {"units", "place"}


def dimensions(shares: tuple[str | None, ...] | None) -> list[dict[str, str | None]]:
    """Return the dimensions of an event's shares."""
    return [json.loads(text or "") for text in (shares or ())[::3]]


def check_alike(before: ParsedRecord, after: ParsedRecord) -> None:
    """Compare what metering reads of an event before and after."""
    assert after.reason == before.reason
    if before.reason in READ_BY_NOBODY:
        return
    assert after.event_us == before.event_us
    if before.reason is None:
        assert after.event_type == before.event_type
        is_beat = before.event_type == "meterclose.heartbeat"
        pseudonym = "heartbeat" if is_beat else key_of(before.account_id or "").pseudonym
        assert after.account_id == pseudonym
    assert (after.retracted_id is None) == (before.retracted_id is None)
    assert (after.shares or ())[1::3] == (before.shares or ())[1::3], "units"
    assert (after.shares or ())[2::3] == (before.shares or ())[2::3], "parts"
    told = zip(dimensions(before.shares), dimensions(after.shares), strict=True)
    for was, became in told:
        for name in was:
            assert (was[name] is None) == (became[name] is None)
            if name in HELD_BY_ALL:
                assert was[name] == became[name]


def check_fate(value: bytes | None, written: bytes | None) -> None:
    """Compare what metering reads of a record before and after, and what the audit says."""
    before, after = PARSER.parse(value, LOG_MS), PARSER.parse(written, LOG_MS)
    if before.batch is None:
        check_alike(before, after)
        assert judged(written)[:1] == (before.reason,) or before.reason is None
        return
    assert after.batch is not None
    for was, became in zip(before.batch, after.batch, strict=True):
        check_alike(was.event, became.event)
    assert len(judged(written)) == len(judged(value))


@given(events, st.sampled_from([json.dumps, escaped]))
def test_any_event_has_the_same_fate_and_no_secret(shape: dict[str, Any], spelling: Any) -> None:
    """Right or wrong in any member, in any spelling: reason, units, time; and no personal text."""
    value = spell(shape, spelling).encode()
    written = rewritten(value)
    assert written is not None
    check_fate(value, written)
    short = texts_of(written).replace(f'"short": "{PERSONAL[:2]}"', "")
    assert PERSONAL[:2] not in short.replace("\\", "")


@given(st.lists(events, max_size=3), st.sampled_from(['"x"', "7", "[]", "[" * 20 + "]" * 20]))
def test_any_batch_has_the_same_fate_and_no_secret(shapes: list[Any], other: str) -> None:
    """Each element alone, also one that is no event, or nested too deep."""
    elements = [spell(each) for each in shapes]
    value = f" [{','.join([*elements, other.replace('x', PERSONAL)])}] ".encode()
    written = rewritten(value)
    assert written is not None
    check_fate(value, written)
    assert PERSONAL not in texts_of(written)


@given(
    st.lists(
        st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 3), st.sampled_from(("", *PIECES))),
        min_size=1,
        max_size=3,
    )
)
def test_damaged_records_have_the_same_fate(damages: list[tuple[int, int, str]]) -> None:
    """Cut, replaced and inserted anywhere; what nobody can read leaves no trace of its bytes."""
    text = WHOLE.replace('"é1"', f'"{PERSONAL}"')
    for at, length, piece in damages:
        text = text[:at] + piece + text[at + length :]
    value = text.encode()
    written = rewritten(value)
    check_fate(value, written)
    if PARSER.parse(value, LOG_MS).reason in READ_BY_NOBODY and written:
        assert PERSONAL.encode() not in written
        assert f"{len(value)} bytes u-".encode() in written


@given(st.binary(max_size=3), st.integers(0, len(WHOLE.encode())))
def test_damaged_bytes_have_the_same_fate(piece: bytes, at: int) -> None:
    """Also where they are no UTF-8."""
    whole = WHOLE.encode()
    value = whole[:at] + piece + whole[at:]
    check_fate(value, rewritten(value))


@pytest.mark.parametrize(
    "value", edge_records("A", "used", "units", "2013-06-01"), ids=lambda value: value[-60:]
)
def test_edge_records_have_the_same_fate(value: bytes) -> None:
    """The records that the tests of the whole job publish."""
    check_fate(value, rewritten(value))


def test_of_repeated_members_the_last_is_masked() -> None:
    """No other one is left for a reader that takes the first."""
    value = (
        event(id="1", data={"units": 1, "color": PERSONAL})
        .replace(b'"color"', f'"color": "{PERSONAL}1", "\\u0063olor"'.encode())
        .replace(b'"subject"', f'"subject": "{PERSONAL}", "\\u0073ubject"'.encode())
    )
    written = rewritten(value)
    check_fate(value, written)
    assert PERSONAL not in texts_of(written or b"")
    assert (written or b"").count(b'"color":') == (written or b"").count(b'"subject":') == 1


def test_a_value_is_hashed_by_subject_and_member() -> None:
    """Equal values of a subject's member stay equal; no other link is left."""

    def color_of(subject: str, **data: Any) -> dict[str, str]:
        written = rewritten(event(subject=subject, type="other", data=data)) or b""
        found: dict[str, str] = json.loads(written)["data"]
        return found

    first, again = color_of("A", color="x", **{"odd name": "x"}), color_of("A", color="x")
    assert first["color"] == again["color"]
    assert len({first["color"], first["odd name"], color_of("B", color="x")["color"]}) == 3
    assert color_of("A", color=1)["color"] == color_of("A", color="1")["color"], "as dimensions"


def test_numbers_stay_as_they_are_written() -> None:
    """Not one digit goes by way of a float."""
    number = b"12345678901234567890.123456789012345678901234567890"
    value = event(data={"units": 7}).replace(b"7}", number + b"}")
    assert b'"units":' + number in (rewritten(value) or b"")


def test_a_retraction_finds_its_event() -> None:
    """What it names is mapped as the event's own identity is, whoever its subject is."""
    given_event = PARSER.parse(rewritten(event(id="i1", source="s1", subject="A")), LOG_MS)
    data = {"id": "i1", "source": "s1", "units": PERSONAL}
    undo = event(id="u", type=RETRACTION, subject="B", data=data)
    written = rewritten(undo)
    taken = PARSER.parse(written, LOG_MS)
    assert (taken.retracted_source, taken.retracted_id) == (
        given_event.event_source,
        given_event.event_id,
    )
    assert taken.retracted_id != "i1"
    assert set(json.loads(written or b"")["data"]) == {"id", "source"}


def test_identities_stay_where_they_are_not_hashed() -> None:
    """Unless the rules say otherwise, `id` and `source` are what their producer wrote."""
    rules = PrivacyRules(data={}, otherwise=KEEP)
    read = PARSER.parse(rewritten(event(id="é", source="s"), rules), LOG_MS)
    assert (read.event_id, read.event_source) == ("é", "s")


def test_unnamed_members_are_kept_where_the_rules_say_so() -> None:
    """In `data` alone: beside it only what is named stays."""
    rules = PrivacyRules(data={"color": RULES.data["gone"]}, otherwise=KEEP)
    written = rewritten(event(data={"color": 1, "more": [1, {"a": 2}]}, trace="t"), rules)
    shape = json.loads(written or b"")
    assert shape["data"] == {"more": [1, {"a": 2}]}
    assert "trace" not in shape


def test_the_key_of_a_record() -> None:
    """The pseudonym of its subject; a keyed hash where there is none; nothing where it had none."""
    rewrite = pseudonymizer().rewrite
    ((key, _),) = rewrite(b"A", event(subject="A"), 0, key_of).records
    assert key == key_of("A").pseudonym.encode()
    ((of_none, _),) = rewrite(None, event(subject="A"), 0, key_of).records
    assert of_none == key
    for value in (b"{", b"[]", event(subject=5), event(subject="x" * 257), None):
        ((key, _),) = rewrite(b"A", value, 0, key_of).records
        assert key is not None
        assert key.startswith(b"k-")
        assert rewrite(None, value, 0, key_of).records[0].key is None


def test_a_batch_that_grows_is_split() -> None:
    """Short subjects become long pseudonyms: no event is lost, in their order, for want of room."""
    element = event(subject="A", data={"units": 1})
    count = MAX_BYTES // (len(element) + 1) - 1
    value = b"[" + b",".join([element] * count) + b"]"
    assert len(value) <= MAX_BYTES
    became = pseudonymizer().rewrite(b"A", value, 0, key_of)
    assert len(became.records) > 1
    assert became.outgrown == 0
    read = [PARSER.parse(each.value, LOG_MS) for each in became.records]
    assert sum(len(each.batch or ()) for each in read) == count
    assert all(element.event.reason is None for each in read for element in each.batch or ())
    assert len({each.key for each in became.records}) == 1


def test_what_outgrows_the_limit_is_refused_as_too_large() -> None:
    """An event that was just short enough: the one change of a fate, and it is counted."""
    value = event(subject="A", trace="")
    value = value.replace(b'""', b'"' + b"x" * (MAX_BYTES - len(value)) + b'"')
    assert PARSER.parse(value, LOG_MS).reason is None
    became = pseudonymizer().rewrite(b"A", value, 0, key_of)
    assert became.outgrown == 1
    ((_, written),) = became.records
    assert PARSER.parse(written, LOG_MS).reason == RejectReason.TOO_LARGE


def test_an_event_that_outgrows_the_limit_harms_no_other_one_of_its_batch() -> None:
    """Those before and after it are batches of their own."""
    long = event(subject="B", data={"place": "x" * 600})
    value = b"[" + b",".join([event(subject="A"), long, event(subject="C")]) + b"]"
    became = pseudonymizer(max_bytes=len(long)).rewrite(None, value, 0, key_of)
    assert became.outgrown == 1
    first, stand_in, last = (PARSER.parse(each.value, LOG_MS) for each in became.records)
    for read, subject in ((first, "A"), (last, "C")):
        (element,) = read.batch or ()
        assert element.event.account_id == key_of(subject).pseudonym
    assert stand_in.batch is None
    assert len(became.records[1].value or b"") == len(long) + 1


def test_every_stand_in_is_short() -> None:
    """But that of a too large record, which has to be too large."""
    for value in (b"{", b"7", b"\xff" * 60_000, b"[" + b"[" * 20 + b"]" * 20 + b"]"):
        assert len(rewritten(value) or b"") <= LEAST_RECORD_BYTES
    assert len(rewritten(b"x" * (MAX_BYTES + 1)) or b"") == MAX_BYTES + 1
