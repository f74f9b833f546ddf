"""Invoices, for any charges, cuts, approvals and voids: all is invoiced once, and sums."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from schemas.charge import Charge
from schemas.invoice import BilledAccount, Invoice, InvoiceState, NoInvoice
from schemas.tax import TaxMode, TaxTable
from tests.udfs.invoicing.billing import (
    FEB,
    JAN,
    MAR,
    TERMS,
    billed,
    charge,
    issued,
    paid_credit,
    revised,
)
from tests.udfs.invoicing.billing import rate as tax_rate
from udfs.invoicing import (
    decode_invoice,
    draft_invoice,
    encode_invoice,
    invoice_charge_ids,
    void,
)

DUES = [JAN, FEB, MAR]
AMOUNTS = st.integers(-9_999, 9_999)
TABLES = [
    TaxTable((tax_rate(),)),
    TaxTable((tax_rate(mode=TaxMode.INCLUSIVE),)),
    TaxTable((tax_rate("GST", "5"), tax_rate("QST", "9.975", on_taxes=("GST",)))),
    TaxTable((tax_rate("VAT", "7"), tax_rate(product_class="other")), (("other", "other"),)),
    TaxTable((tax_rate(effective_until_us=FEB - 1),)),
]


@st.composite
def charges(draw: st.DrawFn) -> list[Charge]:
    """Return charges with their revisions, due at any of three instants, never before the last."""
    made: list[Charge] = []
    for n in range(draw(st.integers(1, 5))):
        product = draw(st.sampled_from(["landing", "other"]))
        kind = draw(st.sampled_from([charge, charge, paid_credit]))
        fields = {"product": product, "line_id": f"line-{n}"} if kind is charge else {}
        due = draw(st.integers(0, 2))
        last = kind(draw(AMOUNTS), due_us=DUES[due], **fields)
        last = replace(last, charge_id=f"{n}.0", line_id=f"line-{n}")
        made.append(last)
        for _ in range(draw(st.integers(0, 3))):
            due = draw(st.integers(due, 2))
            last = revised(last, draw(AMOUNTS), DUES[due])
            made.append(last)
    return draw(st.permutations(made))


def amount_of(invoice: Invoice) -> int:
    """Return what charges of an invoice come to, credit included."""
    return invoice.charged_minor + invoice.credit_minor


def run(draw: st.DataObject, account: BilledAccount) -> list[Invoice]:
    """Invoice an account at three instants; now and then the last invoice is made void."""
    invoices: list[Invoice] = []
    for due_us in [*DUES, MAR, MAR]:
        now = replace(account, before=tuple(invoices), due_until_us=due_us)
        draft = draft_invoice(now)
        if isinstance(draft, NoInvoice):
            continue
        assert draft_invoice(now) == draft
        made = issued(draft, due_us, invoices)
        if due_us < MAR and draw.draw(st.booleans()):
            gone = void(made, invoices, due_us, "wrong")
            assert isinstance(gone, Invoice)
            made = gone
        invoices.append(made)
    return invoices


@given(st.data(), charges(), st.sampled_from(TABLES), st.sampled_from(["0", "20"]))
def test_every_charge_is_invoiced_once(
    draw: st.DataObject, made: list[Charge], table: TaxTable, minimum: str
) -> None:
    """Invoices that are not void hold each charge once; the rest is below the minimum."""
    terms = replace(TERMS, minimum=Decimal(minimum))
    account = billed(*made, tax_table=table, terms=terms)
    invoices = run(draw, account)
    valid = [each for each in invoices if each.state is not InvoiceState.VOID]
    ids = sorted(charge_id for each in valid for charge_id in invoice_charge_ids(each))
    assert len(set(ids)) == len(ids)
    rest = draft_invoice(replace(account, before=tuple(invoices), due_until_us=MAR))
    assert isinstance(rest, NoInvoice)
    assert abs(rest.total_minor) < int(minimum) * 100 or not rest.charge_ids
    assert sorted((*ids, *rest.charge_ids)) == sorted(each.charge_id for each in made)
    left = {each.charge_id: each.amount_minor for each in made}
    due = sum(left[charge_id] for charge_id in rest.charge_ids)
    assert sum(map(amount_of, valid)) + due == sum(left.values())


@given(st.data(), charges(), st.sampled_from(TABLES))
def test_totals_are_charges_and_taxes(
    draw: st.DataObject, made: list[Charge], table: TaxTable
) -> None:
    """Of each invoice, from its own lines; its JSON gives it back."""
    for each in run(draw, billed(*made, tax_table=table)):
        added = [tax for tax in each.tax_lines if tax.mode is TaxMode.EXCLUSIVE]
        assert each.total_minor == each.charged_minor + sum(tax.tax_minor for tax in added)
        assert each.total_minor == each.net_minor + each.tax_minor
        assert each.payable_minor == each.total_minor + each.credit_minor
        shares = [share.tax_minor for line in each.lines for share in line.taxes]
        assert sum(shares) == sum(tax.tax_minor for tax in each.tax_lines) == each.tax_minor
        assert decode_invoice(encode_invoice(each)) == each


@given(st.data(), charges())
def test_numbers_have_no_gap(draw: st.DataObject, made: list[Charge]) -> None:
    """Of each series and year: 1, 2, 3, ... in the order of issue."""
    counts: dict[str, int] = {}
    for each in run(draw, billed(*made)):
        match = re.fullmatch(r"((?:INV|CN)-20\d\d)-(\d{6})", each.number)
        assert match is not None
        counts[match[1]] = counts.get(match[1], 0) + 1
        assert int(match[2]) == counts[match[1]]
