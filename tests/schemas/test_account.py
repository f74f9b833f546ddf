"""Accounts: the JSON of their topic, and one clear line for each thing that can be wrong."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from schemas.account import (
    Account,
    AccountError,
    decode_account,
    encode_account,
)
from schemas.cadence import Cadence
from schemas.terms import Listed, Recurring, TakesEffect, Terms

RECORD = (
    b'{"account_id":"B6","terms":[{"version":1,"effective_from":"2012-01-01T00:00:00Z",'
    b'"timezone":"America/New_York","cadence":"month","anchor":"2013-01-15","plan":"standard"}]}'
)
MONTHS = Recurring(Cadence.MONTH, datetime(2013, 1, 15))
TERMS = Terms(1, 1_325_376_000_000_000, "America/New_York", MONTHS, "standard")


def changed(**members: Any) -> bytes:
    """Return the record with members of its first terms replaced, or left out where None."""
    shape = json.loads(RECORD)
    terms = {**shape["terms"][0], **members}
    shape["terms"] = [{name: value for name, value in terms.items() if value is not None}]
    return json.dumps(shape).encode()


def test_the_record_of_the_topic() -> None:
    """The documented record reads and writes, byte for byte."""
    assert decode_account(RECORD) == Account("B6", (TERMS,))
    assert encode_account(Account("B6", (TERMS,))) == RECORD


def test_any_offset_and_unknown_members() -> None:
    """An instant may have any offset; members of a later version are passed over."""
    record = changed(effective_from="2011-12-31T19:00:00-05:00", colour="blue")
    assert decode_account(record) == Account("B6", (TERMS,))


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (b"", "account: expected JSON in UTF-8, found Expecting value: line 1 column 1 (char 0)"),
        (b"[]", "account: expected an object, found []"),
        (b"[" * 100_000, "account: expected an object, found deep nesting"),
        (b"{}", "account_id: expected text that is not empty, found None"),
        (b'{"account_id":"A"}', "terms: expected a list that is not empty, found None"),
        (b'{"account_id":"A","terms":[]}', "terms: expected a list that is not empty, found []"),
        (b'{"account_id":"A","terms":[1]}', "terms[0]: expected an object, found 1"),
        (
            changed(version=0),
            "terms[0].version: expected an integer from 1 to 2147483647, found 0",
        ),
        (
            changed(version=True),
            "terms[0].version: expected an integer from 1 to 2147483647, found True",
        ),
        (
            changed(effective_from="2012-01-01T00:00:00"),
            "terms[0].effective_from: expected a whole second in RFC 3339 with its offset, "
            "found '2012-01-01T00:00:00'",
        ),
        (
            changed(effective_from="2012-01-01T00:00:01.5Z"),
            "terms[0].effective_from: expected a whole second in RFC 3339 with its offset, "
            "found '2012-01-01T00:00:01.5Z'",
        ),
        (
            changed(timezone="Mars/Olympus"),
            "terms[0].timezone: expected an IANA time zone, found 'Mars/Olympus'",
        ),
        (
            changed(timezone="../UTC"),
            "terms[0].timezone: expected an IANA time zone, found '../UTC'",
        ),
        (
            changed(cadence="fortnight"),
            "terms[0].cadence: expected one of day, week, month, quarter, half_year, year, "
            "or an ISO 8601 duration of at most a century, found 'fortnight'",
        ),
        (
            changed(anchor="20130115"),
            "terms[0].anchor: expected a wall-clock time YYYY-MM-DD or YYYY-MM-DDTHH:MM[:SS], "
            "found '20130115'",
        ),
        (
            changed(anchor="2013-02-30"),
            "terms[0].anchor: expected a wall-clock time YYYY-MM-DD or YYYY-MM-DDTHH:MM[:SS], "
            "found '2013-02-30'",
        ),
        (
            changed(anchor="2013-01-15T00:00Z"),
            "terms[0].anchor: expected a wall-clock time YYYY-MM-DD or YYYY-MM-DDTHH:MM[:SS], "
            "found '2013-01-15T00:00Z'",
        ),
        (
            changed(effective_until="2012-01-01T00:00:00Z"),
            "terms[0].effective_until: expected later than 2012-01-01T00:00:00Z, "
            "found 2012-01-01T00:00:00Z",
        ),
        (
            changed(takes_effect="soon"),
            "terms[0].takes_effect: expected one of next_boundary, at_once, found 'soon'",
        ),
        (
            changed(boundaries=["2013-01-01", "2013-02-01"]),
            "terms[0]: expected cadence and anchor or boundaries, found both",
        ),
        (
            changed(cadence=None, anchor=None, boundaries=["2013-01-01"]),
            "terms[0].boundaries: expected a list of two or more, found ['2013-01-01']",
        ),
        (
            changed(cadence=None, anchor=None, boundaries=["2013-02-01", "2013-01-01T06:00"]),
            "terms[0].boundaries[1]: expected later than 2013-02-01, found 2013-01-01T06:00",
        ),
        (changed(plan=None), "terms[0].plan: expected text that is not empty, found None"),
        (
            changed(plan="\ud800"),
            "terms[0].plan: expected text that is not empty, found '\\ud800'",
        ),
        (
            changed(timezone="x" * 300),
            f"terms[0].timezone: expected an IANA time zone, found '{'x' * 56}...",
        ),
    ],
)
def test_what_is_wrong_is_one_line(record: bytes, message: str) -> None:
    """A record that cannot be used says where, what was expected and what was found."""
    with pytest.raises(AccountError) as error:
        decode_account(record)
    assert str(error.value) == message


def test_every_member() -> None:
    """Terms with nothing left to its default read and write, byte for byte."""
    record = (
        b'{"account_id":"B6","terms":[{"version":3,"effective_from":"2012-01-01T00:00:00Z",'
        b'"effective_until":"2014-01-01T05:00:00Z","takes_effect":"at_once","timezone":"UTC",'
        b'"boundaries":["2013-01-01","2013-01-29T06:30","2013-02-26T06:30:15"],"plan":"gold"}]}'
    )
    listed = Listed(
        (
            datetime(2013, 1, 1),
            datetime(2013, 1, 29, 6, 30),
            datetime(2013, 2, 26, 6, 30, 15),
        )
    )
    start_us, end_us = 1_325_376_000_000_000, 1_388_552_400_000_000
    terms = Terms(3, start_us, "UTC", listed, "gold", TakesEffect.AT_ONCE, end_us)
    assert decode_account(record) == Account("B6", (terms,))
    assert encode_account(Account("B6", (terms,))) == record


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (
            {"version": 2},
            "terms[1].effective_from: expected later than 2012-01-01T00:00:00Z, "
            "found 2012-01-01T00:00:00Z",
        ),
        (
            {"effective_from": "2013-01-01T00:00:00Z"},
            "terms[1].version: expected more than 1, found 1",
        ),
    ],
)
def test_terms_are_ordered(second: dict[str, Any], message: str) -> None:
    """Terms follow each other in time and in version."""
    shape = json.loads(RECORD)
    shape["terms"].append({**shape["terms"][0], **second})
    with pytest.raises(AccountError) as error:
        decode_account(json.dumps(shape).encode())
    assert str(error.value) == message


def test_nesting_is_refused_at_every_depth() -> None:
    """Also where JSON can just be read, and what shows it to the reader would be deeper."""
    for depth in range(850, 1000):
        deep = b'{"a":' * depth + b"1" + b"}" * depth
        for name in (b"timezone", b"cadence", b"plan"):
            record = RECORD.replace(b'"%s":' % name, b'"%s":%s,"not":' % (name, deep))
            with pytest.raises(AccountError) as refused:
                decode_account(record)
            assert len(str(refused.value)) < 300


@pytest.mark.parametrize("name", ["effective_from", "effective_until"])
@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"])
def test_an_instant_of_no_year_of_utc(name: str, text: str) -> None:
    """It could not be written again, so it is refused as it is read."""
    with pytest.raises(AccountError, match=rf"terms\[0\].{name}: expected a whole second"):
        decode_account(changed(**{name: text}))
