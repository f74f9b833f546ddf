"""Prices every account again, some at a time, and holds its charges against what comes out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from audit.prices.agreements import Agreements
from audit.prices.charges import Comparison, compare_charges
from audit.prices.prices import Draws
from audit.prices.statements import Statement, price_accounts

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
_MOST = 500
_NO_CARDS = "prices of an earlier run, which are not kept, and credit"
_MANY_RUNS = "usage brought back and credit"


@dataclass(frozen=True)
class PricedRun:
    """A run of pricing, as far as it decides what later ones find.

    Attributes:
        until: Log time up to which it priced.
        agreed: Returns what was agreed by then; None: that is not kept.
    """

    until: datetime
    agreed: Callable[[], Agreements | None]


def recompute(
    rows: duckdb.DuckDBPyConnection,
    runs: Sequence[PricedRun],
    say: Callable[[int, int], None] = lambda done, of: None,
) -> Comparison:
    """Compare all charges with what usage and agreements come to as of the last run.

    Of accounts with credit every run is priced again, in their order, as what one has drawn stays
    drawn for the next.

    Args:
        rows: Has the tables of usage, running usage where `window_span` asks for it, and charges.
        runs: Those that have charged, the oldest first; at least one.
        say: Is told how many accounts are done, of how many.
    """
    agreed = runs[-1].agreed()
    assert agreed is not None
    found = {name for (name,) in rows.execute(_ACCOUNTS).fetchall()}
    names = sorted(found | agreed.contracts.keys())
    granted = {grant["account_id"] for grant in agreed.grants}
    brought_back = rows.execute("SELECT DISTINCT account_id FROM brought_back_usage").fetchall()
    more = {name for (name,) in brought_back}
    compared = Comparison()
    for some in _ranges(names):
        plain = [name for name in some if name not in granted]
        statements = price_accounts(agreed, rows, runs[-1].until, {}, plain)
        with_credit = [name for name in some if name in granted]
        statements += _price_runs(rows, runs, with_credit, more)
        compared.add(compare_charges(statements, _charges(rows, some)))
        say(names.index(some[-1]) + 1, len(names))
    return compared


def _price_runs(
    rows: duckdb.DuckDBPyConnection,
    runs: Sequence[PricedRun],
    account_ids: list[str],
    more: set[str],
) -> list[Statement]:
    """Return the statements of accounts with credit as of the last run."""
    draws, statements = Draws(), list[Statement]()
    why = ""
    for run in runs if account_ids else ():
        agreed = run.agreed()
        if agreed is None:
            why = _NO_CARDS
            continue
        statements = price_accounts(agreed, rows, run.until, draws, account_ids)
    unsure = {name for name in account_ids if why or (name in more and len(runs) > 1)}
    return [
        Statement(each.name, each.period, [], each.not_recomputed or why or _MANY_RUNS)
        if each.name[0] in unsure
        else each
        for each in statements
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
