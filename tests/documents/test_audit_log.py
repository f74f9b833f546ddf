"""docs/audit-log.md: no program is forgotten, and the list of acts is that of the code."""

import re

import pytest

from schemas.manual_act import ActKind
from tests.documents.reading import ROOT, documents
from tests.jobs.test_manual_acts import NOT_HERE

DOCUMENT = "docs/audit-log.md"
PROGRAMS = sorted(
    path.stem for path in (ROOT / "jobs").glob("*.py") if "__main__" in path.read_text()
)


def _listed(heading: str) -> list[str]:
    """Return the lines of the table under a heading, without its head."""
    (section,) = re.findall(rf"^## {heading}$(.+?)^## ", documents()[DOCUMENT], re.M | re.S)
    return re.findall(r"^\| (`.+?) \|$", section, re.M)


ACTS, OTHERS = _listed("What stands in it"), _listed("What does not")
MANUAL = {re.findall(r"`jobs\.(\w+)", line)[0] for line in ACTS}
ROUTINE = [re.findall(r"^`jobs\.(\w+)", line)[0] for line in OTHERS]


def test_every_program_is_listed() -> None:
    """As one that people decide on, or as one that they do not, with the reason; some are both."""
    assert sorted(MANUAL | set(ROUTINE)) == PROGRAMS
    assert len(set(ROUTINE)) == len(ROUTINE)
    assert MANUAL & set(ROUTINE) == {"backfill_usage", "issue_invoices", "meter_usage"}


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_is_listed_as_manual_is_kept(program: str) -> None:
    """These programs wrap an act, and no other does."""
    wrapped = re.search(r"(with|return) recorded\(", (ROOT / f"jobs/{program}.py").read_text())
    assert (wrapped is not None) is (program in MANUAL)


def test_the_kinds_are_those_of_the_code() -> None:
    """Each once, but those of programs that are not here yet."""
    kinds = [ActKind(re.findall(r"^`(\w+)`", line)[0]) for line in ACTS]
    assert len(set(kinds)) == len(kinds)
    assert set(kinds) | NOT_HERE == set(ActKind)
