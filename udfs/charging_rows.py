"""Charges of one account from its rows: the step of engines that gather rows by account.

What refuses an account is a value, so that an engine can carry it to whoever asked for the run. A
run that reads table by table refuses at the first step that fails for any account; the steps here
are in the same order and have numbers, so the same refusal is found whatever account comes first.
From the last step on such a run, too, goes account by account.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from schemas.account_pricing import AccountPricing, PeriodUsage
from schemas.account_rows import AccountRows, RefusedAccount
from schemas.brought_back_usage import BroughtBackUsage
from schemas.charge import Charge
from schemas.instant import to_text
from schemas.usage_row import ClosedUsage, UsageCorrection
from schemas.usage_window import UsageWindow
from udfs.assembling import MissingDetailError, needs_detail
from udfs.charging_accounts import PricingRules, account_segments, charge_account, waiting
from udfs.detailing import details_of, leave_out_rolled_up
from udfs.rating import MissingPriceError
from udfs.segmenting import UnknownTermsError
from udfs.totalling import (
    BrokenUsageError,
    PeriodTotals,
    check_revisions,
    rows_until,
    take_once,
    total_usage,
)

REFUSALS = (BrokenUsageError, UnknownTermsError, MissingDetailError, MissingPriceError)
"""What refuses an account."""

Span = tuple[int, int]


@dataclass(slots=True)
class _Account:
    """What is known of an account so far; the steps fill it."""

    rules: PricingRules
    rows: AccountRows
    closed: list[ClosedUsage] = field(default_factory=list)
    corrections: list[UsageCorrection] = field(default_factory=list)
    brought_back: list[BroughtBackUsage] = field(default_factory=list)
    periods: tuple[PeriodTotals, ...] = ()
    detailed: frozenset[Span] = frozenset()
    windows: list[UsageWindow] = field(default_factory=list)
    before: list[Charge] = field(default_factory=list)
    charges: tuple[Charge, ...] = ()


def charge_rows(
    rules: PricingRules, rows: AccountRows
) -> tuple[Charge, ...] | RefusedAccount | None:
    """Return the charges that a run adds for an account, or why it cannot be charged.

    Args:
        rules: As `charge_account` takes them.
        rows: Of the account.

    Returns:
        None where nothing was used, charged or agreed: nobody looks at such an account.
    """
    account = _Account(rules, _in_order(rows))
    refused = _take(account, _STEPS)
    if refused is not None:
        return refused
    is_known = account.periods or account.before or rows.contracts
    return account.charges if is_known else None


def detailed_spans(rules: PricingRules, rows: AccountRows) -> tuple[Span, ...]:
    """Return the billing periods whose windows are priced, ordered.

    Args:
        rules: As `charge_account` takes them.
        rows: Of an account, without windows; of one that `charge_rows` refuses there are none.
    """
    account = _Account(rules, _in_order(rows))
    refused = _take(account, (*_USAGE_STEPS, _find_detailed))
    return () if refused else tuple(sorted(account.detailed))


def _in_order(rows: AccountRows) -> AccountRows:
    """Return rows with what was agreed, each once, as a reader of the tables has it."""
    return replace(
        rows,
        contracts=tuple(
            sorted(set(rows.contracts), key=lambda each: (each.effective_from_us, each.version))
        ),
        grants=tuple(sorted(set(rows.grants), key=lambda each: each.grant_id)),
        one_off_fees=tuple(sorted(set(rows.one_off_fees), key=lambda each: each.fee_id)),
    )


def _take(
    account: _Account, steps: tuple[Callable[[_Account], None], ...]
) -> RefusedAccount | None:
    for number, step in enumerate(steps):
        try:
            step(account)
        except REFUSALS as error:
            name, line = type(error).__name__, str(error)
            return RefusedAccount(number, account.rows.account_id, name, line)
    return None


def _take_closed(account: _Account) -> None:
    account.closed = take_once("closed_usage", account.rows.closed, _row_id)


def _take_corrections(account: _Account) -> None:
    account.corrections = take_once("usage_corrections", account.rows.corrections, _row_id)


def _take_brought_back(account: _Account) -> None:
    account.brought_back = take_once("brought_back_usage", account.rows.brought_back, _row_id)


def _check_revisions(account: _Account) -> None:
    account.closed, account.corrections = rows_until(
        account.closed, account.corrections, account.rules.until_us
    )
    check_revisions(account.closed, account.corrections)


def _total_usage(account: _Account) -> None:
    account.periods = total_usage(account.closed, account.corrections, account.brought_back)


def _find_detailed(account: _Account) -> None:
    rows, cards = account.rows, account.rules.cards
    found = set()
    agreed = AccountPricing(
        rows.account_id, rows.terms, rows.contracts, rows.grants, rows.one_off_fees
    )
    frozen = waiting(account.rules, agreed, [each.span for each in account.periods])
    for period in account.periods:
        if period.span in frozen:
            continue
        segments = account_segments(rows.account_id, rows.terms, rows.contracts, cards, period.span)
        if any(needs_detail(total, segments) for total in period.totals):
            found.add(period.span)
    account.detailed = frozenset(found)


def _take_windows(account: _Account) -> None:
    # Of rows that differ in nothing else, one that was not rolled up stays.
    once: dict[UsageWindow, UsageWindow] = {}
    for row in sorted(account.rows.windows, key=lambda each: each.is_rolled_up):
        once.setdefault(replace(row, is_rolled_up=False), row)
    take_once("metering_windows", once, _window_key)
    account.windows = leave_out_rolled_up(list(once.values()))


def _take_charges(account: _Account) -> None:
    charges = take_once("charges", account.rows.before, lambda each: (each.charge_id,))
    account.before = sorted(charges, key=lambda each: each.charge_id)


def _charge(account: _Account) -> None:
    _find_detailed(account)
    rows = account.rows
    account.charges = charge_account(
        account.rules,
        AccountPricing(
            rows.account_id,
            rows.terms,
            rows.contracts,
            rows.grants,
            rows.one_off_fees,
            tuple(_usage_of(account, period) for period in account.periods),
            tuple(account.before),
        ),
    )


_USAGE_STEPS = (
    _take_closed,
    _take_corrections,
    _take_brought_back,
    _check_revisions,
    _total_usage,
)
_STEPS = (*_USAGE_STEPS, _take_windows, _take_charges, _charge)


def _usage_of(account: _Account, period: PeriodTotals) -> PeriodUsage:
    if period.span not in account.detailed:
        return PeriodUsage(period.totals)
    details = details_of(period, account.windows, account.brought_back)
    return PeriodUsage(period.totals, details)


def _row_id(row: ClosedUsage | UsageCorrection | BroughtBackUsage) -> tuple[object, ...]:
    return (row.row_id,)


def _window_key(row: UsageWindow) -> tuple[object, ...]:
    return (
        row.account_id,
        row.meter_id,
        row.dimensions,
        to_text(row.event_window_start_us),
        row.event_window_s,
        row.part,
        to_text(row.log_window_end_us),
        row.is_retraction,
    )
