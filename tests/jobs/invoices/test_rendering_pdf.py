"""Invoices as PDF: every line and total, on numbered pages with the table's header on each."""

from __future__ import annotations

from pathlib import Path

import pytest
import reportlab

from jobs.invoices import UnprintableTextError, render_pdf
from schemas.invoice import Invoice
from schemas.statement import LineKind
from tests.jobs.invoices.examples import FOOTER, example, issued
from tests.jobs.invoices.reading_pdf import page_texts
from tests.udfs.invoicing.billing import MAR, TERMS, charge, drafted
from udfs.invoicing import void

# A TrueType font with letters of Poland, which comes with reportlab.
FONT = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"


def whole_text(invoice: Invoice, font_file: Path | None = None) -> str:
    """Return the text of all pages, in one line; a space that does not break is written as one."""
    return "".join(page_texts(render_pdf(invoice, font_file))).replace("\n", "")


def test_each_line_and_total_is_there() -> None:
    """The same texts as in HTML."""
    (page,) = page_texts(render_pdf(issued(example())))
    lines = page.split("\n")
    expected = [
        *("Invoice INV-2013-000001", "February 1, 2013", "March 3, 2013", "acme", *FOOTER),
        *("api", "5,000 calls", "$0.002", "$10.00", "14.5 landings", "$1,250.00", "$49.00"),
        *("-$50.00", "-$70.00", "Net total", "$1,189.00", "VAT 19% on $1,189.00", "$225.91"),
        *("Total", "$1,414.91", "Prepaid credit prepaid", "-$200.00", "Amount due", "$1,214.91"),
        "Page 1 of 1",
    ]
    assert [each for each in expected if each not in lines] == []
    text = "".join(lines)
    assert "landing · airport: <JFK>" in text
    assert "Correction of INV-2012-000017" in text


@pytest.mark.parametrize(
    ("locale", "currency", "texts"),
    [
        ("de-DE", "EUR", ["Rechnung INV-2013-000001", "1. Februar 2013", "1.414,91 €"]),
        ("fr-FR", "EUR", ["Facture INV-2013-000001", "1 février 2013", "1 414,91 €"]),
        ("ja-JP", "JPY", ["請求書 INV-2013-000001", "2013年2月1日", "￥141,491", "1 / 1 ページ"]),
    ],
)
def test_other_languages(locale: str, currency: str, texts: list[str]) -> None:
    """Each character is in a font that has it."""
    text = whole_text(issued(example(locale, currency)))
    assert [each for each in texts if each not in text] == []


def test_japanese_is_in_a_japanese_font() -> None:
    """One that readers bring along; a page without Japanese does not ask for it."""
    assert b"HeiseiKakuGo-W5" in render_pdf(issued(example("ja-JP", "JPY")))
    assert b"HeiseiKakuGo-W5" not in render_pdf(issued(example()))


def test_long_invoices_have_numbered_pages() -> None:
    """The table's header is on each page that has lines, and no line is lost."""
    charges = [charge(100 + n, line_id=f"fee-{n:03}") for n in range(120)]
    pages = page_texts(render_pdf(issued(drafted(*charges))))
    assert len(pages) > 3
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page.split("\n")
        assert "Unit price" in page.split("\n")
    text = "".join(pages)
    assert [n for n in range(120) if text.count(f"fee-{n:03}") != 1] == []


def test_drafts_and_void_invoices_say_so() -> None:
    """In a frame above all else."""
    made = issued(example())
    gone = void(made, (), MAR, "wrong address")
    assert isinstance(gone, Invoice)
    texts = [whole_text(each) for each in (example(), made, gone)]
    assert ["Draft, not an invoice" in each for each in texts] == [True, False, False]
    assert ["Void: wrong address" in each for each in texts] == [False, False, True]


def test_markup_in_names_is_text() -> None:
    """Names from outside are printed as they are."""
    name = '<b a="x"/>&amp;&'
    assert name in whole_text(issued(example(buyer={"name": name})))


def test_the_same_invoice_gives_the_same_bytes() -> None:
    """No clock, no random id."""
    assert render_pdf(issued(example())) == render_pdf(issued(example()))


@pytest.mark.parametrize("name", ["東京株式会社", "서울 주식회사", "北京汉语", "Crème & Söhne"])
def test_characters_of_built_in_fonts(name: str) -> None:
    """Western Europe, Japan, Korea, China."""
    assert name in whole_text(issued(example(buyer={"name": name})))


def test_other_characters_need_a_font() -> None:
    """Nothing is printed wrong in silence; with a font that has them, it is printed."""
    made = issued(example(buyer={"name": "Łukasz"}))
    with pytest.raises(UnprintableTextError, match=r"text 'Łukasz': expected .*, found 'Ł'"):
        render_pdf(made)
    with pytest.raises(UnprintableTextError, match="found 'Ж'"):
        render_pdf(issued(example(buyer={"name": "Жук"})))
    assert b"BitstreamVera" in render_pdf(made, FONT)
    with pytest.raises(UnprintableTextError, match="found '\U0001f6ec'"):
        render_pdf(issued(example(buyer={"name": "\U0001f6ec"})), FONT)


def test_an_invoice_without_lines_has_a_page() -> None:
    """Credit alone, of a correction."""
    note = drafted(charge(-5, kind=LineKind.CREDIT, product=""), terms=TERMS)
    (page,) = page_texts(render_pdf(note))
    assert "$0.05" in page
