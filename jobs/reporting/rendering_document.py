"""Shows an invoice on a terminal as it is printed: the same texts, in the buyer's language."""

from rich import box
from rich.console import Console
from rich.table import Table as TextTable
from rich.text import Text

from jobs.invoices.presenting import Document

_TITLE_WIDTH = 18
_QUANTITY_WIDTH = 18
_TAX_WIDTH = 12


def print_document(console: Console, document: Document) -> None:
    """Print title, parties, lines, totals and notes of an invoice."""

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    say(f"{document.title} {document.banner}".strip())
    for label, lines in document.parties:
        say(f"{label}: {', '.join(lines)}")
    say("; ".join(f"{label}: {text}" for label, text in document.facts))
    table = TextTable(box=box.SIMPLE, padding=(0, 1, 0, 0))
    title, quantity, unit_price, tax, amount = document.columns
    table.add_column(title, min_width=_TITLE_WIDTH)
    table.add_column(quantity, justify="right", max_width=_QUANTITY_WIDTH)
    table.add_column(unit_price, justify="right", no_wrap=True)
    table.add_column(tax, max_width=_TAX_WIDTH)
    table.add_column(amount, justify="right", no_wrap=True)
    for row in document.rows:
        what = "\n".join((row.title, *(f"  {each}" for each in row.details)))
        texts = (what, row.quantity, row.unit_price, row.tax, row.amount)
        table.add_row(*map(Text, texts))
    table.add_section()
    for label, amount, stands_out in document.totals:
        table.add_row(Text(label), "", "", "", amount, style="bold" if stands_out else None)
    console.print(table)
    for note in document.notes:
        say(note)
