"""Finds the time whose windows a run may have to read: most runs need none."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter

from jobs.pricing.account_inputs import Agreements
from schemas.priced_usage import UsedMeter
from udfs.assembling import is_by_value
from udfs.segmenting import Cards


def window_span(
    agreements: Agreements, cards: Cards, used: Iterable[UsedMeter]
) -> tuple[int, int] | None:
    """Return the instants between which windows may be priced; None: none are.

    Windows are read of a period in which another version of a contract or card may begin to hold,
    and of meters whose price looks at each value (`udfs.assembling.needs_detail`).

    Args:
        agreements: With all accounts.
        cards: All rate cards.
        used: What accounts used, ordered by account.
    """
    by_value = {
        price.meter_id
        for versions in cards.values()
        for card in versions
        for price in card.prices
        if is_by_value(price)
    }
    starts_us, ends_us = [], []
    for account_id, meters in groupby(used, key=attrgetter("account_id")):
        cuts = sorted(set(_cuts(agreements, cards, account_id)))
        for each in meters:
            after = bisect_right(cuts, each.start_us)
            is_cut = after < len(cuts) and cuts[after] < each.end_us
            if is_cut or each.meter_id in by_value:
                starts_us.append(each.start_us)
                ends_us.append(each.end_us)
    return (min(starts_us), max(ends_us)) if starts_us else None


def _cuts(agreements: Agreements, cards: Cards, account_id: str) -> Iterator[int]:
    """Yield the instants at which other prices may begin to hold for an account."""
    plans = {each.plan for each in agreements.terms.get(account_id, ())}
    for contract in agreements.contracts.get(account_id, ()):
        yield contract.effective_from_us
        if contract.trial_until_us is not None:
            yield contract.trial_until_us
        for card_id in {contract.card_id} if contract.card_id else plans:
            for card in cards.get((card_id, contract.currency), ()):
                yield card.effective_from_us
