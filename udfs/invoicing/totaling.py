"""Adds taxes and totals to the lines of an invoice."""

from __future__ import annotations

from dataclasses import replace

from schemas.invoice import BilledAccount, Invoice, InvoiceKind, InvoiceLine
from schemas.tax import TaxMode, TaxTreatment
from udfs.taxing import Taxable, TaxedAmounts, find_levies, not_taxed, tax_amounts


def add_taxes(billed: BilledAccount, draft: Invoice) -> Invoice:
    """Add taxes: for each line those of the last instant of its billing period.

    So a correction is taxed as what it corrects was, and a service that ends after a change of
    rate has the new one.

    Raises:
        MissingTaxRateError: The table has nothing for a line.
    """
    taxed = _taxed(billed, draft.lines)
    lines = tuple(
        replace(line, net_minor=net_minor, taxes=shares)
        for line, net_minor, shares in zip(draft.lines, taxed.nets, taxed.shares, strict=True)
    )
    return replace(draft, lines=lines, tax_lines=taxed.tax_lines)


def sum_up(billed: BilledAccount, draft: Invoice) -> Invoice:
    """Add totals and decide the kind: what is negative in all is a credit note."""
    lines, taxes = draft.lines, draft.tax_lines
    charged_minor = sum(line.amount_minor for line in lines)
    net_minor = sum(line.net_minor for line in lines)
    tax_minor = sum(tax.tax_minor for tax in taxes)
    added_minor = sum(tax.tax_minor for tax in taxes if tax.mode is TaxMode.EXCLUSIVE)
    shared_minor = sum(share.tax_minor for line in lines for share in line.taxes)
    assert net_minor + tax_minor == charged_minor + added_minor, "taxes lose money"
    assert shared_minor == tax_minor, "line taxes do not sum to the invoice's tax"
    total_minor = net_minor + tax_minor
    credit_minor = sum(each.amount_minor for each in draft.credits)
    payable_minor = total_minor + credit_minor
    is_negative = (total_minor or payable_minor) < 0
    return replace(
        draft,
        kind=InvoiceKind.CREDIT_NOTE if is_negative else InvoiceKind.INVOICE,
        charged_minor=charged_minor,
        net_minor=net_minor,
        tax_minor=tax_minor,
        total_minor=total_minor,
        credit_minor=credit_minor,
        payable_minor=payable_minor,
    )


def _taxed(billed: BilledAccount, lines: tuple[InvoiceLine, ...]) -> TaxedAmounts:
    buyer = billed.terms.buyer
    if not lines:
        return TaxedAmounts((), (), ())
    if buyer.treatment is not TaxTreatment.TAXED:
        return not_taxed([line.amount_minor for line in lines], buyer.treatment)
    taxables = []
    for line in lines:
        at_us = line.period_end_us - 1
        levies = find_levies(billed.tax_table, buyer.jurisdiction, line.product, at_us)
        taxables.append(Taxable(line.amount_minor, levies))
    return tax_amounts(taxables, billed.terms.rounding)
