"""Cadences: names and ISO 8601 durations, and what is neither."""

from __future__ import annotations

import pytest

from schemas.cadence import NAMED_CADENCES, Cadence, decode_cadence, encode_cadence
from schemas.instant import DAY_US, HOUR_US, MINUTE_US, SECOND_US


@pytest.mark.parametrize(
    ("text", "cadence"),
    [
        ("P10D", Cadence(days=10)),
        ("P2M", Cadence(months=2)),
        ("P18M", Cadence(months=18)),
        ("P1M15D", Cadence(months=1, days=15)),
        ("PT6H", Cadence(time_us=6 * HOUR_US)),
        ("PT1H30M", Cadence(time_us=HOUR_US + 30 * MINUTE_US)),
        ("P1DT12H1S", Cadence(days=1, time_us=12 * HOUR_US + SECOND_US)),
        *sorted(NAMED_CADENCES.items()),
    ],
)
def test_canonical_texts(text: str, cadence: Cadence) -> None:
    """Each reads, and writes as it was."""
    assert decode_cadence(text) == cadence
    assert encode_cadence(cadence) == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("P1M", "month"),
        ("P1Y", "year"),
        ("P12M", "year"),
        ("P1W", "week"),
        ("P2W", "P14D"),
        ("P1Y6M", "P18M"),
        ("PT90M", "PT1H30M"),
        ("PT24H", "PT24H"),  # elapsed hours, not a day of the wall clock
        ("P0Y0M10D", "P10D"),
    ],
)
def test_other_texts_of_the_same(text: str, canonical: str) -> None:
    """One cadence has one canonical text."""
    cadence = decode_cadence(text)
    assert cadence is not None
    assert encode_cadence(cadence) == canonical
    assert decode_cadence(canonical) == cadence


@pytest.mark.parametrize(
    "text",
    [
        *("", "P", "PT", "P1DT", "P0D", "PT0S", "P1.5D", "P-1D", "-P1D", "1D", "p1d", "P1D1M"),
        *("PT1D", "P101Y", "P37201D", f"PT{37_201 * DAY_US // HOUR_US}H", "P1D\n", "P\u0661D"),
        "Month",
    ],
)
def test_what_is_no_cadence(text: str) -> None:
    """Fractions, signs, other orders, nothing at all, and more than a century."""
    assert decode_cadence(text) is None
