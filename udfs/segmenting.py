"""Cuts a billing period where another version of its contract or rate card begins to hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from schemas.contract import Contract
from schemas.instant import to_text
from schemas.rate_card import RateCard
from schemas.statement import Segment

Cards = Mapping[tuple[str, str], Sequence[RateCard]]
"""Versions of rate cards, by card and currency, ordered by `effective_from_us`."""


class UnknownTermsError(Exception):
    """A period has no contract or no rate card; one line with what, where, expected and found."""


def segment_period(
    account_id: str,
    start_us: int,
    end_us: int,
    contracts: Sequence[Contract],
    cards: Cards,
    plan: str | None,
) -> tuple[Segment, ...]:
    """Return the parts of a period, in order, without gap or overlap.

    A part begins where another version of the contract, or of the card that it names, begins to
    hold, and where a trial ends.

    Args:
        account_id: Whose period it is, for errors.
        start_us: First instant of the period.
        end_us: First instant after it.
        contracts: The account's, ordered by `effective_from_us`.
        cards: All rate cards.
        plan: Rate card of contracts that name none: the plan of the account's terms.

    Raises:
        UnknownTermsError: Nothing holds at the start of a part.
    """
    instants = {each.effective_from_us for each in contracts}
    instants |= {each.trial_until_us for each in contracts if each.trial_until_us is not None}
    for contract in contracts:
        versions = cards.get((contract.card_id or plan or "", contract.currency), ())
        instants |= {each.effective_from_us for each in versions}
    cuts = [start_us, *sorted(each for each in instants if start_us < each < end_us), end_us]
    found: list[Segment] = []
    for since_us, until_us in pairwise(cuts):
        segment = _segment(account_id, since_us, until_us, contracts, cards, plan)
        if found and _is_alike(found[-1], segment):
            last = found.pop()
            segment = Segment(
                last.start_us, until_us, segment.card, segment.contract, segment.is_trial
            )
        found.append(segment)
    return tuple(found)


def _segment(
    account_id: str,
    since_us: int,
    until_us: int,
    contracts: Sequence[Contract],
    cards: Cards,
    plan: str | None,
) -> Segment:
    where = f"account {account_id}, from {to_text(since_us)}"
    held = [each for each in contracts if each.effective_from_us <= since_us]
    if not held:
        first = to_text(contracts[0].effective_from_us) if contracts else "none at all"
        raise UnknownTermsError(f"contract, {where}: expected one that holds, found {first}")
    contract = held[-1]
    card_id = contract.card_id or plan
    if card_id is None:
        raise UnknownTermsError(
            f"contract, {where}: expected a rate card, found none in version {contract.version}"
        )
    versions = cards.get((card_id, contract.currency), ())
    valid = [each for each in versions if each.effective_from_us <= since_us]
    if not valid:
        name = f"{card_id} in {contract.currency}"
        first = to_text(versions[0].effective_from_us) if versions else "none at all"
        raise UnknownTermsError(
            f"rate card {name}, {where}: expected one that holds, found {first}"
        )
    is_trial = contract.trial_until_us is not None and since_us < contract.trial_until_us
    return Segment(since_us, until_us, valid[-1], contract, is_trial)


def _is_alike(a: Segment, b: Segment) -> bool:
    return (a.card, a.contract, a.is_trial) == (b.card, b.contract, b.is_trial)
