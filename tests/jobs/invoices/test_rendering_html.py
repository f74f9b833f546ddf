"""Invoices as HTML: every line and total, in four languages, accessible and escaped."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from jobs.invoices import render_html
from schemas.invoice import Invoice
from schemas.tax import TaxMode, TaxTable, TaxTreatment
from tests.jobs.invoices.examples import FOOTER, example, issued
from tests.udfs.invoicing.billing import MAR, charge, drafted, rate
from udfs.invoicing import void

VOID_TAGS = {"meta", "br"}


class Page(HTMLParser):
    """What a page holds: texts of cells by row, all tags with attributes, and its text."""

    def __init__(self, html: str) -> None:
        """Read a page."""
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a tag."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID_TAGS:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """Close a tag, the last that was opened."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep text, with that of its cell."""
        if "style" in self.open:
            return
        self.text += data
        if {"th", "td"} & set(self.open):
            self.rows[-1][-1] += f"|{data}" if "small" in self.open else data


# With a plain dash and x for what ruff takes for a mistake.
_PLAIN = {0x2013: "-", 0xD7: "x"}
ROWS = [
    ["Description", "Quantity", "Unit price", "Tax", "Amount"],
    [
        "api|Usage · calls · Jan 1, 2013 - Jan 31, 2013",
        "5,000 calls",
        "$0.002",
        "VAT 19%",
        "$10.00",
    ],
    [
        "landing · airport: <JFK>|Usage · Jan 1, 2013 - Jan 31, 2013"
        "|12 x $100.00 + 2.5 x $8.00 + $30.00",
        "14.5 landings",
        "",
        "VAT 19%",
        "$1,250.00",
    ],
    ["landing|Recurring fee · base · Jan 1, 2013 - Jan 31, 2013", "", "", "VAT 19%", "$49.00"],
    ["landing|Discount · loyal · Jan 1, 2013 - Jan 31, 2013", "", "", "VAT 19%", "-$50.00"],
    [
        "landing|Correction of INV-2012-000017 · Usage · Dec 1, 2012 - Dec 31, 2012",
        "from 15 to 16 landings",
        "",
        "VAT 19%",
        "-$70.00",
    ],
    ["Net total", "$1,189.00"],
    ["VAT 19% on $1,189.00", "$225.91"],
    ["Total", "$1,414.91"],
    ["Prepaid credit prepaid", "-$200.00"],
    ["Amount due", "$1,214.91"],
]


def test_each_line_and_total_is_there() -> None:
    """The table's rows, then the totals."""
    page = Page(render_html(issued(example())))
    assert [[cell.translate(_PLAIN) for cell in row] for row in page.rows] == ROWS
    assert page.open == []
    facts = ("INV-2013-000001", "February 1, 2013", "March 3, 2013", "acme", "DE123456789")
    assert [each for each in (*facts, *FOOTER) if each not in page.text] == []


def test_texts_are_escaped() -> None:
    """Names from outside are text, never markup."""
    evil = '</title><script>alert("1")</script>\'&'
    buyer = {"name": evil, "address": (evil,), "tax_number": evil}
    html = render_html(issued(example(buyer=buyer)))
    assert "<script" not in html
    page = Page(html)
    assert page.text.count(evil) == 3
    tags = {tag for tag, _ in Page(render_html(issued(example()))).tags}
    assert {tag for tag, _ in page.tags} == tags


def test_it_is_one_file() -> None:
    """Nothing is loaded from elsewhere, and nothing runs."""
    html = render_html(issued(example()))
    names = {name for _, attributes in Page(html).tags for name in attributes}
    assert names == {"lang", "charset", "name", "content", "class", "scope"}
    assert "url(" not in html
    assert "@import" not in html


def test_tables_are_accessible() -> None:
    """Headings have a scope, the table a caption, the page a language."""
    page = Page(render_html(issued(example("fr-FR", "EUR"))))
    assert ("html", {"lang": "fr-FR"}) in page.tags
    assert {each.get("scope") for tag, each in page.tags if tag == "th"} == {"col", "row"}
    assert [tag for tag, _ in page.tags].count("caption") == 1


@pytest.mark.parametrize(
    ("locale", "currency", "texts"),
    [
        ("de-DE", "EUR", ["Rechnung INV-2013-000001", "1. Februar 2013", "1.414,91\xa0€"]),
        ("fr-FR", "EUR", ["Facture INV-2013-000001", "1 février 2013", "1\u202f414,91\xa0€"]),
        ("ja-JP", "JPY", ["請求書 INV-2013-000001", "2013年2月1日", "￥141,491", "15 から 16 へ"]),
    ],
)
def test_other_languages(locale: str, currency: str, texts: list[str]) -> None:
    """Labels, days and amounts are those of the buyer's locale; JPY has no decimals."""
    text = Page(render_html(issued(example(locale, currency)))).text
    assert [each for each in texts if each not in text] == []


def test_drafts_and_void_invoices_say_so() -> None:
    """A draft has no number and no due date; a void one says why."""
    draft, made = example(), issued(example())
    gone = void(made, (), MAR, "wrong <address>")
    assert isinstance(gone, Invoice)
    texts = [Page(render_html(each)).text for each in (draft, made, gone)]
    assert ["Draft, not an invoice" in each for each in texts] == [True, False, False]
    assert ["Due date" in each for each in texts] == [False, True, True]
    assert ["Void: wrong <address>" in each for each in texts] == [False, False, True]


@pytest.mark.parametrize(
    ("treatment", "words"),
    [
        (TaxTreatment.REVERSE_CHARGE, "Steuerschuldnerschaft des Leistungsempfängers"),
        (TaxTreatment.EXEMPT, "Steuerfrei"),
    ],
)
def test_why_there_is_no_tax(treatment: TaxTreatment, words: str) -> None:
    """The words that the law wants, and the reason of an exempt buyer."""
    buyer = {"treatment": treatment, "exempt_reason": "§ 4 Nr. 2 UStG"}
    page = Page(render_html(issued(example("de-DE", "EUR", buyer=buyer))))
    assert [words, "0,00\xa0€"] in page.rows
    assert ("§ 4 Nr. 2 UStG" in page.text) is (treatment is TaxTreatment.EXEMPT)


def test_inclusive_prices() -> None:
    """1189.00 hold 189.84; the lines sum to the sum of lines, and the table says so."""
    table = TaxTable((rate(mode=TaxMode.INCLUSIVE),))
    page = Page(render_html(issued(example(tax_table=table))))
    assert page.rows[6:9] == [
        ["Sum of lines", "$1,189.00"],
        ["Net total", "$999.16"],
        ["VAT 19% on $999.16 (included in prices)", "$189.84"],
    ]
    assert "contain the taxes" in page.text


def test_credit_notes() -> None:
    """4.20 x 1.19 = 5.00: without a due date, and no negative amount to pay."""
    note = issued(drafted(charge(-420)))
    page = Page(render_html(note))
    assert "Credit note CN-2013-000001" in page.text
    assert "Due date" not in page.text
    assert page.rows[-1] == ["Amount in your favor", "$5.00"]


def test_the_same_invoice_gives_the_same_text() -> None:
    """No clock, no order of a set."""
    assert render_html(issued(example())) == render_html(issued(example()))
