"""What an invoice says, as texts in the buyer's language; HTML and PDF only lay it out."""

from __future__ import annotations

import json
from dataclasses import dataclass

from jobs.invoices.localizing import Localizer
from schemas.invoice import Invoice, InvoiceKind, InvoiceLine, InvoiceState
from schemas.invoice_terms import Party
from schemas.tax import TaxMode, TaxTreatment

# Of a price with more steps, the amount alone is shown; the charge has them all.
_MOST_PARTS = 12
_TIMES = "\u00d7"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table.

    Attributes:
        title: What was sold.
        details: Smaller lines below it.
        quantity: With its unit; empty where there is none.
        unit_price: Empty where there is none, or several.
        tax: Names and rates.
        amount: As it was charged.
    """

    title: str
    details: tuple[str, ...]
    quantity: str
    unit_price: str
    tax: str
    amount: str


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice as texts.

    Attributes:
        language: Tag of the language, such as de-DE.
        title: Kind and number.
        banner: That it is a draft or void; else empty.
        facts: Pairs of label and text: number, days, period.
        parties: Pairs of label and lines.
        caption: What the table holds.
        columns: Headings of the table, one for each text of a row.
        rows: The lines.
        totals: Label, amount, and whether it stands out.
        notes: Lines below.
        page: Words of `{page}` and `{pages}`.
    """

    language: str
    title: str
    banner: str
    facts: tuple[tuple[str, str], ...]
    parties: tuple[tuple[str, tuple[str, ...]], ...]
    caption: str
    columns: tuple[str, str, str, str, str]
    rows: tuple[Row, ...]
    totals: tuple[tuple[str, str, bool], ...]
    notes: tuple[str, ...]
    page: str


def present(invoice: Invoice) -> Document:
    """Return what an invoice says.

    Raises:
        LocaleError: The buyer's locale is not known.
    """
    terms = invoice.terms
    words = Localizer(terms.buyer.locale, terms.currency)
    banner = ""
    if invoice.state is InvoiceState.VOID:
        banner = words.label("void")
    elif invoice.state is not InvoiceState.ISSUED:
        banner = words.label("draft")
    names = ("description", "quantity", "unit_price", "tax", "amount")
    description, quantity, unit_price, tax, amount = (words.label(each) for each in names)
    return Document(
        language=terms.buyer.locale,
        title=f"{words.label(invoice.kind.value)} {invoice.number}".strip(),
        banner=banner,
        facts=_facts(invoice, words),
        parties=(
            (words.label("seller"), _party(terms.seller, words)),
            (words.label("buyer"), _party(terms.buyer, words)),
        ),
        caption=words.label("lines"),
        columns=(description, quantity, unit_price, tax, amount),
        rows=tuple(_row(line, words) for line in invoice.lines),
        totals=_totals(invoice, words),
        notes=_notes(invoice, words),
        page=words.label("page", page="{page}", pages="{pages}"),
    )


def _facts(invoice: Invoice, words: Localizer) -> tuple[tuple[str, str], ...]:
    facts = []
    if invoice.number:
        facts.append(("number", invoice.number))
        facts.append(("issue_date", words.day(invoice.issue_date)))
        if invoice.kind is InvoiceKind.INVOICE:
            facts.append(("due_date", words.day(invoice.due_date)))
    served = [line for line in invoice.lines if line.quantity_before is None]
    if served:
        start_us = min(line.period_start_us for line in served)
        last = max(served, key=lambda line: line.period_end_us)
        period = words.period(start_us, last.period_end_us, last.timezone)
        facts.append(("service_period", period))
    facts.append(("account", invoice.terms.account_id))
    facts.append(("currency", invoice.terms.currency))
    return tuple((words.label(name), text) for name, text in facts)


def _party(party: Party, words: Localizer) -> tuple[str, ...]:
    number = (f"{words.label('tax_number')}: {party.tax_number}",) if party.tax_number else ()
    return (party.name, *party.address, *number)


def _row(line: InvoiceLine, words: Localizer) -> Row:
    groups = [f"{name}: {value}" for name, value in json.loads(line.group).items()]
    return Row(
        title=" · ".join((line.product, *groups)),
        details=tuple(each for each in (_origin(line, words), _steps(line, words)) if each),
        quantity=_quantity(line, words),
        unit_price=_unit_price(line, words),
        tax=", ".join(f"{each.tax_id} {words.rate(each.rate)}" for each in line.taxes),
        amount=words.money(line.amount_minor),
    )


def _origin(line: InvoiceLine, words: Localizer) -> str:
    """Return what a line is for, and its period; of a correction also what it corrects."""
    name = words.label(line.kind.value)
    # A price says no more than its product where both have one name.
    name = name if line.line_id == line.product else f"{name} · {line.line_id}"
    if line.quantity_before is not None:
        corrects = line.corrected_number
        of = f" {words.label('corrects', number=corrects)}" if corrects else ""
        name = f"{words.label('correction')}{of} · {name}"
    period = words.period(line.segment_start_us, line.segment_end_us, line.timezone)
    return f"{name} · {period}"


def _steps(line: InvoiceLine, words: Localizer) -> str:
    """Return how an amount was formed: units by prices, and fees; empty where one step says it."""
    parts = [each for each in line.parts if each.amount]
    if not 2 <= len(parts) <= _MOST_PARTS:
        return ""
    texts = [
        words.price(each.amount)
        if each.unit_price is None or each.quantity * each.unit_price != each.amount
        else f"{words.number(each.quantity)} {_TIMES} {words.price(each.unit_price)}"
        for each in parts
    ]
    return " + ".join(texts)


def _quantity(line: InvoiceLine, words: Localizer) -> str:
    now = words.number(line.quantity)
    if line.quantity_before is not None and line.unit:
        before = words.number(line.quantity_before)
        now = words.label("revised", before=before, now=now)
    elif not line.quantity and not line.unit:
        return ""
    return f"{now} {line.unit}".strip()


def _unit_price(line: InvoiceLine, words: Localizer) -> str:
    parts = [each for each in line.parts if each.amount]
    if len(parts) != 1 or parts[0].unit_price is None:
        return ""
    return words.price(parts[0].unit_price)


def _totals(invoice: Invoice, words: Localizer) -> tuple[tuple[str, str, bool], ...]:
    totals: list[tuple[str, str, bool]] = []
    if invoice.charged_minor != invoice.net_minor:
        totals.append((words.label("sum_of_lines"), words.money(invoice.charged_minor), False))
    totals.append((words.label("net"), words.money(invoice.net_minor), False))
    for tax in invoice.tax_lines:
        if tax.treatment is TaxTreatment.TAXED:
            key = "tax_in" if tax.mode is TaxMode.INCLUSIVE else "tax_on"
            base, rate = words.money(tax.base_minor), words.rate(tax.rate)
            name = words.label(key, tax=tax.tax_id, rate=rate, base=base)
        else:
            name = words.label(tax.treatment.value)
        totals.append((name, words.money(tax.tax_minor), False))
    totals.append((words.label("total"), words.money(invoice.total_minor), True))
    for each in invoice.credits:
        name = words.label("paid_credit", grant=each.grant_id)
        totals.append((name, words.money(each.amount_minor), False))
    if invoice.payable_minor < 0:
        name, amount_minor = words.label("in_your_favor"), -invoice.payable_minor
    else:
        name, amount_minor = words.label("payable"), invoice.payable_minor
    return (*totals, (name, words.money(amount_minor), True))


def _notes(invoice: Invoice, words: Localizer) -> tuple[str, ...]:
    buyer, notes = invoice.terms.buyer, []
    if invoice.void_reason:
        notes.append(words.label("void_reason", reason=invoice.void_reason))
    if any(each.mode is TaxMode.INCLUSIVE for each in invoice.tax_lines):
        notes.append(words.label("inclusive"))
    if buyer.treatment is not TaxTreatment.TAXED:
        notes.append(words.label(buyer.treatment.value))
    if buyer.exempt_reason and buyer.treatment is TaxTreatment.EXEMPT:
        notes.append(buyer.exempt_reason)
    return (*notes, *invoice.terms.footer)
