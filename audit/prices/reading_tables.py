"""What was agreed, read from the rows that the product loaded it into: canonical JSON."""

import json
from dataclasses import replace
from datetime import timedelta

import duckdb

from audit.prices.agreements import Agreements, Item, agree

_LISTS = ("rate_cards", "contracts", "credit_grants", "one_off_fees", "fx_rates")
# An account's records stand in one partition, as they have one key; its last one holds.
_ACCOUNTS = """
    SELECT account_id, arg_max(terms, kafka_offset) FROM accounts GROUP BY ALL ORDER BY ALL
"""
_FREEZES = """
    SELECT DISTINCT account_ids, meter_ids, since, until FROM freezes
    WHERE action = 'freeze'
        AND freeze_id NOT IN (SELECT freeze_id FROM freezes WHERE action = 'lift')
    ORDER BY ALL
"""


def read_agreed(rows: duckdb.DuckDBPyConnection, grace_s: int) -> Agreements:
    """Return what was agreed with all accounts.

    Args:
        rows: Has the tables accounts, freezes, rate_cards, contracts, credit_grants, one_off_fees
            and fx_rates.
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
    freezes: list[Item] = [
        {
            "account_ids": set(json.loads(account_ids)),
            "meter_ids": set(json.loads(meter_ids)),
            "since": since,
            "until": until,
        }
        for account_ids, meter_ids, since, until in rows.execute(_FREEZES).fetchall()
    ]
    return replace(agree(terms, lists, timedelta(seconds=grace_s)), freezes=freezes)
