"""What must hold between an invoice, its charges and their steps, checked again from what is kept.

Each function returns what does not, a line for each; none where all adds up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from schemas.charge import Charge
from schemas.invoice import Invoice, InvoiceLine
from schemas.money import Rounding
from schemas.statement import LineKind
from udfs.aggregating import plain_text
from udfs.charging import line_key
from udfs.rounding import to_minor


def invoice_faults(invoice: Invoice) -> Iterator[str]:
    """Yield where an invoice's sums are not those of its lines, taxes and credits."""
    name = f"invoice {invoice.number or invoice.invoice_id}"
    sums = {
        "charged": (invoice.charged_minor, sum(each.amount_minor for each in invoice.lines)),
        "net": (invoice.net_minor, sum(each.net_minor for each in invoice.lines)),
        "tax": (invoice.tax_minor, sum(each.tax_minor for each in invoice.tax_lines)),
        "total": (invoice.total_minor, invoice.net_minor + invoice.tax_minor),
        "credit": (invoice.credit_minor, sum(each.amount_minor for each in invoice.credits)),
        "payable": (invoice.payable_minor, invoice.total_minor + invoice.credit_minor),
    }
    for what, (found, expected) in sums.items():
        if found != expected:
            yield f"{name}, {what}: expected {expected} minor units, found {found}"


def line_faults(line: InvoiceLine, charges: Mapping[str, Charge], where: str) -> Iterator[str]:
    """Yield where a line of an invoice is not the sum of its charges.

    Args:
        line: The line.
        charges: By id, those of the invoice's account.
        where: What the line is called.
    """
    missing = [each for each in line.charge_ids if each not in charges]
    if missing:
        yield f"{where}: expected charges {', '.join(missing)}, found none of these ids"
        return
    expected = sum(charges[each].amount_minor for each in line.charge_ids)
    if line.amount_minor != expected:
        yield f"{where}: expected {expected} minor units of its charges, found {line.amount_minor}"
    last = charges[line.charge_ids[-1]]
    if line.quantity != last.quantity:
        expected_units, found = plain_text(last.quantity), plain_text(line.quantity)
        yield f"{where}, quantity: expected {expected_units} of its last charge, found {found}"


def charge_faults(
    charge: Charge, of_account: Sequence[Charge], rounding: Rounding | None
) -> Iterator[str]:
    """Yield where a charge is not what its steps and its revisions come to.

    Args:
        charge: The charge.
        of_account: All charges of its account.
        rounding: Of its rate card; None: the card is not there, which is said elsewhere.
    """
    name = f"charge {charge.charge_id}"
    breakdown = json.loads(charge.breakdown)
    exact = Fraction(breakdown["amount"])
    steps = sum((Fraction(each["amount"]) for each in breakdown["parts"]), Fraction(0))
    if steps != exact:
        yield f"{name}: expected steps of {exact}, found {steps}"
    if rounding is not None and to_minor(exact, charge.currency, rounding) != charge.total_minor:
        expected = to_minor(exact, charge.currency, rounding)
        yield f"{name}: expected {expected} minor units of {exact}, found {charge.total_minor}"
    revisions = revisions_until(charge, of_account)
    if [each.revision for each in revisions] != list(range(charge.revision + 1)):
        shown = [each.revision for each in revisions]
        yield f"{name}: expected revisions 0 to {charge.revision}, found {shown}"
    found = sum(each.amount_minor for each in revisions)
    if found != charge.total_minor:
        yield f"{name}: expected {charge.total_minor} minor units of revisions, found {found}"


def revisions_until(charge: Charge, of_account: Sequence[Charge]) -> list[Charge]:
    """Return the revisions of a charge's line up to it, in their order."""
    own = (charge.period_start_us, charge.period_end_us, line_key(charge))
    found = [
        each
        for each in of_account
        if (each.period_start_us, each.period_end_us, line_key(each)) == own
        and each.revision <= charge.revision
    ]
    return sorted(found, key=lambda each: each.revision)


def in_group(group: str, dimensions: str) -> bool:
    """Return whether usage of some dimensions is priced in a group of them.

    Args:
        group: Canonical JSON, as in a charge.
        dimensions: Canonical JSON, as in a row of usage.
    """
    wanted, given = json.loads(group), json.loads(dimensions)
    return all(name in given and given[name] == value for name, value in wanted.items())


def quantity_faults(charge: Charge, expected: Decimal, of_what: str) -> Iterator[str]:
    """Yield that a charge of usage has another quantity than its usage comes to."""
    assert charge.kind is LineKind.USAGE, charge.kind
    if charge.quantity != expected:
        shown = f"{plain_text(expected)} {charge.unit} of {of_what}"
        found = plain_text(charge.quantity)
        yield f"charge {charge.charge_id}: expected {shown}, found {found}"
