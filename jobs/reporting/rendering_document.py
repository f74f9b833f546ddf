"""Shows an invoice on a terminal as it is printed: the same texts, in the buyer's language."""

from rich import box
from rich.console import Console, JustifyMethod
from rich.table import Table as TextTable
from rich.text import Text

from jobs.invoices.presenting import Document

_TITLE_WIDTH = 44


def print_document(console: Console, document: Document) -> None:
    """Print title, parties, lines, totals and notes of an invoice."""

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    say(f"{document.title} {document.banner}".strip())
    for label, lines in document.parties:
        say(f"{label}: {', '.join(lines)}")
    say("; ".join(f"{label}: {text}" for label, text in document.facts))
    table = TextTable(box=box.SIMPLE, padding=(0, 1, 0, 0))
    for place, column in enumerate(document.columns):
        is_text = place in (0, 3)
        justify: JustifyMethod = "left" if is_text else "right"
        width = _TITLE_WIDTH if place == 0 else None
        table.add_column(column, justify=justify, no_wrap=not is_text, min_width=width)
    for row in document.rows:
        title = "\n".join((row.title, *(f"  {each}" for each in row.details)))
        texts = (title, row.quantity, row.unit_price, row.tax, row.amount)
        table.add_row(*map(Text, texts))
    table.add_section()
    for label, amount, stands_out in document.totals:
        table.add_row(Text(label), "", "", "", amount, style="bold" if stands_out else None)
    console.print(table)
    for note in document.notes:
        say(note)
