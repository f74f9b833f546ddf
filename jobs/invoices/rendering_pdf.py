"""An invoice as PDF on A4, with the header of the table and `page x of y` on each page."""

from __future__ import annotations

from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from jobs.invoices.fonts import REGULAR, Fonts, UnprintableTextError
from jobs.invoices.presenting import Document, Row, present
from schemas.invoice import Invoice

__all__ = ["UnprintableTextError", "render_pdf"]

_INK, _GRAY, _RULE, _RED = map(HexColor, ("#1d2430", "#56606e", "#d5dae1", "#b3261e"))
_MARGIN = 18 * mm
_WIDTH = A4[0] - 2 * _MARGIN
_COLUMNS = [_WIDTH * share for share in (0.40, 0.17, 0.14, 0.13, 0.16)]
# What a page's frame, and a cell, adds on each side.
_PADDING = 6
_LEFT, _RIGHT = 0, 2
_CELL_SIZE, _LEADING = 9, 1.35


def render_pdf(invoice: Invoice, font_file: Path | None = None) -> bytes:
    """Return an invoice as PDF in the buyer's language; the same one gives the same bytes.

    Args:
        invoice: The invoice.
        font_file: TrueType font for what Helvetica does not have. Without it there is what Western
            Europe, Japan, Korea and China write.

    Raises:
        LocaleError: The buyer's locale is not known.
        UnprintableTextError: No font has one of its characters.
    """
    document = present(invoice)
    fonts = Fonts(font_file)
    story = [*_head(document, fonts), _lines(document, fonts), Spacer(0, 5 * mm)]
    story += [_totals(document, fonts), Spacer(0, 8 * mm)]
    story += [_text(each, fonts, size=8.5, color=_GRAY) for each in document.notes]
    written = BytesIO()
    template = SimpleDocTemplate(
        written,
        pagesize=A4,
        leftMargin=_MARGIN - _PADDING,
        rightMargin=_MARGIN - _PADDING,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN + 6 * mm,
        title=document.title,
        author=invoice.terms.seller.name,
        lang=document.language,
        invariant=1,
    )
    template.build(story, canvasmaker=partial(_NumberedCanvas, document=document, fonts=fonts))
    return written.getvalue()


class _NumberedCanvas(Canvas):
    """Keeps its pages until the last, so that each can say how many there are."""

    def __init__(self, *args: Any, document: Document, fonts: Fonts, **options: Any) -> None:
        super().__init__(*args, **options)
        self._document, self._fonts = document, fonts
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        pages = self._pages
        for number, page in enumerate(pages, start=1):
            self.__dict__.update(page)
            words = self._document.page.format(page=number, pages=len(pages))
            foot = _text(words, self._fonts, size=8, color=_GRAY, align=_RIGHT)
            foot.wrapOn(self, _WIDTH, 10 * mm)
            foot.drawOn(self, _MARGIN, 12 * mm)
            super().showPage()
        super().save()


def _text(
    text: str,
    fonts: Fonts,
    *,
    size: float = 9.5,
    color: HexColor = _INK,
    align: int = _LEFT,
    bold: bool = False,
) -> Paragraph:
    style = ParagraphStyle(
        "text", fontName=REGULAR, fontSize=size, leading=size * _LEADING, textColor=color
    )
    style.alignment = align
    # Breaks between any two characters, which only lines of Japanese need.
    style.wordWrap = "CJK" if fonts.is_east_asian(text) else None
    return Paragraph(fonts.markup(text, bold), style)


def _head(document: Document, fonts: Fonts) -> list[Any]:
    parts: list[Any] = [_text(document.title, fonts, size=17, bold=True), Spacer(0, 4 * mm)]
    if document.banner:
        banner = Table([[_text(document.banner, fonts, color=_RED, bold=True)]], [_WIDTH])
        banner.setStyle(TableStyle([("BOX", (0, 0), (-1, -1), 1.2, _RED)]))
        parts += [banner, Spacer(0, 4 * mm)]
    parties = [
        [
            _text(name, fonts, size=8, color=_GRAY),
            _text(lines[0], fonts, bold=True),
            *(_text(each, fonts) for each in lines[1:]),
        ]
        for name, lines in document.parties
    ]
    facts = [
        [_text(name, fonts, size=8.5, color=_GRAY), _text(text, fonts, size=8.5)]
        for name, text in document.facts
    ]
    wide, narrow = _WIDTH * 0.42, _WIDTH * 0.29
    inner = Table(facts, [wide * 0.40, wide * 0.60], style=_flush(1))
    head = Table([[*parties, inner]], [narrow, narrow, wide], style=_flush(0))
    return [*parts, head, Spacer(0, 8 * mm)]


def _flush(below: float) -> TableStyle:
    return TableStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
            ("BOTTOMPADDING", (0, 0), (-1, -1), below),
        ]
    )


def _lines(document: Document, fonts: Fonts) -> LongTable:
    heads = [
        _text(each, fonts, size=8.5, bold=True, align=_RIGHT if place else _LEFT)
        for place, each in enumerate(document.columns)
    ]
    table = LongTable(
        [heads, *(_row(each, fonts) for each in document.rows)], _COLUMNS, repeatRows=1
    )
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("ALIGN", (1, 1), (-1, -1), "RIGHT"),
                ("FONT", (1, 1), (-1, -1), REGULAR, _CELL_SIZE, _CELL_SIZE * _LEADING),
                ("TEXTCOLOR", (1, 1), (-1, -1), _INK),
                ("LEFTPADDING", (0, 0), (0, -1), 0),
                ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
                ("LINEBELOW", (0, 0), (-1, 0), 1.2, _INK),
                ("LINEBELOW", (0, 1), (-1, -1), 0.4, _RULE),
            ]
        )
    )
    return table


def _row(row: Row, fonts: Fonts) -> list[Any]:
    details = [_text(each, fonts, size=8, color=_GRAY) for each in row.details]
    cells = (row.quantity, row.unit_price, row.tax, row.amount)
    texts = [_cell(each, width, fonts) for each, width in zip(cells, _COLUMNS[1:], strict=True)]
    return [[_text(row.title, fonts, bold=True), *details], *texts]


def _cell(text: str, width: float, fonts: Fonts) -> str | Paragraph:
    """Return a text aligned to the right; what fits in one line is laid out much faster."""
    plain = fonts.plain(text)
    if plain is not None and stringWidth(plain, REGULAR, _CELL_SIZE) <= width - 2 * _PADDING:
        return plain
    return _text(text, fonts, size=_CELL_SIZE, align=_RIGHT)


def _totals(document: Document, fonts: Fonts) -> Table:
    rows = [
        [
            _text(name, fonts, bold=is_strong, align=_RIGHT),
            _text(amount, fonts, bold=is_strong, align=_RIGHT),
        ]
        for name, amount, is_strong in document.totals
    ]
    table = Table(rows, [_WIDTH * 0.55, _WIDTH * 0.20], hAlign="RIGHT")
    strong = [number for number, each in enumerate(document.totals) if each[2]]
    table.setStyle(
        TableStyle(
            [
                ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
                ("NOSPLIT", (0, 0), (-1, -1)),
                *(("LINEABOVE", (0, each), (-1, each), 0.8, _INK) for each in strong),
            ]
        )
    )
    return table
