"""The words of invoices: complete in each language."""

import re

import pytest

from jobs.invoices.labels import LABELS, LANGUAGES, label
from schemas.invoice import InvoiceKind
from schemas.statement import LineKind
from schemas.tax import TaxTreatment


@pytest.mark.parametrize("key", LABELS)
def test_each_language_has_all_words(key: str) -> None:
    """None is empty, and what stands in braces is the same in all."""
    words = LABELS[key]
    assert len(words) == len(LANGUAGES)
    assert all(each.strip() for each in words)
    assert len({tuple(sorted(re.findall(r"\{\w+\}", each))) for each in words}) == 1


def test_kinds_have_words() -> None:
    """Of lines, documents, and why there is no tax."""
    kinds = [*LineKind, *InvoiceKind, TaxTreatment.EXEMPT, TaxTreatment.REVERSE_CHARGE]
    assert [each for each in kinds if each.value not in LABELS] == []


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Invoice"), ("de", "Rechnung"), ("fr", "Facture"), ("ja", "請求書"), ("it", "Invoice")],
)
def test_words_of_a_language(language: str, words: str) -> None:
    """A language that is not in the table gets English."""
    assert label("invoice", language) == words
