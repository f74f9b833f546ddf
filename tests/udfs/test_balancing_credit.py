"""What periods draw on credit, and what is left for each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.contract import CreditGrant
from schemas.money import Rounding
from schemas.statement import LineKind, Segment
from tests.udfs.booking import charge_of
from tests.udfs.pricing.stating import CARD, CONTRACT, D, card, credit, month, price, used
from udfs.balancing_credit import balances_of, draws_of, note_draws
from udfs.pricing import price_period

SPAN = (100, 200)
GRANT = CreditGrant("g", "acme", "USD", D(50), 0, None)


@pytest.mark.parametrize(
    ("grant", "drawn", "expected"),
    [
        pytest.param(GRANT, {}, (5000, 0), id="all of it"),
        pytest.param(replace(GRANT, granted_us=199), {}, (5000, 0), id="granted at the last"),
        pytest.param(replace(GRANT, granted_us=200), {}, None, id="granted after it"),
        pytest.param(replace(GRANT, expires_us=200), {}, (5000, 0), id="there when it ends"),
        pytest.param(replace(GRANT, expires_us=199), {}, None, id="expires within it"),
        pytest.param(replace(GRANT, currency="EUR"), {}, None, id="of another currency"),
        pytest.param(
            replace(GRANT, currency="EUR"),
            {("g", 100, 200): 7},
            None,
            id="of another currency, whatever was drawn",
        ),
        pytest.param(
            replace(GRANT, expires_us=150),
            {("g", 100, 200): 7},
            (5000, 7),
            id="drawn before it was to expire",
        ),
        pytest.param(
            GRANT,
            {("g", 0, 100): 1200, ("g", 200, 300): 30, ("g", 100, 200): 9, ("h", 0, 100): 8},
            (3770, 9),
            id="what other periods left",
        ),
        pytest.param(
            GRANT,
            {("g", 0, 100): 4000, ("g", 100, 200): 2000},
            (2000, 2000),
            id="what it drew it keeps",
        ),
        pytest.param(replace(GRANT, amount=D("0.015")), {}, (2, 0), id="rounded as the card says"),
    ],
)
def test_what_a_period_may_draw(
    grant: CreditGrant, drawn: dict[tuple[str, int, int], int], expected: tuple[int, int] | None
) -> None:
    """Grants that are there when it ends, less what others drew; and what it drew itself."""
    segment = Segment(100, 200, CARD, CONTRACT)
    found = balances_of([grant], CONTRACT, segment, SPAN, drawn)
    assert [(each.grant, each.available_minor, each.drawn_minor) for each in found] == (
        [] if expected is None else [(grant, *expected)]
    )


def test_balances_are_ordered_by_grant() -> None:
    """And rounded as the rate card says; one that is not there hides no other."""
    rates = replace(CARD, rounding=Rounding.DOWN)
    grants = [replace(GRANT, grant_id=name, amount=D("0.015")) for name in "cab"]
    gone = replace(GRANT, grant_id="0", expires_us=100)
    found = balances_of([*grants, gone], CONTRACT, Segment(100, 200, rates, CONTRACT), SPAN, {})
    assert [(each.grant.grant_id, each.available_minor) for each in found] == [
        ("a", 1),
        ("b", 1),
        ("c", 1),
    ]


def test_draws_are_what_charges_sum_to() -> None:
    """By grant and period, over revisions; other charges draw nothing."""
    credited = charge_of(LineKind.CREDIT, -300, line_id="g", total_minor=-300)
    charges = [
        credited,
        replace(credited, revision=1, amount_minor=100, total_minor=-200),
        replace(credited, line_id="h", period_start_us=5, period_end_us=9),
        charge_of(LineKind.USAGE, 40, line_id="g"),
    ]
    span = (credited.period_start_us, credited.period_end_us)
    assert draws_of(charges) == {("g", *span): 200, ("h", 5, 9): 300}


def test_what_a_period_draws_takes_the_place_of_what_it_drew() -> None:
    """Draws of others stay."""
    lines = price_period(
        month(
            card(price("calls", "2")),
            used("calls", "3"),
            credits=(credit("g", 100), credit("h", 9000)),
        )
    )
    drawn = {("g", 100, 200): 1, ("old", 100, 200): 2, ("g", 0, 200): 3, ("g", 100, 300): 4}
    note_draws(drawn, SPAN, [*lines, *lines])
    assert drawn == {
        ("g", 0, 200): 3,
        ("g", 100, 300): 4,
        ("g", 100, 200): 200,
        ("h", 100, 200): 1000,
    }
