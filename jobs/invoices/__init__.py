"""Invoices as documents for people: HTML to read and print, PDF to send."""

from jobs.invoices.rendering_html import render_html
from jobs.invoices.rendering_pdf import UnprintableTextError, render_pdf

__all__ = ["UnprintableTextError", "render_html", "render_pdf"]
