"""All that accounts owe for all periods, made of the functions of prices.py, in their order."""

from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import duckdb

from audit.prices.agreements import Agreements, Item
from audit.prices.amounts import NotRecomputedError
from audit.prices.charged_periods import ChargedPeriod, charged_periods, walk_periods
from audit.prices.lines import PricedLine
from audit.prices.prices import (
    Draws,
    bound_lines,
    commitment_lines,
    credit_lines,
    discount_lines,
    one_off_lines,
    recurring_lines,
    trial_lines,
)
from audit.prices.usage_lines import Usage, usage_lines
from audit.prices.used import CUT, SUMMED, Accounts, Tables, Used, open_tables, total_usage
from audit.prices.used import usage_in_parts as read_parts

UsedPeriod = tuple[ChargedPeriod, Usage]
PeriodName = tuple[str, datetime, datetime]
"""Account, first instant, and first instant after it."""


@dataclass(frozen=True)
class Statement:
    """What a period comes to.

    Attributes:
        name: Of the period.
        period: The period; None where the terms have none.
        lines: Of it; those that come to nothing, too.
        not_recomputed: Why it could not be priced; empty: it was.
    """

    name: PeriodName
    period: ChargedPeriod | None
    lines: list[PricedLine]
    not_recomputed: str = ""


def price_all(
    agreed: Agreements, tables: Tables, until: datetime, draws: Draws | None = None
) -> list[Statement]:
    """Return the statements of all accounts; see `price_accounts`."""
    draws = {} if draws is None else draws
    with closing(open_tables(tables)) as rows:
        return price_accounts(agreed, rows, until, draws, sorted(agreed.contracts))


def price_accounts(
    agreed: Agreements,
    rows: duckdb.DuckDBPyConnection,
    until: datetime,
    draws: Draws,
    account_ids: Collection[str],
    waits: Collection[PeriodName] = (),
) -> list[Statement]:
    """Return the statements of accounts, priced from all that is known up to a log time.

    Args:
        agreed: All that was agreed.
        rows: Has the tables of usage.
        until: The log time.
        draws: On credit, by the run before; those of this one, afterwards.
        account_ids: Which accounts; their usage stands together in the order of names.
        waits: Periods that are left out, as a freeze stood.
    """
    if not account_ids:
        return []
    names = sorted(account_ids)
    periods = {
        name: charged_periods(agreed, name, until) if name in agreed.contracts else []
        for name in names
    }
    within = Accounts(names[0], names[-1])
    totals = {
        name: used for name, used in total_usage(rows, until, within).items() if name[0] in periods
    }
    cut = [each for of_account in periods.values() for each in of_account if len(each.parts) > 1]
    parts = [(each.account_id, part.start, part.end) for each in cut for part in each.parts]
    in_parts = read_parts(rows, parts, until)
    statements = []
    for account_id, of_account in periods.items():
        used: list[UsedPeriod] = []
        for period in of_account:
            total = totals.pop((account_id, period.start, period.end), [])
            usage = {period.start: total}
            if len(period.parts) > 1:
                usage = {
                    part.start: _known(total, in_parts.get((account_id, part.start), []))
                    for part in period.parts
                }
            used.append((period, Usage(total, usage)))
        statements += _price_again(agreed, used, draws, waits)
    return [
        *statements,
        *(
            Statement(name, None, [], "usage in a period that terms and contract lack")
            for name in sorted(totals)
            if name not in waits
        ),
    ]


def _known(total: list[Used], pieces: list[Used]) -> list[Used]:
    """Return pieces of usage, those of further dimensions under the one that gathers them."""
    known: dict[str, set[str]] = {}
    for each in total:
        known.setdefault(each.meter_id, set()).add(each.dimensions)
    found = []
    for each in pieces:
        of_meter = known.get(each.meter_id, set())
        gathered = [name for name in sorted(of_meter) if "__overflow__" in name]
        is_further = each.dimensions not in of_meter and gathered
        found.append(each._replace(dimensions=gathered[0]) if is_further else each)
    return found


def _price_again(
    agreed: Agreements, used: list[UsedPeriod], draws: Draws, waits: Collection[PeriodName]
) -> list[Statement]:
    """Price an account; where a period gives credit back, again, as others may draw it."""
    if not used:
        return []
    account_id = used[0][0].account_id
    grants = [each for each in agreed.grants if each["account_id"] == account_id]
    names = {each["grant_id"] for each in grants}
    before = {name: minor for name, minor in draws.items() if name[0] in names}
    found = _price_account(agreed, used, grants, draws, waits)
    kept = {name: min(minor, draws.get(name, 0)) for name, minor in before.items()}
    if kept != before:
        for name in [each for each in draws if each[0] in names]:
            del draws[name]
        draws |= kept
        found = _price_account(agreed, used, grants, draws, waits)
    why = next((each.not_recomputed for each in found if each.not_recomputed), "")
    if grants and why:
        # What one period has drawn, another has not.
        why = f"credit of an account with: {why}"
        return [Statement(each.name, each.period, [], each.not_recomputed or why) for each in found]
    return found


def _price_account(
    agreed: Agreements,
    used: list[UsedPeriod],
    grants: list[Item],
    draws: Draws,
    waits: Collection[PeriodName],
) -> list[Statement]:
    fees, statements = agreed.one_off_fees, []
    for period, usage in used:
        own = [each for each in fees if each["account_id"] == period.account_id]
        due = [each for each in own if each["at"] < period.end]
        fees = [each for each in own if each not in due]
        name = (period.account_id, period.start, period.end)
        if name in waits:
            continue
        try:
            _check(period, usage, [*due, *grants])
            lines = price_period(agreed, period, usage, due, draws)
            statements.append(Statement(name, period, lines))
        except NotRecomputedError as error:
            statements.append(Statement(name, period, [], str(error)))
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
        usage: In all and in its parts.
        fees: Due once, in this period or before it, where no period was.
        draws: On credit, of all periods until now; then this period's are new.

    Raises:
        NotRecomputedError: It lies outside of what is recomputed.
    """
    lines = recurring_lines(period)
    if period.is_closed:
        lines += usage_lines(period, usage, _rates(agreed, period))
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


def _rates(agreed: Agreements, period: ChargedPeriod) -> dict[str, Fraction]:
    """Return the rates of the period's last day in its zone."""
    last = (period.end - timedelta(microseconds=1)).astimezone(ZoneInfo(period.timezone))
    currency = period.last.contract["currency"]
    found = {
        base: rate
        for (day, base, quote), rate in agreed.fx_rates.items()
        if (day, quote) == (last.date().isoformat(), currency)
    }
    return {**found, currency: Fraction(1)}


def _check(period: ChargedPeriod, usage: Usage, beside: list[Item]) -> None:
    """Refuse what is not recomputed."""
    if not period.parts:
        raise NotRecomputedError("no contract or no rate card")
    for item in [each for part in period.parts for each in (part.card, part.contract)] + beside:
        if item["unknown"]:
            raise NotRecomputedError(item["unknown"][0])
    for why in _problems(period, usage) if period.is_closed else ():
        raise NotRecomputedError(why)


def _problems(period: ChargedPeriod, usage: Usage) -> Iterator[str]:
    """Yield where windows of parts do not add up to the period, and meters without a price."""
    free = set.intersection(*(set(each.card.get("free_meters", [])) for each in period.parts))
    priced = {price["meter_id"] for part in period.parts for price in part.card["prices"]}
    for used in usage.total:
        if used.meter_id not in free | priced:
            yield f"{used.meter_id} has no price"
        elif used.has_more and used.aggregation not in SUMMED:
            yield f"usage brought back of {used.meter_id}, a {used.aggregation}"
        elif used.meter_id in priced and used.aggregation in CUT:
            pieces = [
                each
                for of_part in usage.in_parts.values()
                for each in of_part
                if each[:2] == used[:2]
            ]
            found = sum(each.quantity for each in pieces), sum(each.events for each in pieces)
            if found != (used.quantity, used.events):
                yield f"windows of {used.meter_id} that do not add up to the period"
