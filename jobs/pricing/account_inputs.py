"""Puts together, account by account, what pricing reads from several tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter
from typing import TypeVar

from iceberg.account_ranges import AccountRange, PeriodName, RangeReader, period_of
from iceberg.pricing_inputs import PricingInputs
from schemas.account_pricing import AccountPricing, PeriodUsage
from schemas.contract import Contract, CreditGrant, OneOffFee
from schemas.priced_usage import UsageDetail, UsageTotal
from schemas.terms import Terms
from udfs.assembling import needs_detail
from udfs.charging_accounts import PricingRules, account_segments, begun_spans, waiting

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

    def pricing(self, account_id: str) -> AccountPricing:
        """Return what was agreed with one account, without usage and charges."""
        return AccountPricing(
            account_id,
            self.terms.get(account_id, ()),
            self.contracts.get(account_id, ()),
            self.grants.get(account_id, ()),
            self.one_off_fees.get(account_id, ()),
        )

    def of(self, account_ids: Sequence[str]) -> Agreements:
        """Return what was agreed with some accounts."""
        return Agreements(
            _of(self.terms, account_ids),
            _of(self.contracts, account_ids),
            _of(self.grants, account_ids),
            _of(self.one_off_fees, account_ids),
        )


@dataclass(frozen=True, slots=True)
class HeldAccount:
    """An account whose charges wait.

    Attributes:
        account_id: Who.
        periods: How many of its billing periods that have begun wait.
    """

    account_id: str
    periods: int


def held_accounts(agreements: Agreements, rules: PricingRules) -> tuple[HeldAccount, ...]:
    """Return the accounts that freezes leave out, ordered by id."""
    named = {account_id for each in rules.freezes for account_id in each.account_ids}
    is_all = any(not each.account_ids for each in rules.freezes)
    held = []
    for account_id in sorted(agreements.contracts.keys() if is_all else named):
        agreed = agreements.pricing(account_id)
        if waits := waiting(rules, agreed, begun_spans(rules, agreed)):
            held.append(HeldAccount(account_id, len(waits)))
    return tuple(held)


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
    rules: PricingRules,
    reader: RangeReader,
    within: AccountRange,
    is_detailed: bool,
) -> Iterator[AccountPricing]:
    """Yield what is known of each account of a range, ordered by account.

    Args:
        agreements: With the accounts of the range.
        rules: Of the run.
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
        details = reader.details(_find_detailed(agreements, rules, periods))
    for account_id in sorted(used.keys() | charged.keys() | agreements.contracts.keys()):
        yield replace(
            agreements.pricing(account_id),
            usage=tuple(
                PeriodUsage(totals, details.get(period_of(totals[0]), ()))
                for totals in used.get(account_id, ())
            ),
            before=charged.get(account_id, ()),
        )


def _find_detailed(
    agreements: Agreements, rules: PricingRules, periods: Sequence[tuple[UsageTotal, ...]]
) -> list[PeriodName]:
    """Return the periods that have to be read window by window."""
    found = []
    for account_id, of_account in groupby(periods, key=lambda each: each[0].account_id):
        by_span = {_span(totals): totals for totals in of_account}
        agreed = agreements.pricing(account_id)
        frozen = waiting(rules, agreed, by_span)
        for span in (each for each in by_span if each not in frozen):
            segments = account_segments(
                account_id, agreed.terms, agreed.contracts, rules.cards, span
            )
            if any(needs_detail(total, segments) for total in by_span[span]):
                found.append(PeriodName(account_id, *span))
    return found


def _span(totals: Sequence[UsageTotal]) -> tuple[int, int]:
    return totals[0].period_start_us, totals[0].period_end_us


def _by_account(agreed: Sequence[T]) -> dict[str, tuple[T, ...]]:
    found: dict[str, list[T]] = {}
    for each in agreed:
        found.setdefault(each.account_id, []).append(each)
    return {account_id: tuple(each) for account_id, each in found.items()}


def _of(agreed: Mapping[str, V], account_ids: Sequence[str]) -> dict[str, V]:
    return {each: agreed[each] for each in account_ids if each in agreed}
