"""docs/tables.md is what the declaration says."""

from pathlib import Path

import pytest

from jobs.describe_tables import main

DOCUMENT = Path(__file__).parents[2] / "docs" / "tables.md"


def test_the_document_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails: `python -m jobs.describe_tables > docs/tables.md`."""
    assert main([]) == 0
    assert capsys.readouterr().out == DOCUMENT.read_text()
