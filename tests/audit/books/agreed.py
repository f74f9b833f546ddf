"""What was agreed with the accounts of the small world: prices, contracts, credit, taxes."""

from __future__ import annotations

from typing import TypeVar

import yaml

from schemas.contract import Contract, CreditGrant, OneOffFee
from schemas.invoicing_setup import InvoicingSetup
from schemas.plain_form_reader import from_plain
from schemas.rate_card import RateCard

T = TypeVar("T", Contract, CreditGrant, OneOffFee)
CARD = """
card_id: standard
currency: USD
version: 1
effective_from: "2013-01-01T00:00:00Z"
prices:
  - price_id: landing
    meter_id: flights
    product: landing
    model: {type: graduated, tiers: [{up_to: 5, unit_price: 2}, {unit_price: '1.50'}]}
    shares: [{party: Port, share: '0.3'}]
fees:
  - {fee_id: desk, product: desks, amount: 31, due: advance}
  - {fee_id: support, product: support, amount: 10}
free_meters: [longest]
"""
AGREED = """
contracts:
  - {account_id: A, version: 1, effective_from: "2013-01-01T00:00:00Z", currency: USD}
  - account_id: B
    version: 1
    effective_from: "2013-01-01T00:00:00Z"
    currency: USD
    discounts: [{discount_id: partner, rate: '0.1', from: "2013-01-01T00:00:00Z"}]
credit_grants:
  - {grant_id: prepaid, account_id: B, currency: USD, amount: 5, granted: "2013-01-01T00:00:00Z"}
  - grant_id: winter
    account_id: A
    currency: USD
    amount: 300
    granted: "2013-01-01T00:00:00Z"
    expires: "2013-02-01T00:00:00Z"
one_off_fees:
  - {fee_id: move, account_id: A, product: support, currency: USD, amount: 200,
     at: "2013-01-05T00:00:00Z"}
"""
INVOICING = """
seller: &airport
  {name: Airport, address: [1 Road], jurisdiction: US-NY, locale: en-US, timezone: UTC}
series: {series_id: INV}
credit_series: {series_id: CN}
taxes:
  product_classes: {desks: equipment, support: service}
  rates:
    - {tax_id: Sales tax, jurisdiction: US-NY, effective_from: "2009-08-01T00:00:00Z",
       rate: "0.08875", product_class: equipment}
    - {tax_id: Service tax, jurisdiction: US-NY, effective_from: "2009-08-01T00:00:00Z",
       rate: "0.05", product_class: service, mode: inclusive}
    - {tax_id: Sales tax, jurisdiction: US-NY, effective_from: "2009-08-01T00:00:00Z", rate: 0}
buyers: [{account_id: A, party: *airport}, {account_id: B, party: *airport}]
"""
_NAMES = {Contract: "contracts", CreditGrant: "credit_grants", OneOffFee: "one_off_fees"}


def card() -> RateCard:
    """Return the one rate card."""
    return from_plain(RateCard, yaml.safe_load(CARD))


def agreed(shape: type[T], *account_ids: str) -> tuple[T, ...]:
    """Return what was agreed of one kind, with some accounts; with all where none is named."""
    found = [from_plain(shape, each) for each in yaml.safe_load(AGREED)[_NAMES[shape]]]
    return tuple(each for each in found if not account_ids or each.account_id in account_ids)


def invoicing() -> InvoicingSetup:
    """Return by what invoices are made."""
    return from_plain(InvoicingSetup, yaml.safe_load(INVOICING))
