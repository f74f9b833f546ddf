"""The oracle's calendar, against dates worked out by hand."""

from datetime import UTC, datetime

import pytest

from audit.periods import period_of
from audit.shapes import OracleTerms


def found(moment: str, zone: str, cadence: str, anchor: str, since: str = "2000-01-01") -> str:
    """Return the period of a moment as `start end`."""
    effective = datetime.fromisoformat(f"{since}T00:00Z")
    terms = OracleTerms(1, effective, zone, cadence, datetime.fromisoformat(anchor))
    period = period_of([terms], datetime.fromisoformat(f"{moment}Z"))
    if period is None:
        return "none"
    return f"{period.start:%Y-%m-%dT%H:%M} {period.end:%Y-%m-%dT%H:%M}"


@pytest.mark.parametrize(
    ("moment", "zone", "cadence", "anchor", "expected"),
    [
        ("2013-01-15T12:00", "UTC", "month", "2013-01-01", "2013-01-01T00:00 2013-02-01T00:00"),
        ("2013-02-01T00:00", "UTC", "month", "2013-01-01", "2013-02-01T00:00 2013-03-01T00:00"),
        ("2013-02-10T00:00", "UTC", "month", "2012-01-31", "2013-01-31T00:00 2013-02-28T00:00"),
        ("2013-03-10T00:00", "UTC", "month", "2012-01-31", "2013-02-28T00:00 2013-03-31T00:00"),
        ("2012-02-10T00:00", "UTC", "month", "2013-01-31", "2012-01-31T00:00 2012-02-29T00:00"),
        ("2013-01-01T00:00", "UTC", "week", "2012-01-02", "2012-12-31T00:00 2013-01-07T00:00"),
        ("2013-05-05T00:00", "UTC", "quarter", "2013-01-31", "2013-04-30T00:00 2013-07-31T00:00"),
        ("2013-05-05T00:00", "UTC", "half_year", "2012-02-29", "2013-02-28T00:00 2013-08-29T00:00"),
        ("2013-05-05T00:00", "UTC", "year", "2012-02-29", "2013-02-28T00:00 2014-02-28T00:00"),
        # New York: five hours behind UTC, four from 10 March to 3 November.
        (
            "2013-03-01T04:59",
            "America/New_York",
            "month",
            "2012-01-01",
            "2013-02-01T05:00 2013-03-01T05:00",
        ),
        (
            "2013-03-20T00:00",
            "America/New_York",
            "month",
            "2012-01-15",
            "2013-03-15T04:00 2013-04-15T04:00",
        ),
        (
            "2013-03-10T12:00",
            "America/New_York",
            "day",
            "2012-01-01",
            "2013-03-10T05:00 2013-03-11T04:00",
        ),
        (
            "2013-11-03T12:00",
            "America/New_York",
            "day",
            "2012-01-01",
            "2013-11-03T04:00 2013-11-04T05:00",
        ),
        # Sao Paulo skips midnight of 20 October 2013: the day starts at 01:00 local, 03:00 UTC.
        (
            "2013-10-20T12:00",
            "America/Sao_Paulo",
            "day",
            "2012-01-01",
            "2013-10-20T03:00 2013-10-21T02:00",
        ),
        # Havana has midnight of 3 November 2013 twice (01:00 falls back to 00:00): the first.
        (
            "2013-11-03T12:00",
            "America/Havana",
            "day",
            "2012-01-01",
            "2013-11-03T04:00 2013-11-04T05:00",
        ),
    ],
)
def test_periods(moment: str, zone: str, cadence: str, anchor: str, expected: str) -> None:
    """Boundaries are local midnights counted from the anchor, clamped to the month's end."""
    assert found(moment, zone, cadence, anchor) == expected


def test_the_first_period_is_a_stub() -> None:
    """It starts when the terms do, and before them there is none."""
    assert found("2013-01-20T00:00", "UTC", "month", "2013-01-01", "2013-01-10") == (
        "2013-01-10T00:00 2013-02-01T00:00"
    )
    assert found("2013-01-09T23:59", "UTC", "month", "2013-01-01", "2013-01-10") == "none"


def test_the_last_terms_in_effect_decide() -> None:
    """Of several terms the latest that has begun counts."""
    old = OracleTerms(1, datetime(2012, 1, 1, tzinfo=UTC), "UTC", "month", datetime(2012, 1, 1))
    new = OracleTerms(2, datetime(2013, 1, 1, tzinfo=UTC), "UTC", "year", datetime(2013, 1, 1))
    for month, version in ((12, 1), (1, 2)):
        moment = datetime(2012 if month == 12 else 2013, month, 5, tzinfo=UTC)
        period = period_of([old, new], moment)
        assert period is not None
        assert period.terms.version == version
