"""docs/doctor.md: every check stands there, and the output is that of these checks."""

import re

from jobs.diagnosing.diagnosing import CHECKS
from schemas.finding import Verdict
from tests.documents.reading import blocks, documents

TEXT = documents()["docs/doctor.md"]


def test_every_check_is_told() -> None:
    """No other, and none is left out."""
    rows = re.findall(r"^\| (`.+?`) \| ", TEXT, re.MULTILINE)
    assert sorted(re.findall(r"`([^`]+)`", " ".join(rows))) == sorted(CHECKS)


def test_the_output_is_that_of_the_checks() -> None:
    """Each of them in the whole output, with a verdict that there is."""
    whole, part = [block.text for block in blocks("docs/doctor.md", "text")]
    row = re.compile(r"^  (\S[\w ]*?) {2,}(\w+) {2,}\S", re.MULTILINE)
    assert list(dict.fromkeys(name for name, _ in row.findall(whole)[1:])) == list(CHECKS)
    told = row.findall(whole)[1:] + row.findall(part)
    assert {verdict for _, verdict in told} <= {verdict.value for verdict in Verdict}
