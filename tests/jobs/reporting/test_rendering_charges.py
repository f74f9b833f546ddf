"""What a pricing run says that it did."""

from dataclasses import replace

import pytest
from rich.console import Console

from jobs.pricing.running import PricingReport
from jobs.reporting.rendering_charges import print_pricing
from schemas.instant import DAY_US

CHARGED = PricingReport(
    "r2", (), DAY_US, 12_000, 34_567, {"EUR": -5, "JPY": 1_234, "USD": 1_234_560}
)


@pytest.mark.parametrize(
    ("report", "lines"),
    [
        (
            PricingReport(None, ("r1",), None),
            [
                "run r1 had died and is finished now",
                "no usage yet: the metering job has not made two checkpoints of every table",
            ],
        ),
        (
            replace(CHARGED, run_id=None),
            [
                "usage priced up to 1970-01-02T00:00:00Z, 12,000 accounts",
                "nothing to charge: all of it was charged before",
            ],
        ),
        (
            CHARGED,
            [
                "usage priced up to 1970-01-02T00:00:00Z, 12,000 accounts",
                "run r2: 34,567 charges",
                "  -0.05 EUR",
                "  1,234 JPY",
                "  12,345.60 USD",
            ],
        ),
    ],
)
def test_a_run_in_lines(
    report: PricingReport, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Runs that it finished, up to when, and how much by currency in its own decimals."""
    print_pricing(Console(), report)
    assert capsys.readouterr().out.splitlines() == lines
