"""Writes an invoice as files: canonical JSON, HTML to read, PDF to send."""

from pathlib import Path

from jobs.invoices.rendering_html import render_html
from jobs.invoices.rendering_pdf import render_pdf
from schemas.invoice import Invoice
from udfs.invoicing import encode_invoice


def write_files(invoice: Invoice, folder: Path) -> dict[str, str]:
    """Write an invoice into a folder; return the path of each kind of file.

    Args:
        invoice: In any state; one without a number is named by its id.
        folder: Is made if it is not there.

    Raises:
        OSError: A file cannot be written.
        UnprintableTextError: A text has a character that no font has.
    """
    name = invoice.number or invoice.invoice_id
    texts = {
        "json": encode_invoice(invoice),
        "html": render_html(invoice).encode(),
        "pdf": render_pdf(invoice),
    }
    folder.mkdir(parents=True, exist_ok=True)
    paths = {kind: folder / f"{name}.{kind}" for kind in texts}
    for kind, text in texts.items():
        paths[kind].write_bytes(text)
    return {kind: str(path) for kind, path in paths.items()}
