"""All that prices are made of, in all its versions, and what each of it is known by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from schemas.contract import Contract, CreditGrant, FxRate, OneOffFee
from schemas.rate_card import RateCard

PriceShape = RateCard | Contract | CreditGrant | OneOffFee | FxRate
"""One version of a card or contract, a grant, a fee, or a rate of exchange."""

IDENTITIES: Mapping[type[PriceShape], tuple[str, ...]] = MappingProxyType(
    {
        RateCard: ("card_id", "currency", "version"),
        Contract: ("account_id", "version"),
        CreditGrant: ("grant_id",),
        OneOffFee: ("fee_id",),
        FxRate: ("day", "base", "quote"),
    }
)
"""The fields that each is known by for ever."""


@dataclass(frozen=True, slots=True)
class PriceLists:
    """Everything of some files, or of the tables as of some snapshots.

    Attributes:
        rate_cards: All versions; from tables ordered by identity, as the others.
        contracts: All versions.
        credit_grants: All of them.
        one_off_fees: All of them.
        fx_rates: All of them.
        snapshot_ids: Pairs of a table's name and the snapshot that was read, ordered by name; a
            table without a snapshot was empty. Of files: none.
    """

    rate_cards: tuple[RateCard, ...] = ()
    contracts: tuple[Contract, ...] = ()
    credit_grants: tuple[CreditGrant, ...] = ()
    one_off_fees: tuple[OneOffFee, ...] = ()
    fx_rates: tuple[FxRate, ...] = ()
    snapshot_ids: tuple[tuple[str, int], ...] = ()


PRICE_LISTS: Mapping[str, type[PriceShape]] = MappingProxyType(
    {
        "rate_cards": RateCard,
        "contracts": Contract,
        "credit_grants": CreditGrant,
        "one_off_fees": OneOffFee,
        "fx_rates": FxRate,
    }
)
"""The lists by their names, those first that others refer to."""


def identity_of(shape: PriceShape) -> tuple[str | int, ...]:
    """Return what it is known by."""
    return tuple(getattr(shape, name) for name in IDENTITIES[type(shape)])
