"""What was agreed, read from the rows that the product loaded it into: canonical JSON."""

import json
from datetime import timedelta

import duckdb

from audit.prices.agreements import Agreements, Item, agree

_LISTS = ("rate_cards", "contracts", "credit_grants", "one_off_fees", "fx_rates")
# An account's records stand in one partition, as they have one key; its last one holds.
_ACCOUNTS = """
    SELECT account_id, arg_max(terms, kafka_offset) FROM accounts GROUP BY ALL ORDER BY ALL
"""


def read_agreed(rows: duckdb.DuckDBPyConnection, grace_s: int) -> Agreements:
    """Return what was agreed with all accounts.

    Args:
        rows: Has the tables accounts, rate_cards, contracts, credit_grants, one_off_fees, fx_rates.
        grace_s: The greatest of all meters.
    """
    lists: dict[str, list[Item]] = {}
    for name in _LISTS:
        found = rows.execute(f"SELECT DISTINCT content FROM {name} ORDER BY ALL")  # noqa: S608
        lists[name] = [json.loads(content) for (content,) in found.fetchall()]
    terms = {
        account_id: json.loads(text)["terms"]
        for account_id, text in rows.execute(_ACCOUNTS).fetchall()
    }
    return agree(terms, lists, timedelta(seconds=grace_s))
