"""Departures: what each row of the data set becomes, and that the year is complete."""

from collections import Counter
from itertools import islice

import pytest

from jobs.flights.departures import Departure, read_departure, read_flights
from schemas.instant import MINUTE_US
from tests.udfs.engine import at

FIRST = {
    "year": "2013",
    "month": "1",
    "day": "1",
    "dep_time": "517",
    "sched_dep_time": "515",
    "dep_delay": "2",
    "arr_time": "830",
    "sched_arr_time": "819",
    "arr_delay": "11",
    "carrier": "UA",
    "flight": "1545",
    "tailnum": "N14228",
    "origin": "EWR",
    "dest": "IAH",
    "air_time": "227",
    "distance": "1400",
    "hour": "5",
    "minute": "15",
    "time_hour": "2013-01-01T10:00:00Z",
}
NEVER_LEFT = {"dep_time": "NA", "dep_delay": "NA", "air_time": "NA"}


def test_the_first_row_of_the_data_set() -> None:
    """The rows written out here are those of the package."""
    assert list(islice(read_flights(), 1)) == [FIRST]


def test_a_departed_flight() -> None:
    """It happens at the actual departure in UTC and is received at landing."""
    departure = read_departure(FIRST)
    event = departure.event
    assert (event.id, event.source) == ("2013-01-01-UA-1545-EWR-0515", "nyc/2013")
    assert (event.type, event.subject) == ("flight.departed", "UA")
    assert event.time_us == at("2013-01-01T10:17")
    assert departure.received_us == at("2013-01-01T10:17") + 227 * MINUTE_US
    assert event.data == {
        "miles": 1400,
        "air_minutes": 227,
        "origin": "EWR",
        "dest": "IAH",
        "tailnum": "N14228",
    }


def test_an_early_departure() -> None:
    """A negative delay is before the schedule."""
    departure = read_departure({**FIRST, "dep_delay": "-16"})
    assert departure.event.time_us == at("2013-01-01T09:59")


def test_a_flight_that_landed_elsewhere() -> None:
    """Without air time the property is absent, and it is received at departure."""
    departure = read_departure({**FIRST, "air_time": "NA", "tailnum": "NA"})
    assert departure.event.data == {"miles": 1400, "origin": "EWR", "dest": "IAH"}
    assert departure.received_us == departure.event.time_us


def test_a_cancelled_flight() -> None:
    """It happens and is received at the scheduled departure, and flew no miles."""
    departure = read_departure({**FIRST, **NEVER_LEFT})
    assert departure.event.type == "flight.cancelled"
    assert departure.event.time_us == departure.received_us == at("2013-01-01T10:15")
    assert departure.event.data == {"origin": "EWR", "dest": "IAH", "tailnum": "N14228"}


def test_the_year_is_complete(year: list[Departure]) -> None:
    """The figures of the data set: all rows, each with an identity of its own."""
    assert len(year) == 336_776
    assert len({departure.event.id for departure in year}) == 336_776
    types = Counter(departure.event.type for departure in year)
    assert types == {"flight.departed": 328_521, "flight.cancelled": 8_255}
    departed = [each.event.data for each in year if each.event.type == "flight.departed"]
    assert sum("air_minutes" not in data for data in departed) == 1_175
    assert len({departure.event.subject for departure in year}) == 16
    assert all(departure.received_us >= departure.event.time_us for departure in year)


@pytest.mark.parametrize(
    ("row", "local"),
    [
        ({"time_hour": "2013-03-10T06:00:00Z", "minute": "59", "dep_delay": "0"}, "06:59"),
        ({"time_hour": "2013-03-10T07:00:00Z", "minute": "0", "dep_delay": "-1"}, "06:59"),
    ],
)
def test_clock_changes_do_not_matter(row: dict[str, str], local: str) -> None:
    """The schedule's hour is in UTC, so a delay across a clock change is exact."""
    assert read_departure({**FIRST, **row}).event.time_us == at(f"2013-03-10T{local}")
