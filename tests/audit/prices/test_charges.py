"""Holding charges against the recompute: what differs is told, and how much was compared."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from audit.prices.charges import compare_charges
from audit.prices.lines import PricedLine
from audit.prices.statements import Statement
from tests.oracle.priced_by_hand import CARD, CONTRACT, LANDING, MILES, World

Row = dict[str, Any]
SHARED = {**LANDING, "shares": [{"party": "Port", "share": "0.3"}]}


def priced(folder: Path) -> list[Statement]:
    """Return a month of 3 flights and 2 miles: 300 dollars, and 2.5 cents."""
    world = World(
        [{**CARD, "prices": [SHARED, MILES]}], [{**CONTRACT, "tags": {"cost-center": "NYC"}}]
    )
    world.use("flights", 3)
    world.use("miles", 2)
    return world.price(folder)


def charge_of(statement: Statement, line: PricedLine) -> Row:
    """Return the charge of a line, as the product writes it."""
    period, part = statement.period, line.part
    assert period is not None
    return {
        "charge_id": line.line_id,
        "account_id": period.account_id,
        "period_start": period.start,
        "period_end": period.end,
        "timezone": period.timezone,
        "kind": line.kind,
        "line_id": line.line_id,
        "group": "{}",
        "segment_start": part.start,
        "segment_end": part.end,
        "revision": 0,
        "product": line.product,
        "meter_id": line.meter_id,
        "quantity": Decimal(int(line.quantity)),
        "breakdown": json.dumps({"amount": str(line.amount)}),
        "amount": Decimal(line.amount.numerator) / line.amount.denominator,
        "amount_minor": line.minor,
        "currency": "USD",
        "card_id": "card",
        "card_version": 1,
        "contract_version": 1,
        "payouts_delta": json.dumps(line.payouts),
        "tags": '{"cost-center":"NYC"}',
    }


def charges_of(statements: list[Statement]) -> list[Row]:
    """Return the charges of landing and miles, in this order."""
    return [charge_of(each, line) for each in statements for line in each.lines]


def test_what_agrees(tmp_path: Path) -> None:
    """One period, two lines; a charge that came twice, by a repeated commit, counts once."""
    statements = priced(tmp_path)
    done = compare_charges(statements, charges_of(statements) * 2)
    assert (done.differences, done.periods, done.lines, done.kinds) == ([], 1, 2, {"usage"})


def test_revisions_are_summed_up(tmp_path: Path) -> None:
    """The first charge was of one flight; the next, in any order, adds two."""
    statements = priced(tmp_path)
    landing, miles = charges_of(statements)
    first = {
        **landing,
        "charge_id": "first",
        "quantity": Decimal(1),
        "breakdown": '{"amount":"100"}',
        "amount": Decimal(100),
        "amount_minor": 10_000,
        "payouts_delta": '{"Port":3000}',
    }
    second = {
        **landing,
        "revision": 1,
        "amount": Decimal(200),
        "amount_minor": 20_000,
        "payouts_delta": '{"Port":6000}',
    }
    assert compare_charges(statements, [second, miles, first]).differences == []


def test_a_line_that_was_taken_back_is_none(tmp_path: Path) -> None:
    """What comes to nothing is not expected, and missed by nobody."""
    statements = priced(tmp_path)
    landing, miles = charges_of(statements)
    gone = {**landing, "charge_id": "gone", "line_id": "gone", "payouts_delta": "{}"}
    back = {
        **gone,
        "charge_id": "back",
        "revision": 1,
        "quantity": Decimal(0),
        "breakdown": '{"amount":"0"}',
        "amount": Decimal(-300),
        "amount_minor": -30_000,
    }
    assert compare_charges(statements, [landing, miles, gone, back]).differences == []
    back["amount_minor"] = -29_999
    (told,) = compare_charges(statements, [landing, miles, gone, back]).differences
    assert told.endswith(
        "usage gone landing from 2013-01-01T00:00: charged, not expected: 1 minor units"
    )


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("amount_minor", 29_999, "amount_minor expected 30000, found 29999"),
        ("breakdown", '{"amount":"1"}', "amount expected 300, found 1"),
        ("amount", Decimal("300.000000000001"), "amount_sum expected 300, found 300000000000001/"),
        ("quantity", Decimal(4), "quantity expected 3, found 4"),
        ("payouts_delta", '{"Port":8999}', "payouts expected {'Port': 9000}, found {'Port': 8999}"),
        ("payouts_delta", "{}", "payouts expected {'Port': 9000}, found {}"),
        ("card_version", 2, "versions expected ('card', 1, 1), found ('card', 2, 1)"),
        ("contract_version", 2, "versions expected ('card', 1, 1), found ('card', 1, 2)"),
        ("currency", "EUR", "currency expected USD, found EUR"),
        ("meter_id", "miles", "meter_id expected flights, found miles"),
        ("tags", "{}", "tags expected {'cost-center': 'NYC'}, found {}"),
        ("timezone", "America/New_York", "timezone expected UTC, found America/New_York"),
    ],
)
def test_one_wrong_member_is_one_line(tmp_path: Path, name: str, value: object, told: str) -> None:
    """Which line of which period, what was expected and what was found."""
    statements = priced(tmp_path)
    landing, miles = charges_of(statements)
    (line,) = compare_charges(statements, [{**landing, name: value}, miles]).differences
    assert line.startswith("A 2013-01-01T00:00: usage landing-fee landing from 2013-01-01T00:00: ")
    assert told in line


@pytest.mark.parametrize("name", ["card_version", "contract_version"])
def test_what_costs_the_same_by_a_new_version_names_the_old(tmp_path: Path, name: str) -> None:
    """It was not charged again; but another card, or another amount, is a difference."""
    statements = priced(tmp_path)
    landing, miles = charges_of(statements)
    earlier = {**landing, name: 0}
    assert compare_charges(statements, [earlier, miles]).differences == []
    for wrong in ({"card_id": "other"}, {"quantity": Decimal(4)}):
        (told,) = compare_charges(statements, [{**earlier, **wrong}, miles]).differences
        assert "versions expected" in told


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows[1:], ["not charged: 30000 minor units"]),
        (
            lambda rows: [*rows, {**rows[1], "charge_id": "more", "line_id": "more"}],
            ["charged, not expected: 3 minor units"],
        ),
        (
            lambda rows: [{**rows[0], "product": "other"}, rows[1]],
            ["not charged: 30000 minor units", "charged, not expected: 30000 minor units"],
        ),
    ],
)
def test_lines_without_their_match(
    tmp_path: Path, change: Callable[[list[Row]], list[Row]], said: list[str]
) -> None:
    """Missing, too many, or under another name."""
    statements = priced(tmp_path)
    told = compare_charges(statements, change(charges_of(statements))).differences
    assert [line.split(": ", 2)[2] for line in told] == said


def test_what_is_not_recomputed_is_no_agreement(tmp_path: Path) -> None:
    """It is counted by its reason, its lines are not, and the share of amounts shows it."""
    statements = priced(tmp_path)
    charges = charges_of(statements)
    first = replace(statements[0], lines=[], not_recomputed="price: surge")
    found = compare_charges([first, *statements[1:]], charges)
    assert (found.differences, found.lines, found.not_recomputed) == ([], 0, {"price: surge": 1})
    assert found.gross_minor == {"USD": (0, 30_003)}
    found.add(compare_charges(statements, charges))
    assert found.gross_minor == {"USD": (30_003, 60_006)}
    assert (found.lines, found.charged_minor) == (2, {"USD": 30_003})
