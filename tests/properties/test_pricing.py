"""Statements and charges: sums that hold whatever was agreed, used and corrected."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from schemas.charge import Charge
from schemas.statement import Line, LineKey, LineKind, PricedPeriod
from tests.properties.random_prices import (
    DAYS,
    Agreement,
    Event,
    agreements,
    draw_down,
    period_of,
    usage_of_a_period,
)
from udfs.charging import ChargeRun, charge_changes, line_key
from udfs.pricing import price_period
from udfs.rating import sum_parts
from udfs.rounding import to_minor

RUN = ChargeRun("run", 0)


def total(lines: Iterable[Line], *kinds: LineKind) -> int:
    """Return what lines of some kinds come to, or of all."""
    return sum(line.amount_minor for line in lines if not kinds or line.key.kind in kinds)


@given(agreements(), usage_of_a_period, st.booleans())
def test_lines_add_up(agreed: Agreement, events: list[Event], is_closed: bool) -> None:
    """Steps to their line, rounded once, none of one key; discounts take at most what is there."""
    period = replace(period_of(agreed, events), is_closed=is_closed)
    lines = price_period(period)
    for line in lines:
        card = next(each.card for each in period.segments if each.card.version == line.card_version)
        assert sum_parts(line.parts) == line.amount
        assert to_minor(line.amount, "USD", card.rounding) == line.amount_minor
    assert len({line.key for line in lines}) == len(lines)
    for kind in (LineKind.DISCOUNT, LineKind.CREDIT):
        assert all(line.amount_minor < 0 for line in lines if line.key.kind is kind)
    before = [each for each in lines if each.key.kind not in (LineKind.DISCOUNT, LineKind.CREDIT)]
    for product in {line.key.product for line in before}:
        owed = total(line for line in before if line.key.product == product)
        left = total(line for line in lines if line.key.product == product)
        assert min(owed, 0) <= left <= max(owed, 0)


@given(agreements(), usage_of_a_period)
def test_credit_pays_what_is_owed_as_far_as_it_lasts(
    agreed: Agreement, events: list[Event]
) -> None:
    """No grant gives more than it has, and nothing is owed while one has something left."""
    period = period_of(agreed, events)
    lines = price_period(period)
    drawn = drawn_on(charge(period, ()))
    owed = total(lines) - total(lines, LineKind.CREDIT)
    available = {each.grant.grant_id: each.available_minor for each in period.credits}
    assert all(0 < amount <= available[grant_id] for grant_id, amount in drawn.items())
    assert sum(drawn.values()) == min(max(owed, 0), sum(available.values()))


@given(agreements(), usage_of_a_period, st.sets(st.integers(1, DAYS - 1), min_size=1, max_size=5))
def test_a_cut_without_a_change_changes_nothing(
    agreed: Agreement, events: list[Event], cuts: set[int]
) -> None:
    """Segments of one and the same card and contract are one, in every line."""
    assert price_period(period_of(agreed, events, cuts)) == price_period(period_of(agreed, events))


@given(agreements(), usage_of_a_period)
def test_pricing_does_not_depend_on_what_was_drawn(agreed: Agreement, events: list[Event]) -> None:
    """Priced again with its own draws, a period comes to the same, whatever was charged between."""
    period = period_of(agreed, events)
    drawn = drawn_on(charge(period, ()))
    assert price_period(draw_down(period, drawn)) == price_period(period)


def charge(period: PricedPeriod, before: Sequence[Charge]) -> list[Charge]:
    """Return what a run adds, with all that runs before have drawn."""
    asked = draw_down(period, drawn_on(before))
    return list(charge_changes(asked, price_period(asked), before, RUN))


def drawn_on(charges: Iterable[Charge]) -> dict[str, int]:
    """Return what charges have drawn on each grant."""
    drawn: Counter[str] = Counter()
    for each in charges:
        if each.kind is LineKind.CREDIT:
            drawn[each.line_id] -= each.amount_minor
    return dict(drawn)


def expected(period: PricedPeriod, before: Sequence[Charge]) -> dict[LineKey, tuple[int, Fraction]]:
    """Return what a period comes to by line, lines of nothing left out."""
    lines = price_period(draw_down(period, drawn_on(before)))
    return {
        line.key: (line.amount_minor, line.amount)
        for line in lines
        if line.amount_minor or line.amount
    }


def charged(charges: Iterable[Charge]) -> dict[LineKey, tuple[int, Fraction]]:
    """Return what all revisions come to by line, lines of nothing left out."""
    minor: Counter[LineKey] = Counter()
    exact: dict[LineKey, Fraction] = {}
    for each in charges:
        minor[line_key(each)] += each.amount_minor
        exact[line_key(each)] = Fraction(json.loads(each.breakdown)["amount"])
    return {key: (minor[key], exact[key]) for key in exact if minor[key] or exact[key]}


@given(agreements(), st.lists(usage_of_a_period, min_size=1, max_size=3), st.booleans())
def test_corrections_end_where_the_usage_does(
    agreed: Agreement, corrected: list[list[Event]], opens: bool
) -> None:
    """Whatever was charged before, all charges together are the price of the usage of now.

    With minimums, maximums, discounts, commitments and credits; back to the first usage they are
    what they were then, without usage what none costs; a run again adds nothing.
    """
    charges: list[Charge] = []
    if opens:
        charges += charge(replace(period_of(agreed, ()), is_closed=False), ())
    found = []
    for events in (*corrected, corrected[0], ()):
        period = period_of(agreed, events)
        now = expected(period, charges)
        charges += charge(period, charges)
        assert charged(charges) == now
        assert charge(period, charges) == []
        found.append(now)
    assert found[-2] == found[0]
    assert found[-1] == charged(charge(period_of(agreed, ()), ()))


@given(agreements(), st.lists(usage_of_a_period, min_size=2, max_size=3))
def test_payouts_add_up(agreed: Agreement, corrected: list[list[Event]]) -> None:
    """What revisions add to payouts sums to those of the last; here parties share all of a line."""
    charges: list[Charge] = []
    for events in corrected:
        charges += charge(period_of(agreed, events), charges)
    added: dict[LineKey, Counter[str]] = {}
    last: dict[LineKey, Charge] = {}
    for each in charges:
        added.setdefault(line_key(each), Counter()).update(json.loads(each.payouts_delta))
        last[line_key(each)] = each
    for key, each in last.items():
        payouts = json.loads(each.payouts)
        assert {party: minor for party, minor in added[key].items() if minor} == payouts
        assert not payouts or sum(payouts.values()) == each.total_minor
