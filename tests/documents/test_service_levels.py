"""docs/service-levels.md: its table is the closed list, and its metrics are those that are told."""

import re

from jobs.describe_levels import describe_levels
from jobs.service_levels.rendering_prometheus import metric_name
from schemas.service_levels import LEVELS
from tests.documents.reading import blocks, documents

DOCUMENT = "docs/service-levels.md"


def test_the_table_is_the_closed_list() -> None:
    """Word for word: `python -m jobs.describe_levels` prints it."""
    assert f"\n\n{describe_levels()}\n" in documents()[DOCUMENT]


def test_the_metrics_are_told() -> None:
    """Each name in its examples is a level's, or one of those about all levels."""
    text = "".join(each.text for each in blocks(DOCUMENT, "text"))
    known = {metric_name(each, is_of_parts) for each in LEVELS for is_of_parts in (False, True)}
    known |= {"meterclose_service_verdict", "meterclose_service_measured_timestamp_seconds"}
    assert set(re.findall(r"\bmeterclose_\w+", text)) <= known


def test_names_are_unique() -> None:
    """A row, a metric and a line of the document are found by them."""
    assert len({each.name for each in LEVELS}) == len(LEVELS)
    assert len({metric_name(each) for each in LEVELS}) == len(LEVELS)
