"""An invoice as one HTML file without parts elsewhere: to read, and to print on A4."""

from __future__ import annotations

from html import escape

from jobs.invoices.presenting import Document, Row, present
from schemas.invoice import Invoice

_STYLE = """
@page { size: A4; margin: 18mm; }
* { box-sizing: border-box; }
body { font: 15px/1.45 "Helvetica Neue", Helvetica, Arial, "Hiragino Sans", "Yu Gothic",
  "Noto Sans CJK JP", sans-serif; color: #1d2430; background: #fff;
  max-width: 54rem; margin: 2rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.7rem; margin: 0 0 1.2rem; }
h2 { font-size: .85rem; margin: 0 0 .3rem; color: #56606e; font-weight: 600; }
.banner { border: 2px solid #b3261e; color: #b3261e; font-weight: 700; padding: .4rem .8rem;
  margin: 0 0 1.2rem; }
.head { display: flex; flex-wrap: wrap; gap: 1.5rem 3rem; margin-bottom: 2rem; }
.head > * { flex: 1 1 14rem; }
address { font-style: normal; }
address strong { display: block; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .15rem 1rem; margin: 0; }
dt { color: #56606e; }
dd { margin: 0; }
table { width: 100%; border-collapse: collapse; }
caption { text-align: left; font-weight: 600; padding-bottom: .4rem; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th, td { padding: .45rem .5rem; vertical-align: top; text-align: left; }
thead th { border-bottom: 2px solid #1d2430; font-size: .85rem; }
tbody tr { border-bottom: 1px solid #d5dae1; }
tbody th { font-weight: 600; }
th.n, td.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
small { display: block; color: #56606e; font-weight: 400; }
.totals { width: auto; margin: 1.2rem 0 0 auto; break-inside: avoid; }
.totals tr { border: 0; }
.totals th { font-weight: 400; }
.totals .strong th, .totals .strong td { font-weight: 700; border-top: 1px solid #1d2430; }
footer { margin-top: 2.5rem; border-top: 1px solid #d5dae1; padding-top: .8rem; color: #3c4553; }
footer p { margin: 0 0 .2rem; }
@media print { body { margin: 0; padding: 0; max-width: none; font-size: 10pt; } }
"""


def render_html(invoice: Invoice) -> str:
    """Return an invoice as HTML, in the buyer's language; the same one gives the same text.

    Raises:
        LocaleError: The buyer's locale is not known.
    """
    document = present(invoice)
    banner = f'<p class="banner" role="note">{escape(document.banner)}</p>\n'
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(document.language)}">\n<head>\n'
        '<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(document.title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{escape(document.title)}</h1>\n"
        f"{banner if document.banner else ''}{_head(document)}{_lines(document)}"
        f"{_totals(document)}</main>\n{_footer(document)}</body>\n</html>\n"
    )


def _head(document: Document) -> str:
    parties = "".join(
        f"<section>\n<h2>{escape(name)}</h2>\n<address><strong>{escape(lines[0])}</strong>"
        f"{'<br>'.join(map(escape, lines[1:]))}</address>\n</section>\n"
        for name, lines in document.parties
    )
    facts = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>\n" for name, text in document.facts
    )
    return f'<div class="head">\n{parties}<dl>\n{facts}</dl>\n</div>\n'


def _lines(document: Document) -> str:
    first, *others = document.columns
    heads = "".join(f'<th scope="col" class="n">{escape(each)}</th>' for each in others)
    rows = "".join(map(_row, document.rows))
    return (
        f"<table>\n<caption>{escape(document.caption)}</caption>\n"
        f'<thead><tr><th scope="col">{escape(first)}</th>{heads}</tr></thead>\n'
        f"<tbody>\n{rows}</tbody>\n</table>\n"
    )


def _row(row: Row) -> str:
    details = "".join(f"<small>{escape(each)}</small>" for each in row.details)
    cells = (row.quantity, row.unit_price, row.tax, row.amount)
    texts = "".join(f'<td class="n">{escape(each)}</td>' for each in cells)
    return f'<tr><th scope="row">{escape(row.title)}{details}</th>{texts}</tr>\n'


def _totals(document: Document) -> str:
    rows = "".join(
        f'<tr class="{"strong" if is_strong else "plain"}">'
        f'<th scope="row">{escape(name)}</th><td class="n">{escape(amount)}</td></tr>\n'
        for name, amount, is_strong in document.totals
    )
    return f'<table class="totals">\n<tbody>\n{rows}</tbody>\n</table>\n'


def _footer(document: Document) -> str:
    if not document.notes:
        return ""
    notes = "".join(f"<p>{escape(each)}</p>\n" for each in document.notes)
    return f"<footer>\n{notes}</footer>\n"
