"""Periods in which a price changes, once their windows are rolled up or gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.account_pricing import PeriodUsage
from schemas.aggregation import Aggregation
from schemas.contract import Contract
from schemas.instant import DAY_US
from schemas.price_model import PerUnit
from schemas.rate_card import MeterPrice, RateCard
from tests.udfs.charged_accounts import (
    CARD,
    CONTRACT,
    FEBRUARY,
    JANUARY,
    D,
    account,
    detailed,
    price,
    rules,
    sums,
    used,
)
from udfs.assembling import MissingDetailError
from udfs.charging_accounts import charge_account

TWO_CARDS = (CARD, replace(CARD, version=2, effective_from_us=JANUARY + 15 * DAY_US))
"""Another version from 16 January on."""


def test_what_was_charged_stays_when_its_detail_is_gone() -> None:
    """Windows that were rolled up over a change of price stop no run: nothing has changed."""
    whole = used(JANUARY, FEBRUARY, 8)
    before = price(account(usage=(detailed(whole, 3, 20),)), "2026-02-02", cards=TWO_CARDS)
    assert sums(before)["01-01", "02-01", "calls"] == 1600
    known = account(usage=(whole,), before=before)
    added = charge_account(rules("2026-06-02", cards=TWO_CARDS), known)
    assert {each.line_id for each in added} == {"desk", "support"}
    assert min(each.period_start_us for each in added) == FEBRUARY


@pytest.mark.parametrize(
    ("rows", "cards", "contracts"),
    [
        (("r0", "r1"), TWO_CARDS, (CONTRACT,)),
        (
            ("r0",),
            (*TWO_CARDS, replace(CARD, version=3, effective_from_us=JANUARY + 25 * DAY_US)),
            (CONTRACT,),
        ),
        (
            ("r0",),
            TWO_CARDS,
            (CONTRACT, replace(CONTRACT, version=2, effective_from_us=JANUARY + DAY_US)),
        ),
        (
            ("r0",),
            TWO_CARDS,
            (CONTRACT, replace(CONTRACT, version=2, effective_from_us=JANUARY + 20 * DAY_US)),
        ),
    ],
    ids=["usage", "card", "contract", "contract of the last part"],
)
def test_what_has_changed_needs_its_detail(
    rows: tuple[str, ...], cards: tuple[RateCard, ...], contracts: tuple[Contract, ...]
) -> None:
    """Another row of usage, version of the card or of the contract: it cannot stay as it is."""
    whole = used(JANUARY, FEBRUARY, 8)
    before = price(account(usage=(detailed(whole, 3, 20),)), "2026-02-02", cards=TWO_CARDS)
    changed = PeriodUsage((replace(whole.totals[0], row_ids=rows),))
    known = account(usage=(changed,), before=before, contracts=contracts)
    with pytest.raises(MissingDetailError, match="expected windows of 8 events"):
        charge_account(rules("2026-06-02", cards=cards), known)


def test_a_card_that_is_tried_needs_the_detail() -> None:
    """It may have the version by which was charged: that says nothing of what it asks."""
    whole = used(JANUARY, FEBRUARY, 8)
    before = price(account(usage=(detailed(whole, 3, 20),)), "2026-02-02", cards=TWO_CARDS)
    other = (CARD, replace(TWO_CARDS[1], free_meters=("bytes",)))
    known = account(usage=(whole,), before=before)
    asked = rules("2026-06-02", cards=other)
    assert {each.line_id for each in charge_account(asked, known)} == {"desk", "support"}
    with pytest.raises(MissingDetailError, match="expected windows of 8 events"):
        charge_account(replace(asked, tried=other[1:]), known)


@pytest.mark.parametrize(
    ("row_ids", "is_refused"),
    [
        ({}, False),
        ({"bytes": "new"}, False),
        ({"peak": "new"}, True),
        ({"calls": "new"}, True),
    ],
)
def test_each_meter_that_has_a_price_is_asked_for(
    row_ids: dict[str, str], is_refused: bool
) -> None:
    """Charges name no rows of a free meter, so a new one of these changes nothing."""
    peak = MeterPrice("peak", "peak", "peak", PerUnit(D(1)))
    cards = tuple(
        replace(each, prices=(*CARD.prices, peak), free_meters=("bytes",)) for each in TWO_CARDS
    )
    (calls,) = used(JANUARY, FEBRUARY, 8).totals
    totals = (
        calls,
        *(
            replace(calls, meter_id=name, aggregation=Aggregation.MAX, row_ids=(name,))
            for name in ("peak", "bytes")
        ),
    )
    known = account(usage=(detailed(PeriodUsage(totals), 3, 20),))
    before = price(known, "2026-02-02", cards=cards)
    changed = tuple(
        replace(each, row_ids=(row_ids.get(each.meter_id, each.row_ids[0]),)) for each in totals
    )
    later = account(usage=(PeriodUsage(changed),), before=before)
    asked = rules("2026-02-03", cards=cards)
    if is_refused:
        with pytest.raises(MissingDetailError, match="expected windows of 8 events"):
            charge_account(asked, later)
    else:
        assert charge_account(asked, later) == ()
