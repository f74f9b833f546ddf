"""What was agreed with each account, from files or tables, for whoever prices it once more.

A member that is not known is noted, so that nobody believes a card to be recomputed that is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from audit.periods import instant_at
from audit.shapes import OracleTerms, read_meters, read_terms

Item = dict[str, Any]
"""A member of a file: amounts are fractions, times instants, ids and versions as they stand."""

_MEMBERS = {
    "rate card": "card_id currency version effective_from rounding prices fees free_meters"
    " minimum minimum_product maximum",
    "price": "price_id meter_id product model free_units minimum maximum group_by shares",
    "share": "party share",
    "fee": "fee_id product amount due proration per_seat",
    "contract": "account_id version effective_from card_id currency discounts commitment"
    " commitment_product seats trial_until tags payment_days",
    "discount": "discount_id rate amount products from periods",
    "credit grant": "grant_id account_id currency amount granted expires priority is_paid",
    "one-off fee": "fee_id account_id product currency amount at",
    "per_unit": "type unit_price",
    "flat": "type amount if_unused",
    "graduated": "type tiers fee_if_unused",
    "volume": "type tiers fee_if_unused",
    "tier": "up_to unit_price flat_fee",
    "package": "type size price",
    "stairstep": "type steps if_unused",
    "step": "up_to amount",
    "percentage": "type rate fixed_fee free_amount",
    "dynamic": "type currency markup",
    "matrix": "type cells default",
    "cell": "values unit_price",
}
_AMOUNTS = {
    *("amount", "unit_price", "up_to", "free_units", "share", "rate"),
    *("minimum", "maximum", "commitment", "default"),
    *("flat_fee", "size", "price", "fixed_fee", "free_amount", "markup"),
}
_EMPTY: dict[str, Item] = {
    "rate card": {"prices": []},
    "matrix": {"cells": []},
    "cell": {"values": {}},
}
"""What canonical JSON leaves out where it is empty."""
_TIMES = {"effective_from", "trial_until", "from", "granted", "expires", "at"}
_PARTS = {
    "prices": "price",
    "fees": "fee",
    "shares": "share",
    "discounts": "discount",
    "tiers": "tier",
    "steps": "step",
    "cells": "cell",
}


@dataclass(frozen=True)
class Agreements:
    """All that decides what usage costs, and what of it waits.

    Attributes:
        terms: Of each account.
        plans: Rate card that a version of an account's terms names, by both.
        contracts: Versions of each account's contract, the first that holds first.
        cards: Versions of each card and currency, the first that holds first.
        grants: All credit grants.
        one_off_fees: All fees that are charged once.
        grace: From a period's end until usage of all meters has closed.
        fx_rates: Given rates of exchange, by day, currency and the one it becomes.
        freezes: Those that stand: whose accounts, which meters (none: all of them), since when and
            until when (None: ever).
    """

    terms: dict[str, list[OracleTerms]]
    plans: dict[tuple[str, int], str]
    contracts: dict[str, list[Item]]
    cards: dict[tuple[str, str], list[Item]]
    grants: list[Item]
    one_off_fees: list[Item]
    grace: timedelta
    fx_rates: dict[tuple[str, str, str], Fraction]
    freezes: list[Item] = field(default_factory=list)


def read_agreements(config: Path) -> Agreements:
    """Read accounts, contracts, rate cards and meters of a folder, known to be right."""
    agreed = yaml.safe_load((config / "contracts.yaml").read_text())
    listed = yaml.safe_load((config / "rate_cards.yaml").read_text())
    accounts = yaml.safe_load((config / "accounts.yaml").read_text())["accounts"]
    grace_s = max(each.grace_s for each in read_meters(config / "meters.yaml"))
    return agree(
        {each["account_id"]: each["terms"] for each in accounts},
        {name: items for name, items in {**agreed, **listed}.items() if items},
        timedelta(seconds=grace_s),
    )


def agree(
    terms: Mapping[str, list[Item]], lists: Mapping[str, list[Item]], grace: timedelta
) -> Agreements:
    """Return what was agreed, from members as files have them, or tables in canonical JSON.

    Args:
        terms: Of each account.
        lists: `rate_cards`, `contracts`, `credit_grants`, `one_off_fees`, `fx_rates`.
        grace: From a period's end until usage of all meters has closed.
    """
    contracts: dict[str, list[Item]] = {}
    for each in sorted(_items("contract", lists.get("contracts", [])), key=_by_start):
        contracts.setdefault(each["account_id"], []).append(each)
    cards: dict[tuple[str, str], list[Item]] = {}
    for each in sorted(_items("rate card", lists.get("rate_cards", [])), key=_by_start):
        cards.setdefault((each["card_id"], each["currency"]), []).append(each)
    return Agreements(
        terms={account_id: read_terms(each) for account_id, each in terms.items()},
        plans={
            (account_id, each["version"]): each["plan"]
            for account_id, of_account in terms.items()
            for each in of_account
            if "plan" in each
        },
        contracts=contracts,
        cards=cards,
        grants=_items("credit grant", lists.get("credit_grants", [])),
        one_off_fees=_items("one-off fee", lists.get("one_off_fees", [])),
        grace=grace,
        fx_rates={
            (str(each["day"]), each["base"], each["quote"]): Fraction(str(each["rate"]))
            for each in lists.get("fx_rates", [])
        },
    )


def _by_start(item: Item) -> datetime:
    start: datetime = item["effective_from"]
    return start


def _items(kind: str, found: list[Item]) -> list[Item]:
    return [_item(kind, each, each.get("timezone", "UTC")) for each in found]


def _item(kind: str, found: Item, timezone: str) -> Item:
    """Return a member of a file, and what is in it, with amounts and times as such.

    What is not known stands in `unknown`: nobody may believe that it was recomputed.
    """
    others = {*found} - {*_MEMBERS.get(kind, "").split(), "timezone"}
    item: Item = {
        "unknown": [f"{kind}: {name}" for name in sorted(others)],
        **_EMPTY.get(kind, {}),
    }
    for name, value in found.items():
        if name in _TIMES:
            item[name] = _time(value, timezone)
        elif name in _AMOUNTS:
            item[name] = Fraction(str(value))
        elif name == "model":
            item[name] = _item(value["type"], value, timezone)
            item["unknown"] += item[name]["unknown"]
        elif name in _PARTS:
            item[name] = [_item(_PARTS[name], each, timezone) for each in value]
            item["unknown"] += [why for each in item[name] for why in each["unknown"]]
        else:
            item[name] = value
    return item


def _time(value: object, timezone: str) -> datetime:
    """Return an instant: as it stands where it names a zone, else by the item's wall clock."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return instant_at(timezone, datetime(value.year, value.month, value.day))
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    return instant_at(timezone, moment)
