"""docs/metrics.md: its tables are the catalogue."""

from jobs.describe_metrics import CATALOGUE, describe_metrics
from tests.documents.reading import documents


def test_the_tables_are_the_catalogue() -> None:
    """Word for word: `python -m jobs.describe_metrics` prints them."""
    assert documents()["docs/metrics.md"].endswith(f"## The catalogue\n\n{describe_metrics()}")


def test_names_are_unique() -> None:
    """A metric is told by one source."""
    assert len({each.name for each in CATALOGUE}) == len(CATALOGUE)
