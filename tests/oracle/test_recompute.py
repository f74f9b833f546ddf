"""The oracle's rows, against a log small enough to work out by hand."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from audit.shapes import OracleMeter, OracleTerms, RawRecord
from tests.oracle.recompute import Clocks, Expected, final_watermark, recompute

JUNE = datetime(2013, 6, 1, tzinfo=UTC)
JULY = datetime(2013, 7, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SUM = OracleMeter("gb", "used", "sum", "units", "GB", ("place",), 3600, 10 * 86_400)
MAX = OracleMeter("peak", "used", "max", "units", "GB", (), 3600, 10 * 86_400)
COUNT = OracleMeter("uses", "used", "count", None, "use", (), 3600, 10 * 86_400)
TERMS = OracleTerms(3, datetime(2013, 1, 10, tzinfo=UTC), "UTC", "month", datetime(2013, 1, 1))
CLOCKS = Clocks(watermark=datetime(2014, 1, 1, tzinfo=UTC))


def sent(
    offset: int, received: datetime, time: datetime, units: object = 1, **other: str
) -> RawRecord:
    """Return a record of account A."""
    shape = {
        "specversion": "1.0",
        "id": str(offset),
        "source": "s",
        "type": "used",
        "subject": "A",
        "time": time.isoformat().replace("+00:00", "Z"),
        "data": {"units": units, "place": "x"},
        **other,
    }
    return RawRecord(0, offset, int(received.timestamp() * 1000), json.dumps(shape).encode())


def found(
    *records: RawRecord, meters: tuple[OracleMeter, ...] = (SUM,), clocks: Clocks = CLOCKS
) -> Expected:
    """Recompute with one account, A."""
    return recompute(records, meters, {"A": [TERMS]}, clocks)


def test_a_period_closes_with_what_came_up_to_its_cut() -> None:
    """The closed row holds what windows up to the cut hold; all columns are there."""
    expected = found(
        sent(1, JUNE + DAY, JUNE + DAY, "1.5"),
        sent(2, JUNE + 2 * DAY, JUNE, 2),
        sent(3, JULY + DAY, JUNE + DAY, 4),
    )
    (closed,) = expected.closed
    assert (closed.account_id, closed.meter_id, closed.dimensions) == ("A", "gb", '{"place":"x"}')
    assert (closed.period_start, closed.period_end, closed.timezone) == (JUNE, JULY, "UTC")
    assert (str(closed.quantity), closed.unit, closed.event_count) == ("3.500000000", "GB", 2)
    assert (closed.aggregation, closed.revision, closed.cut) == ("sum", 0, JULY + HOUR)
    assert (closed.first_event_time, closed.last_event_time) == (JUNE, JUNE + DAY)
    assert (closed.first_log_time, closed.last_log_time) == (JUNE + DAY, JUNE + 2 * DAY)
    assert closed.terms_version == 3
    (correction,) = expected.corrections
    assert (str(correction.quantity), str(correction.quantity_delta)) == (
        "7.500000000",
        "4.000000000",
    )
    assert (correction.event_count, correction.event_count_delta, correction.revision) == (3, 1, 1)
    assert correction.correction_end == JULY + DAY + HOUR
    assert correction.first_log_time == correction.last_log_time == JULY + DAY


def test_the_cut_is_that_of_the_log_window() -> None:
    """A window that ends at the cut is in; the next one is a correction."""
    cut = JULY + HOUR
    inside = sent(1, cut - timedelta(milliseconds=1), JUNE)
    outside = sent(2, cut, JUNE)
    assert [row.event_count for row in found(inside, outside).closed] == [1]
    assert [row.correction_end for row in found(outside).corrections] == [cut + HOUR]


def test_corrections_are_gathered_by_log_hour() -> None:
    """Each log hour with usage is one correction, in order; its end belongs to it."""
    first = JULY + DAY
    rows = found(
        sent(1, first - timedelta(milliseconds=1), JUNE),
        sent(2, first - 50 * timedelta(minutes=1), JUNE),
        sent(3, first, JUNE),
        sent(4, first + 5 * HOUR, JUNE),
    ).corrections
    assert [(row.revision, row.event_count_delta, row.event_count) for row in rows] == [
        (1, 2, 2),
        (2, 1, 3),
        (3, 1, 4),
    ]
    assert [row.correction_end for row in rows] == [first, first + HOUR, first + 6 * HOUR]


def test_a_maximum_may_stay_the_same() -> None:
    """A correction is written for its events, even if the maximum does not move."""
    expected = found(
        sent(1, JUNE, JUNE, 5),
        sent(2, JULY + DAY, JUNE, 3),
        sent(3, JULY + 2 * DAY, JUNE, 8),
        meters=(MAX,),
    )
    assert [int(row.quantity) for row in expected.closed] == [5]
    assert [(int(row.quantity), int(row.quantity_delta)) for row in expected.corrections] == [
        (5, 0),
        (8, 3),
    ]


def test_usage_after_the_horizon_expires() -> None:
    """The horizon counts from the cut; its last window still corrects."""
    horizon = JULY + HOUR + 10 * DAY
    expected = found(
        sent(1, horizon - timedelta(milliseconds=1), JUNE, 2), sent(2, horizon, JUNE, 4)
    )
    assert [int(row.quantity) for row in expected.corrections] == [2]
    (expired,) = expected.expired
    assert (int(expired.quantity), expired.event_window_start) == (4, JUNE)
    assert expired.log_window_end == horizon + timedelta(seconds=10)


def test_usage_without_a_period_is_unassigned() -> None:
    """Unknown accounts after a day of waiting, known ones before their terms at once."""
    early = datetime(2013, 1, 9, tzinfo=UTC)
    records = (sent(1, JUNE, early), sent(2, JUNE, JUNE, subject="B"))
    reasons = [(row.account_id, row.reason) for row in found(*records).unassigned]
    assert reasons == [("A", "no_terms"), ("B", "unknown_account")]
    waiting = Clocks(watermark=JUNE + DAY)
    assert [row.account_id for row in found(*records, clocks=waiting).unassigned] == ["A"]


def test_usage_waits_a_day_for_its_account() -> None:
    """What waited in vain when its account became known is unassigned, what came later counts."""
    records = (sent(1, JUNE, JUNE, 1), sent(2, JUNE + HOUR, JUNE, 2))
    known_at = {"A": JUNE + DAY + timedelta(seconds=10)}
    expected = recompute(records, (SUM,), {"A": [TERMS]}, CLOCKS, known_at=known_at)
    assert [int(row.quantity) for row in expected.closed] == [2]
    assert [(int(row.quantity), row.reason) for row in expected.unassigned] == [
        (1, "unknown_account")
    ]
    sooner = {"A": known_at["A"] - timedelta(milliseconds=1)}
    expected = recompute(records, (SUM,), {"A": [TERMS]}, CLOCKS, known_at=sooner)
    assert [int(row.quantity) for row in expected.closed] == [3]
    assert expected.unassigned == []


@pytest.mark.parametrize(
    ("watermark", "closed", "corrections"),
    [
        (JULY + HOUR - timedelta(milliseconds=1), 0, 0),
        (JULY + HOUR, 1, 0),
        (JULY + DAY + HOUR, 1, 1),
        (JULY + 3 * DAY, 1, 2),
    ],
)
def test_rows_are_due_when_log_time_got_there(
    watermark: datetime, closed: int, corrections: int
) -> None:
    """Nothing is expected that the final watermark does not let out."""
    records = (
        sent(1, JUNE, JUNE),
        sent(2, JULY + DAY, JUNE),
        sent(3, JULY + 2 * DAY, JUNE),
    )
    expected = found(*records, clocks=Clocks(watermark=watermark))
    assert (len(expected.closed), len(expected.corrections)) == (closed, corrections)


def test_every_record_has_one_fate() -> None:
    """Repeats and conflicts are duplicates of the first; a refused record holds no identity."""
    expected = found(
        sent(0, JUNE, JUNE, id="a", type="unknown"),
        sent(1, JUNE, JUNE, id="a"),
        sent(2, JUNE, JUNE, id="a"),
        sent(3, JUNE, JUNE, 9, id="a"),
        sent(4, JUNE, JUNE, type="meterclose.heartbeat"),
        sent(5, JUNE, JUNE, "far", id="b"),
        sent(6, JUNE, JUNE, 7, id="b"),
        meters=(SUM, COUNT),
    )
    assert [(fate.fate, fate.reason) for fate in expected.fates] == [
        ("rejected", "unknown_type"),
        ("counted", None),
        ("duplicate", None),
        ("duplicate", None),
        ("heartbeat", None),
        ("counted", None),
        ("duplicate", None),
    ]
    assert [(each.offset, each.meter_id, each.reason) for each in expected.meter_rejects] == [
        (5, "gb", "bad_units")
    ]
    assert [(row.meter_id, int(row.quantity)) for row in expected.closed] == [
        ("gb", 1),
        ("uses", 2),
    ]


def test_the_watermark_is_that_of_the_slowest_partition() -> None:
    """The least of the partitions' last log times, less the slack."""
    records = [
        RawRecord(0, 0, 20_000, b""),
        RawRecord(1, 0, 9_000, b""),
        RawRecord(1, 1, 8_000, b""),
    ]
    assert final_watermark(records, 2, 5000) == datetime(1970, 1, 1, 0, 0, 4, tzinfo=UTC)
