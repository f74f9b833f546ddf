"""Puts together, account by account, what pricing reads from several tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TypeVar

from iceberg.account_ranges import AccountRange, PeriodName, RangeReader, period_of
from iceberg.pricing_inputs import PricingInputs
from schemas.account_pricing import AccountPricing, PeriodUsage
from schemas.contract import Contract, CreditGrant, OneOffFee
from schemas.priced_usage import UsageDetail, UsageTotal
from schemas.terms import Terms
from udfs.assembling import needs_detail
from udfs.charging_accounts import account_segments
from udfs.segmenting import Cards

T = TypeVar("T", Contract, CreditGrant, OneOffFee)
V = TypeVar("V")


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

    def of(self, account_ids: Sequence[str]) -> Agreements:
        """Return what was agreed with some accounts."""
        return Agreements(
            _of(self.terms, account_ids),
            _of(self.contracts, account_ids),
            _of(self.grants, account_ids),
            _of(self.one_off_fees, account_ids),
        )


def agreements_of(inputs: PricingInputs) -> Agreements:
    """Return what was agreed by account, versions ordered by the instant from which they hold."""
    lists = inputs.lists
    contracts = sorted(lists.contracts, key=attrgetter("effective_from_us"))
    return Agreements(
        inputs.terms,
        _by_account(contracts),
        _by_account(lists.credit_grants),
        _by_account(lists.one_off_fees),
    )


def account_inputs(
    agreements: Agreements,
    cards: Cards,
    reader: RangeReader,
    within: AccountRange,
    is_detailed: bool,
) -> Iterator[AccountPricing]:
    """Yield what is known of each account of a range, ordered by account.

    Args:
        agreements: With the accounts of the range.
        cards: All rate cards.
        reader: Has their usage and charges.
        within: The range.
        is_detailed: Whether a period of any account may have to be read window by window.

    Raises:
        UnknownTermsError: A period has no contract or no rate card.
    """
    used, charged = reader.usage(within), reader.charges(within)
    details: Mapping[PeriodName, tuple[UsageDetail, ...]] = {}
    if is_detailed:
        periods = [totals for each in used.values() for totals in each]
        details = reader.details(_find_detailed(agreements, cards, periods))
    for account_id in sorted(used.keys() | charged.keys() | agreements.contracts.keys()):
        yield AccountPricing(
            account_id,
            agreements.terms.get(account_id, ()),
            agreements.contracts.get(account_id, ()),
            agreements.grants.get(account_id, ()),
            agreements.one_off_fees.get(account_id, ()),
            tuple(
                PeriodUsage(totals, details.get(period_of(totals[0]), ()))
                for totals in used.get(account_id, ())
            ),
            charged.get(account_id, ()),
        )


def _find_detailed(
    agreements: Agreements, cards: Cards, periods: Sequence[tuple[UsageTotal, ...]]
) -> list[PeriodName]:
    """Return the periods that have to be read window by window."""
    found = []
    for totals in periods:
        name = period_of(totals[0])
        contracts = agreements.contracts.get(name.account_id, ())
        terms = agreements.terms.get(name.account_id, ())
        span = (name.start_us, name.end_us)
        segments = account_segments(name.account_id, terms, contracts, cards, span)
        if any(needs_detail(total, segments) for total in totals):
            found.append(name)
    return found


def _by_account(agreed: Sequence[T]) -> dict[str, tuple[T, ...]]:
    found: dict[str, list[T]] = {}
    for each in agreed:
        found.setdefault(each.account_id, []).append(each)
    return {account_id: tuple(each) for account_id, each in found.items()}


def _of(agreed: Mapping[str, V], account_ids: Sequence[str]) -> dict[str, V]:
    return {each: agreed[each] for each in account_ids if each in agreed}
