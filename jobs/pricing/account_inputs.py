"""Puts together, account by account, what pricing reads from several tables in the same order."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Generic, TypeVar

from iceberg.priced_usage import PeriodName, PricedUsage
from iceberg.pricing_inputs import PricingInputs
from schemas.account_pricing import AccountPricing, PeriodUsage
from schemas.charge import Charge
from schemas.contract import Contract, CreditGrant, OneOffFee
from schemas.priced_usage import UsageTotal
from schemas.terms import Terms
from udfs.assembling import needs_detail
from udfs.charging_accounts import account_segments
from udfs.segmenting import Cards

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Agreements:
    """What was agreed with the accounts, by account.

    Attributes:
        terms: When their billing periods begin.
        contracts: Versions of their contracts.
        grants: Their credit.
        one_off_fees: Their fees that are due once.
    """

    terms: Mapping[str, tuple[Terms, ...]]
    contracts: Mapping[str, tuple[Contract, ...]]
    grants: Mapping[str, tuple[CreditGrant, ...]]
    one_off_fees: Mapping[str, tuple[OneOffFee, ...]]


def agreements_of(inputs: PricingInputs) -> Agreements:
    """Return what was agreed by account, versions ordered by the instant from which they hold."""
    contracts: dict[str, list[Contract]] = {}
    for contract in sorted(inputs.lists.contracts, key=lambda each: each.effective_from_us):
        contracts.setdefault(contract.account_id, []).append(contract)
    grants: dict[str, list[CreditGrant]] = {}
    for grant in inputs.lists.credit_grants:
        grants.setdefault(grant.account_id, []).append(grant)
    fees: dict[str, list[OneOffFee]] = {}
    for fee in inputs.lists.one_off_fees:
        fees.setdefault(fee.account_id, []).append(fee)
    return Agreements(
        inputs.terms,
        {account_id: tuple(found) for account_id, found in contracts.items()},
        {account_id: tuple(found) for account_id, found in grants.items()},
        {account_id: tuple(found) for account_id, found in fees.items()},
    )


class _Aligned(Generic[T]):
    """Values by account from a stream ordered by account, asked for in the same order."""

    def __init__(self, values: Iterable[tuple[str, T]]) -> None:
        self._values = iter(values)
        self._next = next(self._values, None)

    def peek(self) -> str | None:
        """Return the account that comes next."""
        return None if self._next is None else self._next[0]

    def take(self, account_id: str) -> T | None:
        """Return the account's value, if it comes next."""
        if self._next is None or self._next[0] != account_id:
            return None
        value = self._next[1]
        self._next = next(self._values, None)
        return value


def account_inputs(
    agreements: Agreements,
    usage: PricedUsage,
    charges: Iterable[tuple[str, tuple[Charge, ...]]],
    detailed: frozenset[PeriodName],
) -> Iterator[AccountPricing]:
    """Yield what is known of each account, ordered by account.

    Args:
        agreements: With all accounts.
        usage: What they used.
        charges: What each was charged before, ordered by account.
        detailed: Periods whose windows are priced.
    """
    used = _Aligned(_by_account(usage))
    charged = _Aligned(charges)
    named = _Aligned((each, each) for each in sorted(agreements.contracts))
    while (account_id := _least(used.peek(), charged.peek(), named.peek())) is not None:
        named.take(account_id)
        periods = used.take(account_id) or ()
        yield AccountPricing(
            account_id,
            agreements.terms.get(account_id, ()),
            agreements.contracts.get(account_id, ()),
            agreements.grants.get(account_id, ()),
            agreements.one_off_fees.get(account_id, ()),
            tuple(_with_details(usage, totals, detailed) for totals in periods),
            charged.take(account_id) or (),
        )


def find_detailed(
    agreements: Agreements, usage: PricedUsage, cards: Cards
) -> tuple[PeriodName, ...]:
    """Return the periods that have to be read window by window.

    Raises:
        UnknownTermsError: A period has no contract or no rate card.
    """
    found = []
    for totals in usage.periods():
        name = _name(totals)
        contracts = agreements.contracts.get(name.account_id, ())
        terms = agreements.terms.get(name.account_id, ())
        span = (name.start_us, name.end_us)
        segments = account_segments(name.account_id, terms, contracts, cards, span)
        if any(needs_detail(total, segments) for total in totals):
            found.append(name)
    return tuple(found)


def _by_account(usage: PricedUsage) -> Iterator[tuple[str, tuple[tuple[UsageTotal, ...], ...]]]:
    for account_id, periods in groupby(usage.periods(), key=lambda totals: totals[0].account_id):
        yield account_id, tuple(periods)


def _least(*account_ids: str | None) -> str | None:
    return min((each for each in account_ids if each is not None), default=None)


def _name(totals: Sequence[UsageTotal]) -> PeriodName:
    first = totals[0]
    return PeriodName(first.account_id, first.period_start_us, first.period_end_us)


def _with_details(
    usage: PricedUsage, totals: tuple[UsageTotal, ...], detailed: frozenset[PeriodName]
) -> PeriodUsage:
    name = _name(totals)
    return PeriodUsage(totals, usage.details(name) if name in detailed else ())
