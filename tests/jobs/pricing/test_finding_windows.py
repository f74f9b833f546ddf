"""Windows are read only where a price may change within a period, or looks at each value."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from jobs.pricing.account_inputs import Agreements
from jobs.pricing.finding_windows import window_span
from schemas.cadence import Cadence
from schemas.contract import Contract
from schemas.price_model import Percentage, PerUnit, PriceModel
from schemas.priced_usage import UsedMeter
from schemas.rate_card import MeterPrice, RateCard
from schemas.terms import Recurring, Terms
from udfs.segmenting import Cards

CONTRACT = Contract("A", 1, 0, "standard", "USD")
PERIODS = ((100, 200), (200, 300), (300, 400))


def _card(version: int, since_us: int, model: PriceModel, card_id: str = "standard") -> RateCard:
    return RateCard(
        card_id, "USD", version, since_us, prices=(MeterPrice("p", "calls", "api", model),)
    )


PER_UNIT, PERCENTAGE = PerUnit(Decimal(1)), Percentage(Decimal("0.01"))
BY_VALUE = replace(PERCENTAGE, least_fee=Decimal(1))


def _span(
    cards: list[RateCard], *contracts: Contract, plan: str = "standard", meter_id: str = "calls"
) -> tuple[int, int] | None:
    terms = (Terms(1, 0, "UTC", Recurring(Cadence.MONTH, datetime(2013, 1, 1)), plan),)
    by_id: Cards = {
        name: [each for each in cards if (each.card_id, each.currency) == name]
        for name in sorted({(each.card_id, each.currency) for each in cards})
    }
    agreements = Agreements({"A": terms}, {"A": contracts}, {}, {})
    used = [UsedMeter("A", *period, meter_id) for period in PERIODS]
    return window_span(agreements, by_id, used)


@pytest.mark.parametrize(
    ("cards", "contracts", "expected"),
    [
        pytest.param([_card(1, 0, PER_UNIT)], [CONTRACT], None, id="one price"),
        pytest.param(
            [_card(1, 0, PER_UNIT), _card(2, 200, PER_UNIT)],
            [CONTRACT],
            None,
            id="at a period's start",
        ),
        pytest.param(
            [_card(1, 0, PER_UNIT), _card(2, 201, PER_UNIT)],
            [CONTRACT],
            (200, 300),
            id="a version of the card within a period",
        ),
        pytest.param(
            [_card(1, 0, PER_UNIT), _card(2, 399, PER_UNIT), _card(3, 150, PER_UNIT)],
            [CONTRACT],
            (100, 400),
            id="from the first to the last",
        ),
        pytest.param(
            [_card(1, 0, PER_UNIT), _card(1, 250, PER_UNIT, "other")],
            [CONTRACT],
            None,
            id="of a card that the account does not have",
        ),
        pytest.param(
            [_card(1, 0, PER_UNIT)],
            [CONTRACT, replace(CONTRACT, version=2, effective_from_us=150)],
            (100, 200),
            id="a version of the contract",
        ),
        pytest.param(
            [_card(1, 0, PER_UNIT)],
            [replace(CONTRACT, trial_until_us=350)],
            (300, 400),
            id="the end of a trial",
        ),
        pytest.param(
            [_card(1, 0, PER_UNIT), _card(2, 250, PER_UNIT)],
            [replace(CONTRACT, card_id=None)],
            (200, 300),
            id="the plan's card",
        ),
        pytest.param([_card(1, 0, PERCENTAGE)], [CONTRACT], None, id="a share of the whole"),
        pytest.param([_card(1, 0, BY_VALUE)], [CONTRACT], (100, 400), id="a fee of each value"),
    ],
)
def test_the_time_whose_windows_are_read(
    cards: list[RateCard], contracts: list[Contract], expected: tuple[int, int] | None
) -> None:
    """From the start of the first such period to the end of the last."""
    assert _span(cards, *contracts) == expected


def test_other_meters_need_no_values() -> None:
    """A price that looks at each value is that of one meter."""
    assert _span([_card(1, 0, BY_VALUE)], CONTRACT, meter_id="miles") is None
