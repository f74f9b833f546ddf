"""What a freeze names, what waits by it, and which decisions are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.contract import CreditGrant
from schemas.freeze import FreezeDecision, FreezeRefusal, FreezeScope, RefusedFreeze
from tests.udfs.charged_accounts import (
    APRIL,
    CARD,
    FEBRUARY,
    JANUARY,
    MARCH,
    START,
    D,
    account,
    rules,
    sums,
    used,
)
from udfs.charging_accounts import PricingRules, charge_account, waiting
from udfs.freezing import begin_freeze, lift_freeze, standing

SPANS = ((JANUARY, FEBRUARY), (FEBRUARY, MARCH), (MARCH, APRIL))
PREPAID = CreditGrant("prepaid", "acme", "USD", D(40), START, None)


@pytest.mark.parametrize(
    ("scope", "months"),
    [
        (FreezeScope(), [1, 2, 3]),
        (FreezeScope(("acme",)), [1, 2, 3]),
        (FreezeScope(("other",)), []),
        (FreezeScope(until_us=FEBRUARY), [1]),
        (FreezeScope(until_us=FEBRUARY + 1), [1, 2]),
        (FreezeScope(since_us=FEBRUARY), [2, 3]),
        (FreezeScope(since_us=FEBRUARY - 1), [1, 2, 3]),
        (FreezeScope(since_us=FEBRUARY, until_us=MARCH), [2]),
        (FreezeScope(meter_ids=("calls",)), [1, 2, 3]),
        (FreezeScope(meter_ids=("free",)), [1, 2, 3]),
        (FreezeScope(meter_ids=("miles",)), []),
    ],
)
def test_which_periods_wait(scope: FreezeScope, months: list[int]) -> None:
    """Those that the time overlaps, of the accounts, priced by the meters; as wholes."""
    found = waiting(_rules(scope), account(), SPANS)
    assert sorted(found) == [SPANS[month - 1] for month in months]


def test_with_credit_later_periods_wait_too() -> None:
    """They would draw what the frozen one finds when it is its turn."""
    frozen = FreezeScope(since_us=FEBRUARY, until_us=MARCH)
    assert waiting(_rules(frozen), account(grants=(PREPAID,)), SPANS) == set(SPANS[1:])
    nothing = FreezeScope(("other",))
    assert waiting(_rules(nothing), account(grants=(PREPAID,)), SPANS) == set()


def test_a_period_that_nobody_can_price_waits() -> None:
    """Whether it has the meter cannot be told."""
    scope = FreezeScope(meter_ids=("miles",))
    assert waiting(_rules(scope), account(contracts=()), SPANS) == set(SPANS)


def test_what_waits_is_not_charged_and_not_refused() -> None:
    """Neither its fees nor its usage; the rest is as ever. Its terms may be missing."""
    known = account(usage=(used(JANUARY, FEBRUARY, 3), used(FEBRUARY, MARCH, 4)))
    frozen = replace(rules("2026-03-02"), freezes=(FreezeScope(until_us=FEBRUARY),))
    whole = charge_account(replace(frozen, freezes=()), known)
    charges = charge_account(frozen, known)
    assert sums(charges) == {name: each for name, each in sums(whole).items() if name[0] != "01-01"}
    then = replace(known, before=charges)
    assert sums((*charges, *charge_account(rules("2026-03-03"), then))) == sums(whole)
    unknown = replace(known, contracts=())
    all_frozen = replace(frozen, freezes=(FreezeScope(),))
    assert charge_account(all_frozen, unknown) == ()


def test_what_was_charged_is_not_taken_back_while_it_waits() -> None:
    """The account's usage was lost in between: it stays as it is, until it is found."""
    whole = charge_account(rules("2026-02-02"), account(usage=(used(JANUARY, FEBRUARY, 3),)))
    lost = account(before=whole)
    assert charge_account(rules("2026-02-03"), lost)
    assert charge_account(replace(rules("2026-02-03"), freezes=(FreezeScope(),)), lost) == ()


def test_a_freeze_stands_until_it_is_lifted() -> None:
    """It is known by its id, whatever stands beside it."""
    first = _begun(FreezeScope(("b", "a", "a"), ("y", "x")))
    assert (first.scope.account_ids, first.scope.meter_ids) == (("a", "b"), ("x", "y"))
    second = begin_freeze(FreezeScope(), [first], "ada", "outage", 2)
    assert isinstance(second, FreezeDecision)
    assert standing([second, first]) == (first, second)
    lifted = lift_freeze(first.freeze_id, [first, second], "bob", "repaired", 3)
    assert isinstance(lifted, FreezeDecision)
    assert standing([lifted, second, first]) == (second,)
    again = begin_freeze(first.scope, [first, second, lifted], "ada", "outage", 4)
    assert isinstance(again, FreezeDecision)
    assert again.freeze_id != first.freeze_id


def test_decisions_that_are_refused() -> None:
    """Each with its reason and one line."""
    first = _begun(FreezeScope(("a",)))
    lifted = lift_freeze(first.freeze_id, [first], "bob", "repaired", 3)
    assert isinstance(lifted, FreezeDecision)
    refused = {
        FreezeRefusal.FROZEN_BEFORE: begin_freeze(FreezeScope(("a",)), [first], "b", "c", 2),
        FreezeRefusal.EMPTY_SPAN: begin_freeze(FreezeScope((), (), 5, 5), [], "b", "c", 2),
        FreezeRefusal.NO_SUCH_FREEZE: lift_freeze("nothing", [first], "b", "c", 2),
        FreezeRefusal.LIFTED_BEFORE: lift_freeze(first.freeze_id, [first, lifted], "b", "c", 4),
    }
    assert set(refused) == set(FreezeRefusal)
    for reason, found in refused.items():
        assert isinstance(found, RefusedFreeze)
        assert found.reason is reason
        assert "expected" in found.detail
        assert "found" in found.detail


def _begun(scope: FreezeScope) -> FreezeDecision:
    decision = begin_freeze(scope, [], "ada", "outage", 1)
    assert isinstance(decision, FreezeDecision)
    return decision


def _rules(scope: FreezeScope) -> PricingRules:
    card = replace(CARD, free_meters=("free",))
    return rules("2026-04-02", cards=(card,), freezes=(scope,))
