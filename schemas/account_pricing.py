"""All that decides what one account is charged: the input of one step of a pricing run."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.charge import Charge
from schemas.contract import Contract, CreditGrant, OneOffFee
from schemas.priced_usage import UsageDetail, UsageTotal
from schemas.terms import Terms


@dataclass(frozen=True, slots=True)
class PeriodUsage:
    """What an account used in one billing period.

    Attributes:
        totals: Of each meter and dimensions, at least one.
        details: Windows of the totals that are priced by them, else empty.
    """

    totals: tuple[UsageTotal, ...]
    details: tuple[UsageDetail, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountPricing:
    """What is known of one account at one cut.

    Attributes:
        account_id: Who.
        terms: Its terms, ordered by version, at least one.
        contracts: Versions of its contract, ordered by `effective_from_us`.
        grants: Its credit.
        one_off_fees: Its fees that are due once.
        usage: Its usage by billing period, ordered by period.
        before: All its charges until now.
    """

    account_id: str
    terms: tuple[Terms, ...]
    contracts: tuple[Contract, ...]
    grants: tuple[CreditGrant, ...] = ()
    one_off_fees: tuple[OneOffFee, ...] = ()
    usage: tuple[PeriodUsage, ...] = ()
    before: tuple[Charge, ...] = ()
