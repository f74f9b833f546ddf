"""docs/reconciling-charges.md: every kind of difference stands there, in the order of the list."""

import re

from audit.books.differences import DifferenceKind
from tests.documents.reading import documents

TEXT = documents()["docs/reconciling-charges.md"]


def test_every_kind_is_told() -> None:
    """No other, and none is left out."""
    told = re.findall(r"^\| `(\w+)` \| .+ \|$", TEXT, re.MULTILINE)
    assert told == [kind.value for kind in DifferenceKind]
