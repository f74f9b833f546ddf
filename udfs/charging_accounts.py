"""Charges of one account at one cut: the step that every engine asks for.

Periods are priced in their order, as credit that one draws is not there for the next. Each is
priced as a whole, from all that is known of it; what earlier runs charged is taken off, so a run
over the same input adds nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from schemas.account_pricing import AccountPricing, PeriodUsage
from schemas.billing_period import BillingPeriod
from schemas.charge import Charge
from schemas.contract import Contract, Discount, FxRate, OneOffFee
from schemas.freeze import FreezeScope
from schemas.instant import EPOCH, MICROSECOND
from schemas.rate_card import RateCard
from schemas.statement import Line, PricedPeriod, Segment
from schemas.terms import Terms
from udfs.assembling import MissingDetailError, assemble_usage
from udfs.balancing_credit import Draws, balances_of, draws_of, note_draws
from udfs.charging import ChargeRun, charge_changes
from udfs.freezing import waiting_spans
from udfs.pricing import price_period
from udfs.scheduling import period_containing, periods_between, whole_period
from udfs.segmenting import Cards, segment_period

FxRates = Mapping[tuple[str, str], Sequence[FxRate]]
"""Rates of exchange by day and quote, ordered by base."""


@dataclass(frozen=True, slots=True)
class PricingRules:
    """What holds for all accounts in a run.

    Attributes:
        cards: All rate cards.
        fx_rates: All rates of exchange.
        until_us: Log time up to which usage is complete.
        grace_us: From a period's end until usage of all meters has closed.
        run_id: The run that writes.
        tried: Cards by which nothing was charged, whatever versions they have; of a dry run.
        freezes: Whose charges wait.
    """

    cards: Cards
    until_us: int
    grace_us: int
    run_id: str
    fx_rates: FxRates = field(default_factory=dict)
    tried: tuple[RateCard, ...] = ()
    freezes: tuple[FreezeScope, ...] = ()


def charge_account(rules: PricingRules, account: AccountPricing) -> tuple[Charge, ...]:
    """Return the charges that a run adds for an account, by period and line.

    A period that the account's terms no longer have, and in which nothing was used, is taken back.
    One that was priced closed stays closed, whatever grace meters have by now, and stays as it is
    where its detail is gone by now, but nothing has changed since. One that is frozen waits.

    Args:
        rules: Their `until_us` is not before that of any earlier run.
        account: What is known of it.

    Raises:
        UnknownTermsError: A period has no contract or no rate card.
        MissingDetailError: Usage cannot be cut where a price changes, and has changed itself, or
            its prices have, since it was charged.
        MissingPriceError: Usage has no price, or a price lacks what it needs.
    """
    before = draws_of(account.before)
    drawn = dict(before)
    added = _changes(rules, account, drawn)
    kept = {name: min(minor, drawn.get(name, 0)) for name, minor in before.items()}
    if kept != before:
        # What a period gives back is there for those before it, too.
        added = _changes(rules, account, kept)
    return tuple(added)


def _changes(rules: PricingRules, account: AccountPricing, drawn: Draws) -> list[Charge]:
    """Return what all periods add; `drawn` becomes what each then draws on each grant."""
    usage = {_span(each): each for each in account.usage}
    before: dict[tuple[int, int], list[Charge]] = {}
    for charge in account.before:
        span = (charge.period_start_us, charge.period_end_us)
        before.setdefault(span, []).append(charge)
    run = ChargeRun(rules.run_id, _open_period_end_us(account, rules.until_us))
    added: list[Charge] = []
    due = _due_spans(rules, account) | usage.keys()
    account = replace(account, one_off_fees=_place_fees(account.one_off_fees, sorted(due)))
    spans = due | before.keys()
    for span in sorted(spans - waiting(rules, account, spans)):
        earlier = before.get(span, [])
        is_closed = _is_closed(rules, span, earlier)
        lines: tuple[Line, ...] = ()
        if span in due:
            try:
                period = _priced_period(rules, account, span, usage.get(span), drawn, is_closed)
            except MissingDetailError:
                if _is_as_charged(rules, account, usage[span], earlier):
                    continue
                raise
            lines = price_period(period)
        else:
            period = _gone_period(span, earlier, is_closed)
        added += charge_changes(period, lines, earlier, run)
        note_draws(drawn, span, lines)
    return added


def waiting(
    rules: PricingRules, account: AccountPricing, spans: Collection[tuple[int, int]]
) -> set[tuple[int, int]]:
    """Return those of an account's billing periods that a freeze keeps from being charged."""

    def segments_of(span: tuple[int, int]) -> tuple[Segment, ...]:
        agreed = account.terms, account.contracts, rules.cards
        return account_segments(account.account_id, *agreed, span)

    return waiting_spans(rules.freezes, account, spans, segments_of)


def begun_spans(rules: PricingRules, account: AccountPricing) -> set[tuple[int, int]]:
    """Return the billing periods under contract that have begun, the one it began in too."""
    if not account.contracts:
        return set()
    since_us = account.contracts[0].effective_from_us
    begun = periods_between(account.terms, since_us, rules.until_us)
    return {(each.start_us, each.end_us) for each in begun}


def account_segments(
    account_id: str,
    terms: tuple[Terms, ...],
    contracts: Sequence[Contract],
    cards: Cards,
    span: tuple[int, int],
) -> tuple[Segment, ...]:
    """Return the parts of a period of an account; where its contract names no card, its plan does.

    Raises:
        UnknownTermsError: A part of the period has no contract or no rate card.
    """
    held = period_containing(terms, span[0])
    version = held.terms_version if isinstance(held, BillingPeriod) else None
    plan = next((each.plan for each in terms if each.version == version), None)
    return segment_period(account_id, *span, contracts, cards, plan)


def _span(usage: PeriodUsage) -> tuple[int, int]:
    return usage.totals[0].period_start_us, usage.totals[0].period_end_us


def _due_spans(rules: PricingRules, account: AccountPricing) -> set[tuple[int, int]]:
    """Return the periods that have begun under a contract, whether anything was used or not."""
    if not account.contracts:
        return set()
    since_us = account.contracts[0].effective_from_us
    return {span for span in begun_spans(rules, account) if span[0] >= since_us}


def _place_fees(fees: Sequence[OneOffFee], due: Sequence[tuple[int, int]]) -> tuple[OneOffFee, ...]:
    """Return fees with instants in periods that are due; of a gap they come with the next one."""
    starts_us = [
        next((start_us for start_us, end_us in due if end_us > fee.at_us), fee.at_us)
        for fee in fees
    ]
    return tuple(
        replace(fee, at_us=max(fee.at_us, start_us))
        for fee, start_us in zip(fees, starts_us, strict=True)
    )


def _open_period_end_us(account: AccountPricing, until_us: int) -> int:
    """Return the end of the billing period that is open at an instant."""
    period = period_containing(account.terms, until_us)
    return period.end_us if isinstance(period, BillingPeriod) else until_us


def _is_closed(rules: PricingRules, span: tuple[int, int], earlier: Sequence[Charge]) -> bool:
    """Return whether a period has closed; what was charged of a closed one is due at its end."""
    was_closed = any(each.due_us >= span[1] for each in earlier)
    return was_closed or span[1] + rules.grace_us <= rules.until_us


def _is_as_charged(
    rules: PricingRules, account: AccountPricing, usage: PeriodUsage, earlier: Sequence[Charge]
) -> bool:
    """Return whether charges name all rows of usage, and all versions by which it is priced."""
    span = _span(usage)
    segments = account_segments(
        account.account_id, account.terms, account.contracts, rules.cards, span
    )
    rows = {row_id for each in earlier for row_id in json.loads(each.usage_row_ids)}
    cards = {(each.card_id, each.card_version) for each in earlier}
    # A new version of a contract holds after all others, so it would be the last one.
    contract_versions = {each.contract_version for each in earlier}
    free = set.intersection(*(set(each.card.free_meters) for each in segments))
    return (
        not any(each.card in rules.tried for each in segments)
        and {(each.card.card_id, each.card.version) for each in segments} <= cards
        and segments[-1].contract.version in contract_versions
        and all(rows.issuperset(each.row_ids) for each in usage.totals if each.meter_id not in free)
    )


def _gone_period(span: tuple[int, int], earlier: Sequence[Charge], is_closed: bool) -> PricedPeriod:
    """Return a period that is no more; its charges say all that taking them back asks for."""
    first = earlier[0]
    return PricedPeriod(
        first.account_id, *span, first.timezone, *span, segments=(), is_closed=is_closed
    )


def _priced_period(
    rules: PricingRules,
    account: AccountPricing,
    span: tuple[int, int],
    usage: PeriodUsage | None,
    drawn: Draws,
    is_closed: bool,
) -> PricedPeriod:
    start_us, end_us = span
    segments = account_segments(
        account.account_id, account.terms, account.contracts, rules.cards, span
    )
    contract = segments[-1].contract
    timezone = _timezone(account, span, usage)
    whole = whole_period(account.terms, start_us) or span
    return PricedPeriod(
        account.account_id,
        start_us,
        end_us,
        timezone,
        whole[0],
        max(whole[1], end_us),
        segments,
        assemble_usage(usage.totals, segments, usage.details) if is_closed and usage else (),
        _discount_periods(account, contract, span),
        tuple(
            sorted(
                (each for each in account.one_off_fees if start_us <= each.at_us < end_us),
                key=lambda each: each.fee_id,
            )
        ),
        balances_of(account.grants, contract, segments[-1], span, drawn),
        _fx_rates(rules, contract, timezone, end_us),
        is_closed,
    )


def _timezone(account: AccountPricing, span: tuple[int, int], usage: PeriodUsage | None) -> str:
    if usage is not None:
        return usage.totals[0].timezone
    period = period_containing(account.terms, span[0])
    assert isinstance(period, BillingPeriod)  # It is due by its terms.
    return period.timezone


def _discount_periods(
    account: AccountPricing, contract: Contract, span: tuple[int, int]
) -> tuple[tuple[Discount, int], ...]:
    """Return the discounts that have begun, and which of its billing periods this one is."""
    found = []
    for discount in contract.discounts:
        if discount.from_us >= span[1]:
            continue
        # Of a discount for ever it does not matter which one it is.
        since_us = discount.from_us if discount.periods is not None else span[0]
        number = sum(1 for _ in periods_between(account.terms, since_us, span[1]))
        found.append((discount, max(number, 1)))
    return tuple(found)


def _fx_rates(
    rules: PricingRules, contract: Contract, timezone: str, end_us: int
) -> tuple[tuple[str, Decimal], ...]:
    """Return the rates into the account's currency of the period's last day in its zone."""
    last = EPOCH + (end_us - 1) * MICROSECOND
    day = last.astimezone(ZoneInfo(timezone)).date().isoformat()
    return tuple(
        (each.base, each.rate) for each in rules.fx_rates.get((day, contract.currency), ())
    )
