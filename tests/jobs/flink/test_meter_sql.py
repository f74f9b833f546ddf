"""Meters enter the plan as expressions: which texts, and that no meter changes another's."""

import pytest

from jobs.flink.meter_sql import (
    event_types_sql,
    properties_sql,
    quote,
    read_properties,
    shares_sql,
)
from schemas.meter import Aggregation, Meter


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


def test_event_types_stand_once_and_in_order() -> None:
    """The list does not depend on the order of the meters."""
    assert event_types_sql([FLIGHTS, CANCELLED, MILES]) == "'cancelled', 'departed'"
    assert event_types_sql([MILES, CANCELLED, FLIGHTS]) == "'cancelled', 'departed'"


def test_a_property_is_read_once_for_each_use() -> None:
    """As units and as a dimension it is read differently, so these are two."""
    both = meter("both", "departed", "origin", "origin")
    assert read_properties([FLIGHTS, MILES, both]) == (
        ("dest", False),
        ("miles", True),
        ("origin", False),
        ("origin", True),
    )


def test_properties_are_read_for_the_types_that_need_them() -> None:
    """Units that are an object or array are there, and bad; a dimension that is one is missing."""
    assert properties_sql([FLIGHTS, MILES, CANCELLED]) == (
        "ARRAY["
        "CASE WHEN event_type IN ('departed') THEN JSON_VALUE(data, 'lax $.dest') END, "
        "CASE WHEN event_type IN ('departed') THEN"
        " COALESCE(JSON_VALUE(data, 'lax $.miles'), JSON_QUERY(data, 'lax $.miles')) END, "
        "CASE WHEN event_type IN ('departed') THEN JSON_VALUE(data, 'lax $.origin') END, "
        "CAST(NULL AS STRING)]"
    )


def test_meters_without_properties_keep_the_arrays_type() -> None:
    """Counting alone reads nothing, and the column is an array of texts all the same."""
    assert properties_sql([CANCELLED]) == "ARRAY[CAST(NULL AS STRING)]"


def test_each_type_has_the_shares_of_its_meters() -> None:
    """A share is meter, dimensions as netstrings in the meter's order, and units as text."""
    origin = "COALESCE(CAST(CHAR_LENGTH(properties[3]) AS STRING) || ':' || properties[3], '-')"
    dest = "COALESCE(CAST(CHAR_LENGTH(properties[1]) AS STRING) || ':' || properties[1], '-')"
    kind = "ARRAY<ROW<meter_id STRING, dimensions STRING, units STRING>>"
    assert shares_sql([FLIGHTS, MILES, CANCELLED]) == (
        "CASE event_type WHEN 'cancelled' THEN CAST(ARRAY["
        "ROW(CAST('cancelled' AS STRING), CAST('' AS STRING), CAST('1' AS STRING))"
        f"] AS {kind}) WHEN 'departed' THEN CAST(ARRAY["
        f"ROW(CAST('flights' AS STRING), CAST({origin} AS STRING), CAST('1' AS STRING)), "
        f"ROW(CAST('miles' AS STRING), CAST({origin} || {dest} AS STRING),"
        f" CAST(properties[2] AS STRING))] AS {kind}) END"
    )
