"""The data set, read once."""

import pytest

from jobs.flights.departures import Departure, read_departure, read_flights


@pytest.fixture(scope="session")
def year() -> list[Departure]:
    """All departures of the year, in the data set's order."""
    return [read_departure(row) for row in read_flights()]
