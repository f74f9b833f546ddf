"""Which terms of an account hold: those of its last record that the job did not refuse."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from schemas.account import Account, encode_account
from schemas.account_record import AccountRecord
from schemas.cadence import Cadence
from schemas.instant import MINUTE_US, to_us
from schemas.terms import Recurring, Terms
from udfs.bringing_back import accepted_terms

JANUARY = to_us(datetime(2026, 1, 1, tzinfo=UTC))
MONTHLY = (
    Terms(3, JANUARY, "UTC", Recurring(Cadence(months=1), datetime(2026, 1, 1)), "standard"),
)


def _record(offset: int, terms: bytes | None, key: str = "A") -> AccountRecord:
    return AccountRecord(key, 0, offset, terms)


GOOD = encode_account(Account("A", MONTHLY))
HALF_PAST = Recurring(Cadence(months=1), datetime(2026, 1, 1, 0, 0, 30))
OFF = encode_account(Account("A", (replace(MONTHLY[0], calendar=HALF_PAST),)))
OTHERS = encode_account(Account("A", (replace(MONTHLY[0], version=4),)))


def test_the_last_record_that_was_not_refused_has_the_terms() -> None:
    """A later one that the job refused changes nothing."""
    records = [_record(1, GOOD), _record(2, OTHERS), _record(3, None)]
    assert accepted_terms(records[:1], set(), MINUTE_US) == MONTHLY
    refused = {(0, 3), (1, 2)}
    found = accepted_terms(records, refused, MINUTE_US)
    assert isinstance(found, tuple)
    assert found[0].version == 4
    assert accepted_terms(records, {(0, 2), (0, 3)}, MINUTE_US) == MONTHLY


@pytest.mark.parametrize(
    ("records", "refused", "line"),
    [
        ([], set(), "found none"),
        ([_record(5, GOOD)], {(0, 5)}, "found only records that the job refused"),
        ([_record(5, None)], set(), "found a tombstone at partition 0, offset 5"),
        ([_record(5, b"1")], set(), "found at partition 0, offset 5: account: expected an object"),
        ([_record(5, GOOD, "B")], set(), "under the account's key, found A at partition 0"),
        ([_record(5, OFF)], set(), "found at partition 0, offset 5: terms of version 3, anchor"),
    ],
)
def test_no_terms_are_a_line(
    records: list[AccountRecord], refused: set[tuple[int, int]], line: str
) -> None:
    """Also of a record that the job has not read yet, and will refuse."""
    found = accepted_terms(records, refused, MINUTE_US)
    assert isinstance(found, str)
    assert line in found
