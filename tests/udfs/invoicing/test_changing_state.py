"""States of invoices: draft, approved, issued, void, and every change that is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.instant import to_us
from schemas.invoice import Invoice, InvoiceKind, InvoiceState, IssuedNumber, RefusalReason, Refused
from schemas.invoice_terms import Series
from schemas.statement import LineKind
from tests.udfs.invoicing.billing import (
    BUYER,
    FEB,
    MAR,
    SELLER,
    TERMS,
    charge,
    drafted,
    revised,
    try_issue,
)
from tests.udfs.invoicing.billing import issued as issue_draft
from udfs.invoicing import BrokenSeriesError, approve, issue, issued_number, void

LANDING = charge(10000)
DRAFT = drafted(LANDING)
STATES = {state: replace(DRAFT, state=state) for state in InvoiceState}
BERLIN, NEW_YORK, TOKYO = "Europe/Berlin", "America/New_York", "Asia/Tokyo"
NOON = to_us(datetime(2013, 2, 1, 12, tzinfo=UTC))


def issued(now_us: int = NOON, before: tuple[Invoice, ...] = (), draft: Invoice = DRAFT) -> Invoice:
    """Return an invoice issued at an instant."""
    return issue_draft(draft, now_us, before)


def test_an_invoice_is_approved_then_issued() -> None:
    """Only state, number and days are new; amounts and lines stay."""
    made = issued()
    assert (made.number, made.issue_date, made.due_date) == (
        "INV-2013-000001",
        "2013-02-01",
        "2013-03-03",
    )
    assert (made.state, made.approved_us, made.issued_us) == (InvoiceState.ISSUED, NOON, NOON)
    assert (
        replace(
            made,
            state=InvoiceState.DRAFT,
            number="",
            issue_date="",
            due_date="",
            approved_us=None,
            issued_us=None,
        )
        == DRAFT
    )


@pytest.mark.parametrize(
    ("instant", "seller_zone", "buyer_zone", "payment_days", "number", "issue_date", "due_date"),
    [
        # Past midnight in Berlin, evening of the day before in New York.
        ("2013-12-31T23:30", BERLIN, NEW_YORK, 0, "INV-2014-000001", "2014-01-01", "2013-12-31"),
        ("2013-12-31T22:30", BERLIN, TOKYO, 1, "INV-2013-000001", "2013-12-31", "2014-01-02"),
        # Days of a calendar, whatever the clocks do; a leap day.
        ("2013-03-09T12:00", "UTC", NEW_YORK, 30, "INV-2013-000001", "2013-03-09", "2013-04-08"),
        ("2012-02-28T12:00", "UTC", "UTC", 2, "INV-2012-000001", "2012-02-28", "2012-03-01"),
    ],
)
def test_days_are_those_of_the_zones(
    instant: str,
    seller_zone: str,
    buyer_zone: str,
    payment_days: int,
    number: str,
    issue_date: str,
    due_date: str,
) -> None:
    """Number and issue are of the seller's day, the due date of the buyer's."""
    terms = replace(
        TERMS,
        seller=replace(SELLER, timezone=seller_zone),
        buyer=replace(BUYER, timezone=buyer_zone),
        payment_days=payment_days,
    )
    now_us = to_us(datetime.fromisoformat(instant + "+00:00"))
    made = issued(now_us, draft=replace(DRAFT, terms=terms))
    assert (made.number, made.issue_date, made.due_date) == (number, issue_date, due_date)


def test_numbers_follow_each_other_over_void_ones() -> None:
    """A void invoice keeps its number; drafts and other series have none of this one."""
    first = issued()
    gone = void(first, (), NOON, "wrong address")
    assert isinstance(gone, Invoice)
    note = replace(DRAFT, kind=InvoiceKind.CREDIT_NOTE)
    noted = issued(NOON, (gone, DRAFT), note)
    assert (gone.number, noted.number) == ("INV-2013-000001", "CN-2013-000001")
    assert issued(NOON, (noted, DRAFT, gone)).number == "INV-2013-000002"


def test_many_are_issued_at_once() -> None:
    """Numbers in the given order, by series; one that is refused takes none."""
    approved = STATES[InvoiceState.APPROVED]
    note = replace(approved, kind=InvoiceKind.CREDIT_NOTE)
    before = issued_number(issued())
    assert before is not None
    made = issue([approved, note, DRAFT, approved, note], [before], NOON)
    assert [each.number if isinstance(each, Invoice) else each.reason for each in made] == [
        "INV-2013-000002",
        "CN-2013-000001",
        RefusalReason.NOT_APPROVED,
        "INV-2013-000003",
        "CN-2013-000002",
    ]
    assert issue([], [before], NOON) == ()


def test_a_series_without_years_counts_through_them() -> None:
    """Also where one seller's day is in the old year, and another's in the new one."""
    series = Series("R", by_year=False, digits=1)
    in_berlin = replace(TERMS, series=series)
    in_new_york = replace(in_berlin, seller=replace(SELLER, timezone=NEW_YORK))
    approved = STATES[InvoiceState.APPROVED]
    new_year_us = to_us(datetime(2014, 1, 1, 1, tzinfo=UTC))
    made = issue(
        [replace(approved, terms=terms) for terms in (in_berlin, in_new_york)], [], new_year_us
    )
    found = [(each.number, each.issue_date) for each in made if isinstance(each, Invoice)]
    assert found == [("R-1", "2014-01-01"), ("R-2", "2013-12-31")]


def test_a_draft_has_taken_no_number() -> None:
    """An issued invoice has, and a void one keeps it."""
    gone = void(issued(), (), NOON, "wrong address")
    assert isinstance(gone, Invoice)
    assert issued_number(DRAFT) is None
    assert issued_number(gone) == IssuedNumber("INV", "INV-2013-000001", "2013-02-01")


def test_a_gap_stops_the_series() -> None:
    """No invoice is issued after a number that is missing."""
    second = replace(issued(), number="INV-2013-000002")
    with pytest.raises(BrokenSeriesError, match="expected INV-2013-000001"):
        issued(NOON, (second,))


@pytest.mark.parametrize("state", [each for each in InvoiceState if each != "draft"])
def test_only_a_draft_is_approved(state: InvoiceState) -> None:
    """A second approval changes nothing."""
    refused = approve(STATES[state], NOON)
    assert isinstance(refused, Refused)
    assert refused.reason is RefusalReason.NOT_DRAFT
    assert refused.detail == f"invoice {DRAFT.invoice_id}: expected a draft, found {state}"


@pytest.mark.parametrize("state", [each for each in InvoiceState if each != "approved"])
def test_only_what_is_approved_is_issued(state: InvoiceState) -> None:
    """So nothing has two numbers."""
    refused = try_issue(STATES[state], (), NOON)
    assert isinstance(refused, Refused)
    assert refused.reason is RefusalReason.NOT_APPROVED
    expected = f"invoice {DRAFT.invoice_id}: expected an approved invoice, found {state}"
    assert refused.detail == expected


def test_days_of_a_series_never_go_back() -> None:
    """A greater number has the same day or a later one; another series is no matter."""
    first = issued()
    approved = STATES[InvoiceState.APPROVED]
    refused = try_issue(approved, (first,), NOON - 86_400_000_000)
    assert isinstance(refused, Refused)
    assert refused.reason is RefusalReason.BEFORE_LAST
    expected = f"invoice {DRAFT.invoice_id}: expected a day from 2013-02-01 on, found 2013-01-31"
    assert (refused.invoice_id, refused.detail) == (DRAFT.invoice_id, expected)
    other = replace(approved, terms=replace(TERMS, series=Series("X")))
    assert isinstance(try_issue(other, (first,), NOON - 86_400_000_000), Invoice)


@pytest.mark.parametrize("state", [each for each in InvoiceState if each != "void"])
def test_any_other_state_becomes_void(state: InvoiceState) -> None:
    """With a reason, in one line, and the instant."""
    gone = void(STATES[state], (STATES[state],), NOON, " wrong\n address ")
    assert isinstance(gone, Invoice)
    assert (gone.state, gone.voided_us, gone.void_reason) == ("void", NOON, "wrong address")


@pytest.mark.parametrize(
    ("state", "why", "reason", "detail"),
    [
        (
            InvoiceState.VOID,
            "again",
            RefusalReason.ALREADY_VOID,
            "an invoice that is not void, found void N-1",
        ),
        (InvoiceState.ISSUED, " \n", RefusalReason.NO_REASON, "a reason, found none"),
    ],
)
def test_void_is_refused(state: InvoiceState, why: str, reason: RefusalReason, detail: str) -> None:
    """A second time, or without a reason."""
    refused = void(replace(STATES[state], number="N-1"), (), NOON, why)
    expected = f"invoice {DRAFT.invoice_id}: expected {detail}"
    assert refused == Refused(DRAFT.invoice_id, reason, expected)


def test_what_was_corrected_later_is_not_void() -> None:
    """First the invoice that corrects it; then its charges and the corrections are one line."""
    first = issued()
    correction = revised(LANDING, 3000, MAR)
    other = charge(9000, period_start_us=FEB, period_end_us=MAR, due_us=MAR)
    charges = (LANDING, correction, other)
    second = issued(MAR, (first,), drafted(*charges, before=(first,), due_until_us=MAR))
    refused = void(first, (first, second), MAR, "wrong")
    detail = f"invoice {first.invoice_id}: expected no later invoice, found"
    assert refused == Refused(
        first.invoice_id,
        RefusalReason.CORRECTED_LATER,
        f"{detail} INV-2013-000002 that corrects it",
    )
    draft = replace(second, number="", sequence=3)
    assert void(first, (draft, second), MAR, "wrong") == refused
    told = void(first, (draft,), MAR, "wrong")
    assert isinstance(told, Refused)
    assert told.detail == f"{detail} {second.invoice_id} that corrects it"
    gone = void(second, (first, second), MAR, "wrong")
    assert isinstance(gone, Invoice)
    assert isinstance(void(first, (first, gone), MAR, "wrong"), Invoice)


def test_a_later_invoice_of_other_lines_is_no_matter() -> None:
    """It has nothing to do with this one."""
    first = issued()
    other = charge(9000, period_start_us=FEB, period_end_us=MAR, due_us=MAR)
    second = issued(MAR, (first,), drafted(LANDING, other, before=(first,), due_until_us=MAR))
    assert isinstance(void(first, (first, second), MAR, "wrong"), Invoice)


@pytest.mark.parametrize(
    "changes",
    [
        {"period_start_us": FEB - 5},
        {"period_end_us": MAR},
        {"segment_start_us": FEB - 5},
        {"kind": LineKind.MINIMUM},
        {"line_id": "other"},
        {"product": "other"},
        {"group": "other"},
    ],
)
def test_a_line_corrects_one_of_all_the_same_names(changes: dict[str, Any]) -> None:
    """Period, segment, kind, id, product and group."""
    first = issued()
    (line,) = first.lines
    later = replace(first, sequence=2)
    assert isinstance(void(first, (later,), MAR, "wrong"), Refused)
    later = replace(later, lines=(replace(line, **changes),))
    assert isinstance(void(first, (later,), MAR, "wrong"), Invoice)


def test_a_refused_invoice_asks_for_no_number() -> None:
    """Its series may be broken: that of others is not."""
    other = replace(DRAFT, terms=replace(TERMS, series=Series("X")))
    gap = IssuedNumber("X", "X-2013-000005", "2013-01-01")
    refused, made = issue([other, STATES[InvoiceState.APPROVED]], [gap], NOON)
    assert isinstance(refused, Refused)
    assert isinstance(made, Invoice)
