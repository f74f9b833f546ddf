"""What a dry run prices by: loaded prices, with rate cards that are tried in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from schemas.instant import to_text
from schemas.price_lists import PriceLists, identity_of
from schemas.price_model import Dynamic
from schemas.price_problem import PriceConflict
from schemas.rate_card import RateCard
from schemas.terms import Terms


def try_cards(known: PriceLists, tried: PriceLists) -> PriceLists:
    """Return prices in which cards of a file take the place of what would hold from then on.

    Versions of the same card and currency that take effect at or after the first one of the file
    are left out; earlier ones stay. A rate of exchange takes the place of that of its day and pair.

    Args:
        known: What is loaded.
        tried: Rate cards and rates of exchange of the file.
    """
    since_us: dict[tuple[str, str], int] = {}
    for card in tried.rate_cards:
        first_us = since_us.get(_name(card), card.effective_from_us)
        since_us[_name(card)] = min(first_us, card.effective_from_us)
    kept = [
        card
        for card in known.rate_cards
        if card.effective_from_us < since_us.get(_name(card), card.effective_from_us + 1)
    ]
    given = {identity_of(rate) for rate in tried.fx_rates}
    rates = [rate for rate in known.fx_rates if identity_of(rate) not in given]
    return replace(
        known,
        rate_cards=(*kept, *tried.rate_cards),
        fx_rates=(*rates, *tried.fx_rates),
    )


def uncharged_cards(known: PriceLists, tried: PriceLists) -> tuple[RateCard, ...]:
    """Return the cards by which nothing can have been charged, whatever versions they have.

    They are those of a file with content that is not loaded; and, where rates of exchange are
    tried, all cards that ask for one.
    """
    new = [card for card in tried.rate_cards if card not in known.rate_cards]
    if set(tried.fx_rates) <= set(known.fx_rates):
        return tuple(new)
    return (*new, *(card for card in known.rate_cards if card not in new and _asks_rates(card)))


def check_tried(
    known: PriceLists,
    tried: PriceLists,
    terms: Mapping[str, Sequence[Terms]],
    until_us: int,
) -> PriceConflict | None:
    """Return why a file cannot be tried, or would price nothing; None: it can.

    Args:
        known: What is loaded: contracts, and versions that hold before those of the file.
        tried: Rate cards and rates of exchange of the file.
        terms: Of each account; their plans name cards.
        until_us: Up to which usage is priced.
    """
    if not tried.rate_cards and not tried.fx_rates:
        return PriceConflict("the file", "rate cards or rates of exchange", "none")
    used: dict[str, set[str]] = {}
    for contract in known.contracts:
        plans = {each.plan for each in terms.get(contract.account_id, ()) if each.plan}
        for card_id in {contract.card_id} if contract.card_id else plans:
            used.setdefault(card_id, set()).add(contract.currency)
    for card in tried.rate_cards:
        versions = [each for each in tried.rate_cards if _name(each) == _name(card)]
        first = min(versions, key=lambda each: each.effective_from_us)
        problem = _check_use(first, used, until_us) or _check_version(first, known)
        if problem is not None:
            return problem
    return None


def _check_use(card: RateCard, used: Mapping[str, set[str]], until_us: int) -> PriceConflict | None:
    what = f"rate card {card.card_id} in {card.currency}"
    currencies = used.get(card.card_id, set())
    if not currencies:
        names = ", ".join(sorted(used)) or "none"
        return PriceConflict(what, f"a card that a contract or plan names: {names}", "another")
    if card.currency not in currencies:
        expected = f"a currency in which its accounts pay: {', '.join(sorted(currencies))}"
        return PriceConflict(what, expected, card.currency)
    if card.effective_from_us >= until_us:
        expected = f"effective_from before {to_text(until_us)}, up to which usage is priced"
        return PriceConflict(what, expected, to_text(card.effective_from_us))
    return None


def _check_version(card: RateCard, known: PriceLists) -> PriceConflict | None:
    """Refuse a version that one that stays has, or has passed: no two may be known by one name."""
    kept = [
        each.version
        for each in known.rate_cards
        if _name(each) == _name(card) and each.effective_from_us < card.effective_from_us
    ]
    if not kept or card.version > max(kept):
        return None
    what = f"rate card {card.card_id} in {card.currency}"
    expected = f"a version above {max(kept)}, which holds before it"
    return PriceConflict(what, expected, str(card.version))


def _name(card: RateCard) -> tuple[str, str]:
    return card.card_id, card.currency


def _asks_rates(card: RateCard) -> bool:
    return any(
        isinstance(price.model, Dynamic) and price.model.currency is not None
        for price in card.prices
    )
