"""Which billing periods a freeze of billing kept from being charged, run by run.

The second opinion's own reading of docs/repairing.md: a period waits as a whole, and with credit
all later ones do, too.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from audit.prices.agreements import Agreements, Item
from audit.prices.charged_periods import walk_periods
from audit.prices.covering import parts_between

Span = tuple[datetime, datetime]
"""First instant of a period, and first instant after it."""

# A run looks at periods with usage by then, and at those that were charged before.
_SPANS = """
    SELECT account_id, period_start, period_end, min(known) FROM (
        SELECT account_id, period_start, period_end, cut AS known FROM closed_usage
        UNION ALL
        SELECT account_id, period_start, period_end, correction_end FROM usage_corrections
        UNION ALL
        SELECT account_id, period_start, period_end, make_timestamptz(0) FROM brought_back_usage
        UNION ALL
        SELECT account_id, period_start, period_end, make_timestamptz(0) FROM charges
    ) GROUP BY ALL ORDER BY ALL
"""


@dataclass(frozen=True)
class PricedRun:
    """A run of pricing, as far as it decides what later ones find.

    Attributes:
        run_id: The run.
        until: Log time up to which it priced.
        agreed: Returns what was agreed and frozen by then; None: that is not kept.
    """

    run_id: str
    until: datetime
    agreed: Callable[[], Agreements | None]


@dataclass(frozen=True)
class WaitingPeriod:
    """A billing period that the last run has left out.

    Attributes:
        account_id: Whose.
        start: First instant.
        end: First instant after it.
        place: Of the last run that has not left it out, counted from 0; -1: there is none.
        is_told: Whether that is known; if not, what the run at that place has read is not kept.
    """

    account_id: str
    start: datetime
    end: datetime
    place: int
    is_told: bool = True


def waiting_spans(agreed: Agreements, account_id: str, spans: Collection[Span]) -> set[Span]:
    """Return those of an account's periods that wait.

    Args:
        agreed: With the freezes that stand.
        account_id: Whose periods.
        spans: All of them.
    """
    has_credit = any(grant["account_id"] == account_id for grant in agreed.grants)
    found: set[Span] = set()
    for span in sorted(spans):
        is_behind = bool(found) and has_credit
        if is_behind or any(_is_named(agreed, account_id, span, each) for each in agreed.freezes):
            found.add(span)
    return found


def _is_named(agreed: Agreements, account_id: str, span: Span, freeze: Item) -> bool:
    start, end = span
    if freeze["account_ids"] and account_id not in freeze["account_ids"]:
        return False
    if freeze["since"] is not None and end <= freeze["since"]:
        return False
    if freeze["until"] is not None and start >= freeze["until"]:
        return False
    if not freeze["meter_ids"]:
        return True
    parts = parts_between(agreed, account_id, start, end)
    on_cards = {price["meter_id"] for part in parts for price in part.card["prices"]}
    on_cards |= {name for part in parts for name in part.card.get("free_meters", [])}
    return not parts or bool(on_cards & freeze["meter_ids"])


class Waiting:
    """What each run of pricing has left out.

    Attributes:
        runs: The oldest first; the last one is that which is looked at.
        periods: That the last one has left out, by account and time.
    """

    def __init__(self, rows: duckdb.DuckDBPyConnection, runs: Sequence[PricedRun]) -> None:
        """Look at the freezes of the last run, and since when they have kept what from it.

        Args:
            rows: Has the tables of usage but for running usage, and charges.
            runs: Those that have charged, the oldest first.
        """
        self.runs = tuple(runs)
        self._rows = rows
        self._known: dict[str, dict[Span, datetime]] | None = None
        self.periods: tuple[WaitingPeriod, ...] = ()
        agreed = runs[-1].agreed() if runs else None
        if agreed is not None and agreed.freezes:
            names = {name for each in agreed.freezes for name in each["account_ids"]}
            if not all(each["account_ids"] for each in agreed.freezes):
                names = self._spans().keys() | agreed.contracts.keys()
            self.periods = tuple(each for name in sorted(names) for each in self._find(name))

    def at(self, place: int, account_id: str) -> set[Span]:
        """Return the periods of an account that a run has left out; what it read is kept."""
        return self._among(place, account_id, set())

    def _among(self, place: int, account_id: str, more: Collection[Span]) -> set[Span]:
        """Return the same, of some more periods, too."""
        run = self.runs[place]
        agreed = run.agreed()
        assert agreed is not None
        if not agreed.freezes:
            return set()
        known = self._spans().get(account_id, {})
        spans = {span for span, since in known.items() if since <= run.until}
        spans |= _begun(agreed, account_id, run.until)
        return waiting_spans(agreed, account_id, spans.union(more))

    def _find(self, account_id: str) -> list[WaitingPeriod]:
        """Return the periods of an account that the last run has left out, and since which run."""
        place = len(self.runs) - 1
        left = self.at(place, account_id)
        found = []
        while left and place > 0:
            place -= 1
            if self.runs[place].agreed() is None:
                found += [WaitingPeriod(account_id, *span, place, is_told=False) for span in left]
                left = set()
                break
            still = self._among(place, account_id, left) & left
            found += [WaitingPeriod(account_id, *span, place) for span in left - still]
            left = still
        found += [WaitingPeriod(account_id, *span, -1) for span in left]
        return sorted(found, key=lambda each: (each.start, each.end))

    def _spans(self) -> dict[str, dict[Span, datetime]]:
        """Return all periods with usage or charges by account, and since when they are known."""
        if self._known is None:
            self._known = {}
            for account_id, start, end, known in self._rows.execute(_SPANS).fetchall():
                self._known.setdefault(account_id, {})[start, end] = known
        return self._known


def _begun(agreed: Agreements, account_id: str, until: datetime) -> set[Span]:
    """Return the periods that have begun under a contract."""
    contracts = agreed.contracts.get(account_id, [])
    terms = agreed.terms.get(account_id, [])
    if not contracts or not terms:
        return set()
    since = contracts[0]["effective_from"]
    begun = walk_periods(terms, since, until)
    return {(each.start, each.end) for each in begun if each.start >= since}
