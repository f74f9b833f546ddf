"""What was agreed with each account, read from the files by plain YAML, for the oracle of prices.

Only what the demo's files use is known. Any other member stops the reading, so that nobody believes
a card to be recomputed that is not.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from audit.periods import instant_at
from audit.shapes import OracleTerms, read_accounts, read_meters

Item = dict[str, Any]
"""A member of a file: amounts are fractions, times instants, ids and versions as they stand."""

_MEMBERS = {
    "rate card": "card_id currency version effective_from prices fees free_meters"
    " minimum minimum_product maximum",
    "price": "price_id meter_id product model free_units shares",
    "share": "party share",
    "fee": "fee_id product amount due proration per_seat",
    "contract": "account_id version effective_from card_id currency discounts commitment"
    " commitment_product seats trial_until tags payment_days",
    "discount": "discount_id rate amount products from periods",
    "credit grant": "grant_id account_id currency amount granted expires priority is_paid",
    "one-off fee": "fee_id account_id product currency amount at",
    "per_unit": "type unit_price",
    "graduated": "type tiers",
    "tier": "up_to unit_price",
    "matrix": "type cells default",
    "cell": "values unit_price",
}
_AMOUNTS = {
    *("amount", "unit_price", "up_to", "free_units", "share", "rate"),
    *("minimum", "maximum", "commitment", "default"),
}
_TIMES = {"effective_from", "trial_until", "from", "granted", "expires", "at"}
_PARTS = {
    "prices": "price",
    "fees": "fee",
    "shares": "share",
    "discounts": "discount",
    "tiers": "tier",
    "cells": "cell",
}


@dataclass(frozen=True)
class Agreements:
    """All that decides what usage costs.

    Attributes:
        terms: Of each account.
        plans: Rate card that a version of an account's terms names, by both.
        contracts: Versions of each account's contract, the first that holds first.
        cards: Versions of each card and currency, the first that holds first.
        grants: All credit grants.
        one_off_fees: All fees that are charged once.
        grace: From a period's end until usage of all meters has closed.
    """

    terms: dict[str, list[OracleTerms]]
    plans: dict[tuple[str, int], str]
    contracts: dict[str, list[Item]]
    cards: dict[tuple[str, str], list[Item]]
    grants: list[Item]
    one_off_fees: list[Item]
    grace: timedelta


def read_agreements(config: Path) -> Agreements:
    """Read accounts, contracts, rate cards and meters of a folder, known to be right.

    Raises:
        ValueError: Something stands in them that is not recomputed.
    """
    agreed = yaml.safe_load((config / "contracts.yaml").read_text())
    listed = yaml.safe_load((config / "rate_cards.yaml").read_text())
    _expect(
        "file", {*agreed, *listed}, {"contracts", "credit_grants", "one_off_fees", "rate_cards"}
    )
    contracts: dict[str, list[Item]] = {}
    for each in sorted(_items("contract", agreed["contracts"]), key=_by_start):
        contracts.setdefault(each["account_id"], []).append(each)
    cards: dict[tuple[str, str], list[Item]] = {}
    for each in sorted(_items("rate card", listed["rate_cards"]), key=_by_start):
        cards.setdefault((each["card_id"], each["currency"]), []).append(each)
    accounts = config / "accounts.yaml"
    return Agreements(
        terms=read_accounts(accounts),
        plans={
            (account["account_id"], terms["version"]): terms["plan"]
            for account in yaml.safe_load(accounts.read_text())["accounts"]
            for terms in account["terms"]
            if "plan" in terms
        },
        contracts=contracts,
        cards=cards,
        grants=_items("credit grant", agreed.get("credit_grants", [])),
        one_off_fees=_items("one-off fee", agreed.get("one_off_fees", [])),
        grace=timedelta(seconds=max(each.grace_s for each in read_meters(config / "meters.yaml"))),
    )


def _by_start(item: Item) -> datetime:
    start: datetime = item["effective_from"]
    return start


def _items(kind: str, found: list[Item]) -> list[Item]:
    return [_item(kind, each, each.get("timezone", "UTC")) for each in found]


def _item(kind: str, found: Item, timezone: str) -> Item:
    """Return a member of a file, and what is in it, with amounts and times as such."""
    _expect(kind, {*found}, {*_MEMBERS.get(kind, "").split(), "timezone"})
    item: Item = {}
    for name, value in found.items():
        if name in _TIMES:
            item[name] = _time(value, timezone)
        elif name in _AMOUNTS:
            item[name] = Fraction(str(value))
        elif name == "model":
            item[name] = _item(value["type"], value, timezone)
        elif name in _PARTS:
            item[name] = [_item(_PARTS[name], each, timezone) for each in value]
        else:
            item[name] = value
    return item


def _expect(kind: str, found: set[str], known: set[str]) -> None:
    if found - known:
        raise ValueError(f"{kind}: {sorted(found - known)} is not recomputed")


def _time(value: object, timezone: str) -> datetime:
    """Return an instant: as it stands where it names a zone, else by the item's wall clock."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return instant_at(timezone, datetime(value.year, value.month, value.day))
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    return instant_at(timezone, moment)
