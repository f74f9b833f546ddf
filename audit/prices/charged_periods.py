"""Which billing periods an account pays for, and which terms hold in each part of them."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise

from audit.periods import Period, period_of
from audit.prices.agreements import Agreements, Item
from audit.shapes import OracleTerms

_LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Part:
    """A part of a period in which the same version of card and contract hold, half open."""

    start: datetime
    end: datetime
    card: Item
    contract: Item
    is_trial: bool


@dataclass(frozen=True)
class ChargedPeriod:
    """A billing period that an account pays for.

    Attributes:
        account_id: Who pays.
        start: First instant.
        end: First instant after it.
        timezone: Of its wall clock.
        whole: Start and end of what it is a stub of; else its own.
        parts: In order; none where no contract or no card holds in some of it.
        is_closed: Whether usage of all meters is complete.
    """

    account_id: str
    start: datetime
    end: datetime
    timezone: str
    whole: tuple[datetime, datetime]
    parts: list[Part]
    is_closed: bool

    @property
    def last(self) -> Part:
        """The part that names the versions of what is taken from the whole period."""
        return self.parts[-1]


def charged_periods(agreed: Agreements, account_id: str, until: datetime) -> list[ChargedPeriod]:
    """Return the periods of an account that have begun under its contract, in order."""
    contracts = agreed.contracts[account_id]
    since = contracts[0]["effective_from"]
    found = []
    for period in walk_periods(agreed.terms[account_id], since, until):
        if period.start < since:
            continue
        plan = agreed.plans.get((account_id, period.terms.version))
        whole = _whole(period)
        found.append(
            ChargedPeriod(
                account_id,
                period.start,
                period.end,
                period.terms.timezone,
                (min(whole.start, period.start), max(whole.end, period.end)),
                parts_or_none(agreed, contracts, plan, period),
                is_closed=period.end + agreed.grace <= until,
            )
        )
    return found


def walk_periods(terms: list[OracleTerms], since: datetime, until: datetime) -> Iterator[Period]:
    """Yield the billing periods from that which holds one instant until before another."""
    moment = max(since, terms[0].effective_from)
    while moment < until:
        period = period_of(terms, moment)
        assert period is not None, f"no period at {moment}"
        if not period.why_not:
            yield period
        moment = period.end


def parts_of(
    agreed: Agreements, contracts: list[Item], plan: str | None, period: Period
) -> Iterator[Part]:
    """Yield a part from each instant on from which a card, a contract or no trial holds."""
    changes = {period.start, period.end}
    for contract in contracts:
        name = (contract.get("card_id", plan or ""), contract["currency"])
        changes |= {contract["effective_from"], contract.get("trial_until", period.start)}
        changes |= {card["effective_from"] for card in agreed.cards.get(name, [])}
    for start, end in pairwise(
        sorted(each for each in changes if period.start <= each <= period.end)
    ):
        contract = [each for each in contracts if each["effective_from"] <= start][-1]
        cards = agreed.cards[contract.get("card_id", plan or ""), contract["currency"]]
        card = [each for each in cards if each["effective_from"] <= start][-1]
        is_trial = "trial_until" in contract and start < contract["trial_until"]
        yield Part(start, end, card, contract, is_trial)


def parts_or_none(
    agreed: Agreements, contracts: list[Item], plan: str | None, period: Period
) -> list[Part]:
    """Return the parts of a period; none where no contract or no card holds in some of it."""
    try:
        return list(parts_of(agreed, contracts, plan, period))
    except LookupError:
        return []


def join_parts(
    parts: list[Part], alike: Callable[[Part], Hashable]
) -> Iterator[tuple[Part, list[Part]]]:
    """Yield neighbours that are alike as one part, with what the last of them names, and them."""
    for _, members in groupby(parts, key=alike):
        joined = list(members)
        yield replace(joined[-1], start=joined[0].start), joined


def _whole(period: Period) -> Period:
    """Return the period as it would be had its terms always held and never ended."""
    endless = replace(period.terms, effective_from=_LONG_AGO, until=None)
    whole = period_of([endless], period.end - timedelta(microseconds=1))
    assert whole is not None
    return whole
