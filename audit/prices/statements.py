"""All that accounts owe for all periods, made of the functions of prices.py, in their order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from audit.prices.agreements import Agreements, Item
from audit.prices.charged_periods import ChargedPeriod, charged_periods, walk_periods
from audit.prices.prices import (
    Draws,
    PricedLine,
    Usage,
    bound_lines,
    commitment_lines,
    credit_lines,
    discount_lines,
    one_off_lines,
    recurring_lines,
    trial_lines,
    usage_lines,
)
from audit.prices.used import Tables, Used, total_usage, usage_in_parts

UsedPeriod = tuple[ChargedPeriod, list[Used], Usage]
"""A period, what was used in it in all, and in its parts."""


@dataclass(frozen=True)
class Statement:
    """What a period comes to.

    Attributes:
        period: The period.
        lines: Of it; those that come to nothing, too.
        problems: What its usage contradicts, one line each.
    """

    period: ChargedPeriod
    lines: list[PricedLine]
    problems: list[str]


def price_all(
    agreed: Agreements, tables: Tables, until: datetime, draws: Draws | None = None
) -> list[Statement]:
    """Return the statements of all accounts, priced from all that is known up to a log time.

    Args:
        agreed: All that was agreed.
        tables: Rows of usage.
        until: The log time.
        draws: On credit, by the run before; those of this one, afterwards.

    Raises:
        ValueError: There is usage in a period that no contract has.
    """
    draws = {} if draws is None else draws
    periods = {name: charged_periods(agreed, name, until) for name in sorted(agreed.contracts)}
    totals = total_usage(tables, until)
    cut = [each for of_account in periods.values() for each in of_account if len(each.parts) > 1]
    parts = [(each.account_id, part.start, part.end) for each in cut for part in each.parts]
    in_parts = usage_in_parts(tables, parts, until)
    statements = []
    for account_id, of_account in periods.items():
        used: list[UsedPeriod] = []
        for period in of_account:
            total = totals.pop((account_id, period.start, period.end), [])
            usage: Usage = {period.start: total}
            if len(period.parts) > 1:
                usage = {p.start: in_parts.get((account_id, p.start), []) for p in period.parts}
            used.append((period, total, usage))
        before = dict(draws)
        found = _price_account(agreed, used, draws)
        kept = {name: min(minor, draws.get(name, 0)) for name, minor in before.items()}
        if kept != before:
            # What a period gives back may be drawn by those before it, too.
            draws.clear()
            draws |= kept
            found = _price_account(agreed, used, draws)
        statements += found
    if totals:
        raise ValueError(f"usage in periods that no contract has: {sorted(totals)}")
    return statements


def _price_account(agreed: Agreements, used: list[UsedPeriod], draws: Draws) -> list[Statement]:
    fees, statements = agreed.one_off_fees, []
    for period, total, usage in used:
        own = [each for each in fees if each["account_id"] == period.account_id]
        due = [each for each in own if each["at"] < period.end]
        fees = [each for each in own if each not in due]
        lines = price_period(agreed, period, usage, due, draws)
        statements.append(Statement(period, lines, list(_problems(period, total, usage))))
    return statements


def price_period(
    agreed: Agreements,
    period: ChargedPeriod,
    usage: Usage,
    fees: list[Item],
    draws: Draws,
) -> list[PricedLine]:
    """Return the lines of a period; before it has closed only fees in advance are due.

    Args:
        agreed: All that was agreed.
        period: Which one.
        usage: In its parts.
        fees: Due once, in this period or before it, where no period was.
        draws: On credit, of all periods until now; then this period's are new.
    """
    lines = recurring_lines(period)
    if period.is_closed:
        lines += usage_lines(period, usage)
        lines += one_off_lines(period, fees)
    lines += bound_lines(period, lines)
    lines += trial_lines(period, lines)
    for discount in period.last.contract.get("discounts", []):
        terms = agreed.terms[period.account_id]
        number = sum(1 for _ in walk_periods(terms, discount["from"], period.end))
        lines += discount_lines(period, discount, number, lines)
    if period.is_closed:
        lines += commitment_lines(period, lines)
    grants = [each for each in agreed.grants if each["account_id"] == period.account_id]
    return lines + credit_lines(period, grants, draws, lines)


def _problems(period: ChargedPeriod, total: list[Used], usage: Usage) -> Iterator[str]:
    """Yield where windows of parts do not add up to the period, and meters without a price."""
    where = f"{period.account_id} {period.start:%Y-%m-%d}"
    free = set.intersection(*(set(each.card.get("free_meters", [])) for each in period.parts))
    priced = {price["meter_id"] for part in period.parts for price in part.card["prices"]}
    for used in total:
        if used.meter_id not in free | priced:
            yield f"{where}: {used.meter_id} has no price"
        elif used.meter_id in priced:
            pieces = [
                each.quantity
                for of_part in usage.values()
                for each in of_part
                if each[:2] == used[:2]
            ]
            if sum(pieces) != used.quantity:
                yield f"{where}: {used.meter_id} {used.dimensions}: {pieces} of {used.quantity}"
