"""Accounts: whatever arrives on their topic ends in an account or in one line."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from schemas.account import (
    Account,
    AccountError,
    decode_account,
    encode_account,
)
from schemas.cadence import Cadence
from schemas.instant import MINUTE_US, SECOND_US
from schemas.terms import Listed, Recurring, Terms

texts = st.text(min_size=1)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
wall_clocks = st.datetimes().map(lambda moment: moment.replace(microsecond=0))
cadences = st.builds(
    Cadence,
    months=st.integers(0, 500),
    days=st.integers(0, 10_000),
    time_us=st.integers(0, 10**6).map(lambda seconds: seconds * SECOND_US),
).filter(lambda cadence: cadence != Cadence())
calendars = st.builds(Recurring, cadences, wall_clocks) | st.builds(
    Listed, st.sets(wall_clocks, min_size=2, max_size=9).map(lambda each: tuple(sorted(each)))
)
accounts = st.builds(
    lambda account_id, starts, timezone, calendar, plan: Account(
        account_id,
        tuple(
            Terms(version, start * MINUTE_US, timezone, calendar, plan)
            for version, start in enumerate(sorted(starts), start=1)
        ),
    ),
    texts,
    st.sets(st.integers(-30_000_000, 60_000_000), min_size=1, max_size=4),
    st.sampled_from(["UTC", "America/New_York", "Pacific/Apia"]),
    calendars,
    texts,
)


@given(accounts)
def test_accounts_round_trip(account: Account) -> None:
    """An account reads back from its own record."""
    assert decode_account(encode_account(account)) == account


@given(st.binary() | texts.map(str.encode))
def test_any_bytes(record: bytes) -> None:
    """Any bytes are an account or one line."""
    assert "\n" not in refusal(record)


@given(
    st.sampled_from(
        [
            *("version", "effective_from", "timezone", "cadence", "anchor", "plan"),
            *("effective_until", "takes_effect", "boundaries"),
        ]
    ),
    json_values,
)
def test_any_member(name: str, value: object) -> None:
    """Anything in one member of the terms is good or one line."""
    terms: dict[str, object] = {
        "version": 1,
        "effective_from": "2012-01-01T00:00:00Z",
        "timezone": "UTC",
        "cadence": "month",
        "anchor": "2013-01-15",
        "plan": "standard",
    }
    terms[name] = value
    record = json.dumps({"account_id": "A1", "terms": [terms]}).encode()
    assert "\n" not in refusal(record)


def refusal(record: bytes) -> str:
    """Return why a record is refused; empty when it is not."""
    try:
        decode_account(record)
    except AccountError as error:
        return str(error)
    return ""
