"""The ledger's hash chain, by the words of docs/ledger.md alone."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import groupby
from typing import Any

import duckdb

from audit.books.differences import Difference, DifferenceKind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ROWS = """
    SELECT entry_no, run_id, entry_id, source_kind, source_id, account_id, booked, currency, memo,
        previous_hash, entry_hash, ledger_account, amount_minor
    FROM posting ORDER BY entry_no, posting_no
"""
_BATCH = 10_000


def read_chain(rows: duckdb.DuckDBPyConnection) -> tuple[int, list[Difference]]:
    """Return how many entries hold from the first one on, and the first that does not, if any."""
    before = "0" * 64
    number = 0
    for place, group in groupby(_postings(rows), key=lambda each: each[0]):
        postings = list(group)
        _, run_id, *said, previous, entry_hash, _, _ = postings[0]
        said[4] = (said[4] - _EPOCH) // timedelta(microseconds=1)
        sides = [[each[-2], each[-1]] for each in postings]
        lines = (before, _text([place, run_id]), _text([*said, sides]))
        made = sha256("\n".join(lines).encode("ascii")).hexdigest()
        if (place, previous, entry_hash) != (number, before, made):
            expected = f"entry {number}: {made} after {before}"
            found = f"entry {place}: {entry_hash} after {previous}"
            kind, account_id, currency = DifferenceKind.CHAIN_BROKEN, said[3], said[5]
            return number, [
                Difference(kind, account_id, currency, None, None, (said[0],), expected, found)
            ]
        before, number = made, number + 1
    return number, []


def _postings(rows: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    found = rows.cursor()
    found.execute("SET TimeZone = 'UTC'")
    found.execute(_ROWS)
    while batch := found.fetchmany(_BATCH):
        yield from batch


def _text(members: list[Any]) -> str:
    return json.dumps(members, separators=(",", ":"))
