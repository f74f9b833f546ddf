"""What an invoice comes to in the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.invoice import Invoice


@dataclass(frozen=True, slots=True)
class BookedAmounts:
    """Amounts of an invoice, as an entry of the ledger needs them.

    Attributes:
        charged_minor: What all its charges come to, credit included: they are unbilled no more.
        tax_minor: Pairs of jurisdiction and all tax, where there is some.
        included_tax_minor: Pairs of product and the tax that its charges include, ordered by
            product: it was booked as sales and is none.
    """

    charged_minor: int
    tax_minor: tuple[tuple[str, int], ...]
    included_tax_minor: tuple[tuple[str, int], ...]


def booked_amounts(invoice: Invoice) -> BookedAmounts:
    """Return what an invoice is booked with; charges and tax, less what they include, are payable.

    Args:
        invoice: An invoice or credit note, issued.
    """
    included: dict[str, int] = {}
    for line in invoice.lines:
        contained_minor = line.amount_minor - line.net_minor
        included[line.product] = included.get(line.product, 0) + contained_minor
    taxes = {invoice.terms.buyer.jurisdiction: invoice.tax_minor}
    charged_minor = invoice.charged_minor + invoice.credit_minor
    owed_minor = charged_minor + invoice.tax_minor - sum(included.values())
    assert owed_minor == invoice.payable_minor, f"invoice {invoice.invoice_id}: {owed_minor}"
    return BookedAmounts(charged_minor, _some(taxes), _some(included))


def _some(amounts: dict[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((name, minor) for name, minor in sorted(amounts.items()) if minor)
