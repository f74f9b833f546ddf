"""Meters enter the plan as expressions: which texts, and that no meter changes another's."""

import pytest

from jobs.flink.meter_sql import quote, shares_sql
from schemas.aggregation import Aggregation
from schemas.meter import Meter


def meter(meter_id: str, event_type: str, property_name: str | None, *dimensions: str) -> Meter:
    """Return a meter that counts, or sums up a property."""
    aggregation = Aggregation.COUNT if property_name is None else Aggregation.SUM
    return Meter(meter_id, event_type, aggregation, property_name, "one", dimensions, 0, 0)


FLIGHTS = meter("flights", "departed", None, "origin")
MILES = meter("miles", "departed", "miles", "origin", "dest")
CANCELLED = meter("cancelled", "cancelled", None)


@pytest.mark.parametrize(
    ("text", "literal"), [("JFK", "'JFK'"), ("O'Hare", "'O''Hare'"), ("", "''"), ("\\", "'\\'")]
)
def test_text_is_quoted_for_sql(text: str, literal: str) -> None:
    """An apostrophe is doubled; nothing else means anything in a literal."""
    assert quote(text) == literal


def test_each_type_has_the_shares_of_its_meters() -> None:
    """A share is meter, dimensions, units and part, in the order of the type's meters."""
    kind = "ARRAY<ROW<meter_id STRING, dimensions STRING, units STRING, part STRING>>"
    assert shares_sql([FLIGHTS, CANCELLED, MILES]) == (
        "CASE event_type WHEN 'cancelled' THEN CAST(ARRAY["
        f"ROW(CAST('cancelled' AS STRING), shares[1], shares[2], shares[3])] AS {kind})"
        " WHEN 'departed' THEN CAST(ARRAY["
        "ROW(CAST('flights' AS STRING), shares[1], shares[2], shares[3]), "
        f"ROW(CAST('miles' AS STRING), shares[4], shares[5], shares[6])] AS {kind}) END"
    )
