"""Drafts of invoices: which charges they take, how lines read, credit, minimum, credit notes."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from schemas.charge import Charge
from schemas.invoice import (
    Invoice,
    InvoiceKind,
    InvoiceState,
    NoInvoice,
    NothingReason,
)
from schemas.statement import LineKind
from schemas.tax import MissingTaxRateError, TaxMode, TaxTable, TaxTreatment
from tests.udfs.invoicing.billing import (
    BUYER,
    FEB,
    JAN,
    MAR,
    TERMS,
    billed,
    charge,
    drafted,
    paid_credit,
    rate,
    revised,
)
from udfs.invoicing import INVOICE_STEPS, draft_invoice, invoice_charge_ids

LANDING = charge(10000, quantity=Decimal(15))


def issued(draft: Invoice, number: str = "INV-2013-000001") -> Invoice:
    """Return a draft as if it was issued."""
    return replace(draft, state=InvoiceState.ISSUED, number=number)


def test_steps_stand_in_this_order() -> None:
    """Lines, then tax, then credit as a payment, then totals."""
    names = [step.__name__ for step in INVOICE_STEPS]
    assert names == ["gather_lines", "add_taxes", "apply_credit", "sum_up"]


def test_a_draft_has_all_totals() -> None:
    """100.00 less 10.00, 19 % of 90.00 = 17.10; 50.00 of 107.10 are paid by credit."""
    discount = charge(-1000, kind=LineKind.DISCOUNT, line_id="loyal", unit="")
    draft = drafted(discount, paid_credit(-5000), LANDING)
    assert [line.line_id for line in draft.lines] == ["landing", "loyal"]
    assert (draft.kind, draft.state, draft.sequence) == ("invoice", "draft", 1)
    totals = (draft.charged_minor, draft.net_minor, draft.tax_minor, draft.total_minor)
    assert totals == (9000, 9000, 1710, 10710)
    assert (draft.credit_minor, draft.payable_minor) == (-5000, 5710)


def test_credit_that_was_given_away_comes_before_tax() -> None:
    """It has a product, so it is a line: 19 % of 90.00; what was paid for has none."""
    given = charge(-1000, kind=LineKind.CREDIT, line_id="gift", unit="")
    assert drafted(LANDING, given).tax_minor == 1710
    assert drafted(LANDING, paid_credit(-1000)).tax_minor == 1900


def test_credits_are_summed_by_grant() -> None:
    """A grant's charges are one payment."""
    b = paid_credit(-300, "b")
    draft = drafted(LANDING, b, paid_credit(-100, "a"), revised(b, -200, FEB))
    assert [(each.grant_id, each.amount_minor) for each in draft.credits] == [
        ("a", -100),
        ("b", -200),
    ]


@pytest.mark.parametrize(("due_us", "is_taken"), [(FEB - 1, True), (FEB, True), (FEB + 1, False)])
def test_charges_are_taken_when_they_are_due(due_us: int, is_taken: bool) -> None:
    """Up to the instant, itself included."""
    late = charge(500, line_id="late", due_us=due_us)
    assert (late.charge_id in invoice_charge_ids(drafted(LANDING, late))) is is_taken


def test_nothing_is_invoiced_twice() -> None:
    """With its draft among those before, a charge is taken; with nothing else, nothing is due."""
    draft = drafted(LANDING)
    assert draft_invoice(billed(LANDING, before=(draft,))) == NoInvoice(
        NothingReason.NOTHING_DUE, 0, ()
    )


def test_a_second_run_makes_the_same_draft() -> None:
    """In whatever order charges and invoices before come; the next invoice has another id."""
    fee = charge(700, kind=LineKind.RECURRING_FEE, line_id="base", unit="")
    assert drafted(LANDING, fee) == drafted(fee, LANDING)
    first = drafted(LANDING)
    second = drafted(LANDING, fee, before=(first,))
    assert second.sequence == 2
    assert first.invoice_id != second.invoice_id
    assert invoice_charge_ids(second) == (fee.charge_id,)


def test_charges_of_a_void_invoice_are_taken_again() -> None:
    """Under another id: the one before stays what it was."""
    first = replace(drafted(LANDING), state=InvoiceState.VOID)
    again = drafted(LANDING, before=(first,))
    assert invoice_charge_ids(again) == (LANDING.charge_id,)
    assert again.invoice_id != first.invoice_id


def test_revisions_invoiced_together_are_one_line() -> None:
    """No correction: nobody was told the first amount. The breakdown is the last one's."""
    draft = drafted(LANDING, revised(LANDING, 12000, FEB, quantity=16))
    (line,) = draft.lines
    assert (line.amount_minor, line.quantity, line.quantity_before) == (12000, Decimal(16), None)
    assert len(line.charge_ids) == 2
    assert line.parts


def test_a_correction_names_its_period_and_invoice() -> None:
    """After the lines of this period, with what was priced before."""
    first = issued(drafted(LANDING))
    correction = revised(LANDING, 3000, MAR, quantity=16)
    other = charge(9000, period_start_us=FEB, period_end_us=MAR, due_us=MAR)
    draft = drafted(LANDING, correction, other, before=(first,), due_until_us=MAR)
    now, corrected = draft.lines
    assert (now.period_start_us, now.quantity_before, now.corrected_number) == (FEB, None, "")
    assert (corrected.period_start_us, corrected.corrected_number) == (JAN, "INV-2013-000001")
    assert (corrected.quantity_before, corrected.quantity) == (Decimal(15), Decimal(16))
    assert (corrected.amount_minor, corrected.parts) == (-7000, ())
    assert draft.charged_minor == 2000


@pytest.mark.parametrize("state", [InvoiceState.DRAFT, InvoiceState.APPROVED])
def test_a_correction_waits_for_the_number_of_its_invoice(state: InvoiceState) -> None:
    """All revisions after it do; other lines do not."""
    first = replace(drafted(LANDING), state=state)
    second = revised(LANDING, 3000, MAR)
    third = revised(second, 2000, MAR)
    other = charge(9000, period_start_us=FEB, period_end_us=MAR, due_us=MAR)
    charges = (LANDING, second, third, other)
    draft = drafted(*charges, before=(first,), due_until_us=MAR)
    assert invoice_charge_ids(draft) == (other.charge_id,)
    after = drafted(*charges, before=(issued(first), draft), due_until_us=MAR)
    assert invoice_charge_ids(after) == tuple(sorted((second.charge_id, third.charge_id)))


def test_a_late_line_corrects_its_period() -> None:
    """It is the first of its line, and due after the period's own invoice: from nothing."""
    late = charge(500, line_id="late", due_us=MAR)
    (line,) = drafted(late, due_until_us=MAR).lines
    assert (line.quantity_before, line.corrected_number) == (Decimal(0), "")


def test_a_fee_in_advance_is_no_correction() -> None:
    """It is due before its period ends."""
    fee = charge(700, kind=LineKind.RECURRING_FEE, period_start_us=FEB, period_end_us=MAR)
    (line,) = drafted(fee).lines
    assert line.quantity_before is None


def test_a_correction_has_the_tax_of_its_period() -> None:
    """The rate of the last instant of January holds, though it is another since February."""
    table = TaxTable((rate("VAT", "19"), rate("VAT", "16", effective_from_us=FEB)))
    correction = revised(LANDING, 0, MAR)
    other = charge(10000, period_start_us=FEB, period_end_us=MAR, due_us=MAR)
    before = (issued(drafted(LANDING)),)
    draft = drafted(LANDING, correction, other, before=before, due_until_us=MAR, tax_table=table)
    assert [(str(tax.rate), tax.tax_minor) for tax in draft.tax_lines] == [
        ("0.16", 1600),
        ("0.19", -1900),
    ]


def test_what_is_negative_in_all_is_a_credit_note() -> None:
    """With its tax, and with the credit that goes back to its grant."""
    credit = paid_credit(-10000)
    first = issued(drafted(LANDING, credit))
    back = (revised(LANDING, 3000, MAR), revised(credit, -3000, MAR))
    note = drafted(LANDING, credit, *back, before=(first,), due_until_us=MAR)
    assert note.kind is InvoiceKind.CREDIT_NOTE
    assert (note.net_minor, note.tax_minor, note.total_minor) == (-7000, -1330, -8330)
    assert (note.credit_minor, note.payable_minor) == (7000, -1330)


def test_credit_alone_decides_by_what_is_payable() -> None:
    """A grant that pays more, by a correction of a grant before it: a credit note."""
    note = drafted(paid_credit(-100))
    assert (note.kind, note.total_minor, note.payable_minor) == ("credit_note", 0, -100)


def test_credit_does_not_make_an_invoice_a_credit_note() -> None:
    """Something was sold: 1.19, of which more was paid than was due."""
    draft = drafted(charge(100), paid_credit(-500))
    assert (draft.kind, draft.total_minor, draft.payable_minor) == ("invoice", 119, -381)


@pytest.mark.parametrize(
    ("amount", "is_made"),
    [(4201, False), (4202, True), (-4201, False), (-4202, True), (0, False)],
)
def test_less_than_the_minimum_is_carried_over(amount: int, is_made: bool) -> None:
    """42.02 x 1.19 = 50.00; what is less stays for the next, of credit notes too."""
    terms = replace(TERMS, minimum=Decimal(50))
    one = charge(amount)
    made = draft_invoice(billed(one, terms=terms))
    if is_made:
        assert isinstance(made, Invoice)
    else:
        total = round(amount * Decimal("1.19"))
        assert made == NoInvoice(NothingReason.BELOW_MINIMUM, total, (one.charge_id,))


def test_what_was_carried_over_is_in_the_next() -> None:
    """Its charges were never taken; its line is of its own period."""
    terms = replace(TERMS, minimum=Decimal(50))
    small = charge(1000)
    assert isinstance(draft_invoice(billed(small, terms=terms)), NoInvoice)
    other = charge(9000, period_start_us=FEB, period_end_us=MAR, due_us=MAR)
    draft = drafted(small, other, terms=terms, due_until_us=MAR)
    assert [line.period_start_us for line in draft.lines] == [JAN, FEB]
    assert all(line.quantity_before is None for line in draft.lines)


def test_prepaid_usage_is_invoiced_whatever_is_payable() -> None:
    """The minimum is one of the total: what credit has paid needs its invoice."""
    terms = replace(TERMS, minimum=Decimal(50), buyer=replace(BUYER, treatment=TaxTreatment.EXEMPT))
    draft = drafted(LANDING, paid_credit(-10000), terms=terms)
    assert (draft.total_minor, draft.payable_minor) == (10000, 0)


def test_without_a_minimum_a_total_of_nothing_is_an_invoice() -> None:
    """It shows the usage that cost nothing, and its charges are done with."""
    draft = drafted(charge(0))
    assert (draft.total_minor, draft.kind) == (0, "invoice")


@pytest.mark.parametrize("treatment", [TaxTreatment.REVERSE_CHARGE, TaxTreatment.EXEMPT])
def test_a_buyer_that_is_not_taxed(treatment: TaxTreatment) -> None:
    """Needs no rate in the table, and the invoice says why there is no tax."""
    terms = replace(TERMS, buyer=replace(BUYER, treatment=treatment))
    draft = drafted(LANDING, terms=terms, tax_table=TaxTable(()))
    assert [(each.treatment, each.base_minor) for each in draft.tax_lines] == [(treatment, 10000)]
    assert draft.total_minor == draft.charged_minor == 10000


def test_inclusive_prices_stay_what_they_are() -> None:
    """119.00 holds 19.00: the total is the sum of the charges."""
    table = TaxTable((rate(mode=TaxMode.INCLUSIVE),))
    draft = drafted(charge(11900), tax_table=table)
    assert (draft.charged_minor, draft.net_minor) == (11900, 10000)
    assert (draft.tax_minor, draft.total_minor) == (1900, 11900)
    (line,) = draft.lines
    assert (line.amount_minor, line.net_minor) == (11900, 10000)


def test_an_untaxed_product_is_an_error() -> None:
    """Nothing in the table says that it is not taxed."""
    with pytest.raises(MissingTaxRateError, match=r"'landing'.*'DE'"):
        draft_invoice(billed(LANDING, tax_table=TaxTable(())))


@pytest.mark.parametrize(
    "other", [charge(1, account_id="other"), charge(1, currency="EUR")], ids=["account", "currency"]
)
def test_charges_of_others_break_an_invariant(other: Charge) -> None:
    """The caller gives those of one account and currency."""
    found = (other.account_id, other.currency)
    message = f"charge {other.charge_id}: expected ('acme', 'USD'), found {found}"
    with pytest.raises(AssertionError, match=re.escape(message)):
        draft_invoice(billed(other))


def test_a_missing_invoice_breaks_an_invariant() -> None:
    """Without all of them, ids and what is taken would be wrong."""
    second = replace(drafted(LANDING), sequence=2)
    with pytest.raises(AssertionError, match="found a gap"):
        draft_invoice(billed(LANDING, before=(second,)))
