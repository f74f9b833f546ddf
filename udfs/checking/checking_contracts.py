"""Checks of one version of a contract, of credit grants and of one-off fees."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.contract import Contract, CreditGrant, Discount, OneOffFee
from schemas.instant import to_text
from schemas.price_problem import PriceProblem
from schemas.rate_card import RateCard
from udfs.checking.limits import (
    Problems,
    Steps,
    check_above_zero,
    check_currency,
    check_id,
    check_least,
    check_once,
    check_product,
    check_share,
    check_version,
    check_whole_minor,
)


def check_contract(contract: Contract, cards: Sequence[RateCard]) -> Problems:
    """Check one version of a contract.

    Args:
        contract: The version.
        cards: All that are known, of any id and currency.
    """
    yield from check_version(contract.version, ("version",))
    yield from check_currency(contract.currency, ("currency",))
    yield from _check_card(contract, cards)
    for place, discount in enumerate(contract.discounts):
        yield from _check_discount(discount, ("discounts", place))
    yield from check_once(
        [each.discount_id for each in contract.discounts],
        [("discounts", place, "discount_id") for place in range(len(contract.discounts))],
    )
    yield from check_above_zero(contract.commitment, ("commitment",))
    yield from check_product(contract.commitment_product, ("commitment_product",))
    until, effective_from = contract.trial_until_us, contract.effective_from_us
    if until is not None and until <= effective_from:
        expected = f"later than {to_text(effective_from)}"
        yield PriceProblem(("trial_until",), expected, to_text(until))
    yield from check_least(contract.payment_days, 0, ("payment_days",))


def _check_card(contract: Contract, cards: Sequence[RateCard]) -> Problems:
    """Check the card and the fees per seat; without a card, the plan's may be any."""
    named = [card for card in cards if contract.card_id in (None, card.card_id)]
    if not named:
        known = ", ".join(dict.fromkeys(card.card_id for card in cards)) or "none"
        yield PriceProblem(("card_id",), f"a rate card ({known})", repr(contract.card_id))
        return
    found = [card for card in named if card.currency == contract.currency]
    if not found:
        known = ", ".join(dict.fromkeys(card.currency for card in named))
        expected = f"a currency of the rate card ({known})"
        yield PriceProblem(("currency",), expected, repr(contract.currency))
        return
    per_seat = {fee.fee_id: None for card in found for fee in card.fees if fee.per_seat}
    for fee_id, count in contract.seats:
        yield from check_least(count, 0, ("seats", fee_id))
        if fee_id not in per_seat:
            expected = f"a fee per seat of the rate card ({', '.join(per_seat) or 'none'})"
            yield PriceProblem(("seats", fee_id), expected, repr(fee_id))


def _check_discount(discount: Discount, steps: Steps) -> Problems:
    yield from check_id(discount.discount_id, (*steps, "discount_id"))
    if (discount.rate is None) == (discount.amount is None):
        found = "neither" if discount.rate is None else "both"
        yield PriceProblem((*steps, "rate"), "either a rate or an amount", found)
    yield from check_share(discount.rate, (*steps, "rate"))
    yield from check_above_zero(discount.amount, (*steps, "amount"))
    for place, product in enumerate(discount.products):
        yield from check_product(product, (*steps, "products", place))
    yield from check_once(discount.products, [(*steps, "products")] * len(discount.products))
    yield from check_least(discount.periods, 1, (*steps, "periods"))


def check_grant(grant: CreditGrant, contracts: Sequence[Contract]) -> Problems:
    """Check a grant; `contracts` are all that are known."""
    yield from check_id(grant.grant_id, ("grant_id",))
    yield from _check_account(grant, contracts)
    yield from check_above_zero(grant.amount, ("amount",))
    yield from check_whole_minor(grant.amount, grant.currency, ("amount",))
    if grant.expires_us is not None and grant.expires_us <= grant.granted_us:
        expected = f"later than {to_text(grant.granted_us)}"
        yield PriceProblem(("expires",), expected, to_text(grant.expires_us))


def check_one_off_fee(fee: OneOffFee, contracts: Sequence[Contract]) -> Problems:
    """Check a fee that is due once; `contracts` are all that are known."""
    yield from check_id(fee.fee_id, ("fee_id",))
    yield from _check_account(fee, contracts)
    yield from check_product(fee.product, ("product",))
    if not fee.amount:
        yield PriceProblem(("amount",), "an amount that is not 0", "0")
    yield from check_whole_minor(fee.amount, fee.currency, ("amount",))


def _check_account(shape: CreditGrant | OneOffFee, contracts: Sequence[Contract]) -> Problems:
    """Check that the account has a contract, and pays in this currency."""
    currencies = [each.currency for each in contracts if each.account_id == shape.account_id]
    if not currencies:
        yield PriceProblem(("account_id",), "an account with a contract", repr(shape.account_id))
    elif shape.currency not in currencies:
        expected = f"the currency of the account's contract ({currencies[0]})"
        yield PriceProblem(("currency",), expected, repr(shape.currency))
