"""docs/semantics.md: every rule names a test that is there, every scenario belongs to a rule."""

import re

import pytest

from tests.documents.reading import ROOT, documents

NAME = re.compile(r"`(test_\w+)(?:\[(\w+)\])?`")
FILES = {path.stem for path in (ROOT / "tests" / "scenarios").glob("*.txt")}


def chapters(text: str) -> dict[str, list[str]]:
    """Return the paragraphs of each chapter; a list item is one, on one line."""
    found = {}
    for chapter in text.split("\n## ")[1:]:
        title, _, body = chapter.partition("\n")
        joined = re.sub(r"\n(?!-|\n)\s*", " ", body)
        found[title] = [line.strip() for line in joined.splitlines() if line.strip()]
    return found


CHAPTERS = chapters(documents()["docs/semantics.md"])
RULES = [rule for title, rules in CHAPTERS.items() if title != "Not yet" for rule in rules]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule[2:50])
def test_every_rule_names_its_tests(rule: str) -> None:
    """A rule is a list item, and nobody writes one without a test; scenarios are files."""
    assert rule.startswith("- ")
    found = NAME.findall(rule)
    assert found
    for name, parameter in found:
        assert (name == "test_scenario") == bool(parameter), rule
        assert not parameter or parameter in FILES, parameter


def test_every_scenario_belongs_to_a_rule() -> None:
    """No file is there that says nothing about a rule."""
    assert {parameter for rule in RULES for _, parameter in NAME.findall(rule)} - {""} == FILES


def test_the_chapters_are_there() -> None:
    """A text that is read wrongly would leave nothing to check."""
    assert [*CHAPTERS] == [
        "Time and periods",
        "Ingestion",
        "Closing, late data, corrections",
        "Aggregations",
        "Ledger",
        "Invoices",
    ]
    assert len(RULES) > 50


def test_a_rule_without_a_test_is_found() -> None:
    """A list item goes over several lines; its names may stand on any."""
    (rules,) = chapters("# T\n\n## C\n\n- A rule\n  goes on.\n- B. `test_b`\n").values()
    assert rules == ["- A rule goes on.", "- B. `test_b`"]
    assert not NAME.findall(rules[0])
