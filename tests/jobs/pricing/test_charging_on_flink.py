"""What surrounds the job on Flink: whether windows are asked for, and what it cannot do."""

from dataclasses import replace
from decimal import Decimal

import pytest

from jobs.local import mini_cluster
from jobs.local.places import SetupError
from jobs.price_usage import main
from jobs.pricing.account_inputs import Agreements
from jobs.pricing.charging_on_flink import may_need_windows
from schemas.contract import Contract
from schemas.price_model import Percentage, PerUnit
from schemas.rate_card import MeterPrice, RateCard
from tests.jobs.pricing_world import World

CONTRACT = Contract("A", 1, 0, "standard", "USD")
CARD = RateCard(
    "standard", "USD", 1, 0, prices=(MeterPrice("p", "calls", "api", PerUnit(Decimal(1))),)
)
PERCENTAGE = Percentage(Decimal("0.01"))


def _priced_by(model: Percentage) -> RateCard:
    return replace(CARD, prices=(*CARD.prices, MeterPrice("q", "calls", "api", model)))


@pytest.mark.parametrize(
    ("cards", "contracts", "expected"),
    [
        ((CARD,), (CONTRACT,), False),
        ((CARD, replace(CARD, version=2, effective_from_us=9)), (CONTRACT,), True),
        ((CARD,), (CONTRACT, replace(CONTRACT, version=2, effective_from_us=9)), True),
        ((CARD,), (replace(CONTRACT, trial_until_us=9),), True),
        ((_priced_by(PERCENTAGE),), (CONTRACT,), False),
        ((_priced_by(replace(PERCENTAGE, least_fee=Decimal(1))),), (CONTRACT,), True),
    ],
    ids=["one of all", "two cards", "two contracts", "a trial", "percentage", "of each value"],
)
def test_windows_are_read_where_a_period_may_be_cut(
    cards: tuple[RateCard, ...], contracts: tuple[Contract, ...], expected: bool
) -> None:
    """Or where a price looks at each value."""
    agreements = Agreements({}, {"A": contracts}, {}, {})
    assert may_need_windows(agreements, {("standard", "USD"): cards}) is expected


def test_a_machine_without_flink_is_told_so(
    january: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, and no row."""

    def none() -> None:
        raise SetupError("pyflink, this Python: expected apache-flink, found none")

    monkeypatch.setattr(mini_cluster, "flink_distribution", none)
    for name in mini_cluster.CHOSEN:
        monkeypatch.delenv(name, raising=False)
    before = january.snapshots()
    assert main(["--settings", str(january.settings), "--runner", "flink"], {}) == 2
    line = "pyflink, this Python: expected apache-flink, found none\n"
    assert capsys.readouterr().err == line
    assert january.snapshots() == before
