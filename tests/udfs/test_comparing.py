"""Changes of money in percent, and in bands of percent."""

import pytest

from schemas.charge_difference import MoneyChange
from udfs.comparing import BANDS, band_of, count_directions, percent_text


@pytest.mark.parametrize(
    ("before", "after", "percent", "band"),
    [
        (1000, 1000, "0.00 %", "the same"),
        (0, 0, "0.00 %", "the same"),
        (1000, 1050, "+5.00 %", "more by up to 5 %"),
        (100_000, 105_001, "+5.00 %", "more by 5 to 10 %"),
        (1000, 1100, "+10.00 %", "more by 5 to 10 %"),
        (1000, 1200, "+20.00 %", "more by 10 to 20 %"),
        (1000, 1500, "+50.00 %", "more by 20 to 50 %"),
        (1, 12, "+1,100.00 %", "more by over 50 %"),
        (1000, 950, "-5.00 %", "less by up to 5 %"),
        (1000, 400, "-60.00 %", "less by over 50 %"),
        (1000, -1000, "-200.00 %", "less by over 50 %"),
        (20_000, 20_001, "+0.01 %", "more by up to 5 %"),
        (20_001, 20_000, "-0.00 %", "less by up to 5 %"),
        (0, 5, "", "more, from nothing or credit"),
        (-100, -200, "", "less, from nothing or credit"),
    ],
)
def test_percent_and_band(before: int, after: int, percent: str, band: str) -> None:
    """Rounded half up in percent, exact at the edges of bands; no percentage of nothing."""
    money = MoneyChange("USD", before, after, 1)
    assert (percent_text(money), band_of(money)) == (percent, band)
    assert band in BANDS


def test_directions() -> None:
    """Bands of more, of less, and the same."""
    bands = {band: 10**place for place, band in enumerate(BANDS)}
    found = count_directions(bands)
    assert found == {"more": 111_111 * 10**7, "less": 111_111, "the same": 10**6}
