"""Prices every account again, some at a time, and holds its charges against what comes out."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Any

import duckdb

from audit.prices.agreements import Agreements
from audit.prices.charges import Comparison, compare_charges
from audit.prices.prices import Draws
from audit.prices.statements import PeriodName, Statement, price_accounts
from audit.prices.waiting import Waiting, WaitingPeriod

_ACCOUNTS = """
    SELECT DISTINCT account_id FROM (
        SELECT account_id FROM closed_usage UNION ALL SELECT account_id FROM usage_corrections
        UNION ALL SELECT account_id FROM brought_back_usage UNION ALL SELECT account_id FROM charges
    ) ORDER BY ALL
"""
_CHARGES = "SELECT * FROM charges WHERE account_id BETWEEN ? AND ? ORDER BY ALL"
_SPAN = """
    SELECT min(period_start), max(period_end) FROM (
        SELECT period_start, period_end FROM closed_usage
        UNION SELECT period_start, period_end FROM usage_corrections
        UNION SELECT period_start, period_end FROM brought_back_usage
    ) WHERE EXISTS (
        FROM (SELECT unnest($changes::TIMESTAMPTZ[]) AS change)
        WHERE change > period_start AND change < period_end
    )
"""
_MORE = "SELECT DISTINCT account_id, period_start, period_end FROM brought_back_usage"
_MOST = 500
_NO_CARDS = "prices of an earlier run, which are not kept, and credit"
_MANY_RUNS = "usage brought back and credit"
_NOT_KEPT = "prices of an earlier run, which are not kept, and a freeze"
_BROUGHT_BACK = "usage brought back and a freeze"


def recompute(
    rows: duckdb.DuckDBPyConnection,
    waiting: Waiting,
    say: Callable[[int, int], None] = lambda done, of: None,
) -> Comparison:
    """Compare all charges with what usage and agreements come to as of the last run.

    Of accounts with credit every run is priced again, in their order, as what one has drawn stays
    drawn for the next. A period that the last run has left out, as a freeze stood, is priced as of
    the last one that has not.

    Args:
        rows: Has the tables of usage, running usage where `window_span` asks for it, and charges.
        waiting: The runs that have charged, at least one, and what they have left out.
        say: Is told how many accounts are done, of how many.
    """
    last = waiting.runs[-1]
    agreed = last.agreed()
    assert agreed is not None
    waits = {(each.account_id, each.start, each.end) for each in waiting.periods}
    found = {name for (name,) in rows.execute(_ACCOUNTS).fetchall()}
    names = sorted(found | agreed.contracts.keys())
    granted = {grant["account_id"] for grant in agreed.grants}
    brought_back = rows.execute("SELECT DISTINCT account_id FROM brought_back_usage").fetchall()
    more = {name for (name,) in brought_back}
    compared = Comparison()
    for some in _ranges(names):
        plain = [name for name in some if name not in granted]
        statements = price_accounts(agreed, rows, last.until, {}, plain, waits)
        statements += _price_left_out(rows, waiting, plain)
        with_credit = [name for name in some if name in granted]
        statements += _price_runs(rows, waiting, with_credit, more)
        compared.add(compare_charges(statements, _charges(rows, some)))
        say(names.index(some[-1]) + 1, len(names))
    return compared


def _price_left_out(
    rows: duckdb.DuckDBPyConnection, waiting: Waiting, account_ids: Collection[str]
) -> list[Statement]:
    """Return the statements of periods that wait, as the last run that took them has made them.

    What was brought back since then is not known; a period that never was priced has none.
    """
    left = [each for each in waiting.periods if each.account_id in account_ids and each.place >= 0]
    statements = [Statement(_name(each), None, [], _NOT_KEPT) for each in left if not each.is_told]
    changed = set(rows.execute(_MORE).fetchall()) if left else set()
    for place in sorted({each.place for each in left if each.is_told}):
        run = waiting.runs[place]
        agreed = run.agreed()
        assert agreed is not None
        names = {_name(each) for each in left if each.is_told and each.place == place}
        owners = {name for name, _, _ in names}
        statements += [
            Statement(each.name, each.period, [], _BROUGHT_BACK) if each.name in changed else each
            for each in price_accounts(agreed, rows, run.until, {}, owners)
            if each.name in names
        ]
    return statements


def _name(period: WaitingPeriod) -> PeriodName:
    return (period.account_id, period.start, period.end)


def _price_runs(
    rows: duckdb.DuckDBPyConnection, waiting: Waiting, account_ids: list[str], more: set[str]
) -> list[Statement]:
    """Return the statements of accounts with credit as of the last run."""
    draws, stood = Draws(), dict[PeriodName, Statement]()
    why = ""
    for place, run in enumerate(waiting.runs if account_ids else ()):
        agreed = run.agreed()
        if agreed is None:
            why = _NO_CARDS
            continue
        waits = {(name, *span) for name in account_ids for span in waiting.at(place, name)}
        made = price_accounts(agreed, rows, run.until, draws, account_ids, waits)
        stood = {name: each for name, each in stood.items() if name in waits}
        stood |= {each.name: each for each in made}
    for each in waiting.periods if why else ():
        # A run that is not known may have made it.
        if each.account_id in account_ids:
            stood.setdefault(_name(each), Statement(_name(each), None, [], why))
    unsure = {name for name in account_ids if why or (name in more and len(waiting.runs) > 1)}
    return [
        Statement(each.name, each.period, [], each.not_recomputed or why or _MANY_RUNS)
        if each.name[0] in unsure
        else each
        for each in stood.values()
    ]


def _ranges(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), _MOST):
        yield names[start : start + _MOST]


def _charges(rows: duckdb.DuckDBPyConnection, names: list[str]) -> list[dict[str, Any]]:
    found = rows.execute(_CHARGES, [names[0], names[-1]])
    columns = [each[0] for each in found.description]
    return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


def window_span(
    rows: duckdb.DuckDBPyConnection, agreed: Agreements
) -> tuple[datetime, datetime] | None:
    """Return the time of which running usage has to be read; None: of none.

    That is all periods with usage in which a price, a contract or a trial changes.

    Args:
        rows: Has the tables of usage.
        agreed: As of the last run.
    """
    changes = {card["effective_from"] for cards in agreed.cards.values() for card in cards}
    for contracts in agreed.contracts.values():
        changes |= {each["effective_from"] for each in contracts}
        changes |= {each["trial_until"] for each in contracts if "trial_until" in each}
    ((since, until),) = rows.execute(_SPAN, {"changes": sorted(changes)}).fetchall()
    return None if since is None else (since, until)
