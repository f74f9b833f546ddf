"""What does not add up between an invoice and its events is said, whatever was changed."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from jobs.proofs.explaining import ExplainedWorld
from jobs.proofs.proving import UnsealedRowError, prove_event
from schemas.seal import ProofKind
from tests.jobs.proofs.proved_view import ProvedView
from udfs.sealing import verify_proof


def faults_of(view: ProvedView, world: ExplainedWorld | None = None) -> tuple[str, ...]:
    """Return what does not add up on the invoice's line of usage."""
    return (world or view.world()).explain_invoice(view.invoice, 1).faults


def test_an_honest_invoice_adds_up(view: ProvedView) -> None:
    """All its lines, and each charge by itself."""
    assert view.world().explain_invoice(view.invoice, None).faults == ()
    for charge in view.charges:
        assert view.world().explain_charge(charge).faults == ()


@pytest.mark.parametrize(
    ("sql", "line"),
    [
        (
            "UPDATE closed_usage SET event_count = 5 WHERE row_id = 'A1'",
            "row A1 of closed_usage: expected 4 events of the archive, found 5",
        ),
        (
            "UPDATE closed_usage SET quantity = 5 WHERE row_id = 'A1'",
            "usage_totals: revisions that do not add up",
        ),
        (
            "UPDATE usage_corrections SET quantity_delta = 2, quantity = 6 WHERE row_id = 'A1-1'",
            "row A1-1 of usage_corrections: expected 1 flight of its events, found 2",
        ),
        ("DELETE FROM usage_corrections", "expected row A1-1 of usage, found none"),
        (
            "UPDATE metering_windows SET event_count = 2 WHERE event_count = 1",
            "expected 1 events of the archive, found 2",
        ),
        (
            "DELETE FROM metering_windows WHERE event_window_start = '2013-01-17 00:00:00+00'",
            "expected a metering window of each event, found none of 1, the first a3 of gate",
        ),
        (
            "DELETE FROM audit_usage WHERE event_id = 'a3'",
            "row A1 of closed_usage: expected 3 events of the archive, found 4",
        ),
        (
            "DELETE FROM audit_usage WHERE event_id = 'a5'",
            "row A1-1 of usage_corrections: expected 0 events of the archive, found 1",
        ),
    ],
)
def test_changed_usage_is_found(sql: str, line: str, view: ProvedView) -> None:
    """Rows, windows, and what the archive has."""
    view.change(sql)
    assert any(line in fault for fault in faults_of(view)), faults_of(view)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"quantity": Decimal(6)}, "expected 5 flight of its rows, found 6"),
        ({"total_minor": 1001}, "expected 1000 minor units of 10, found 1001"),
        ({"amount_minor": 1001}, "line 1: expected 1001 minor units of its charges, found 1000"),
        ({"amount_minor": 999}, "expected 1000 minor units of revisions, found 999"),
        ({"revision": 1}, "expected revisions 0 to 1, found [1]"),
        ({"card_version": 7}, "expected rate card standard, version 7, found none"),
        ({"usage_row_ids": '["A1"]'}, "expected 4 flight of its rows, found 5"),
        ({"usage_row_ids": '["A1","gone"]'}, "expected row gone of usage, found none"),
        (
            {"breakdown": '{"amount":"10","parts":[{"label":"","quantity":"5","amount":"11"}]}'},
            "expected steps of 10, found 11",
        ),
    ],
)
def test_a_changed_charge_is_found(changes: Any, line: str, view: ProvedView) -> None:
    """Its quantity, its steps, its rounding, its revisions."""
    world = view.world(replace(view.charge, **changes))
    assert any(line in fault for fault in faults_of(view, world)), faults_of(view, world)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"charged_minor": 1}, "charged: expected 8200 minor units, found 1"),
        ({"tax_minor": 1}, "tax: expected 550 minor units, found 1"),
        ({"payable_minor": 1}, "payable: expected 8750 minor units, found 1"),
    ],
)
def test_a_changed_invoice_is_found(changes: Any, line: str, view: ProvedView) -> None:
    """Its sums are those of lines, taxes and credits."""
    invoice = replace(view.invoice, **changes)
    faults = view.world().explain_invoice(invoice, 1).faults
    assert any(line in fault for fault in faults), faults


def test_a_charge_that_is_gone_is_found(view: ProvedView) -> None:
    """The line names it."""
    world = ExplainedWorld(view.usage, (), view.lists, view.seals, True)
    (fault,) = world.explain_invoice(view.invoice, 1).faults
    assert f"expected charges {view.charge.charge_id}, found none" in fault


@pytest.mark.parametrize("repaired", [1, 2])
def test_what_was_repaired_adds_up_as_a_whole(repaired: int, view: ProvedView) -> None:
    """A row that lost an event, and an adjustment that gives it back: no more, no less."""
    view.change("UPDATE closed_usage SET quantity = 3, event_count = 3 WHERE row_id = 'A1'")
    view.change("UPDATE usage_corrections SET quantity = 4, event_count = 4 WHERE row_id = 'A1-1'")
    view.change(
        "INSERT INTO brought_back_usage BY NAME SELECT 'A1-back' AS row_id,"  # noqa: S608
        " 'usage_adjustments' AS source_table, 'a' AS source_row_id, 'ada' AS decided_by,"
        f" '' AS reason, cut AS decided_at, {repaired} AS quantity, {repaired} AS event_count,"
        " * EXCLUDE (row_id, quantity, breakdown, event_count, revision, cut) FROM closed_usage"
        " WHERE row_id = 'A1'"
    )
    row_ids = '["A1","A1-1","A1-back"]'
    world = view.world(replace(view.charge, usage_row_ids=row_ids))
    faults = faults_of(view, world)
    if repaired == 1:
        assert faults == ()
    else:
        assert any(
            "adjusted: expected 5 events of the archive, found 6" in fault for fault in faults
        )


def test_windows_that_are_not_kept_are_not_missed(view: ProvedView) -> None:
    """A setting leaves them out."""
    view.change("DELETE FROM metering_windows")
    world = ExplainedWorld(view.usage, view.charges, view.lists, view.seals, False)
    assert faults_of(view, world) == ()


def test_each_event_of_the_rows_is_proved_in_and_others_out(view: ProvedView) -> None:
    """By the last of the rows; an event that went back is in none."""
    rows = view.world().explain_charge(view.charge).charges[0].rows
    for event_id in ("a1", "a2", "a3", "a4", "a5"):
        (proof,) = prove_event(view.usage, rows, view.seals, ("gate", event_id))
        assert proof.kind is ProofKind.INCLUSION
    for event_id in ("a0", "a6", "u6", "b1", "z"):
        (proof,) = prove_event(view.usage, rows, view.seals, ("gate", event_id))
        assert proof.kind is ProofKind.NON_INCLUSION


def test_all_events_of_the_rows_are_proved(view: ProvedView) -> None:
    """Those of the last row; that there are no others follows from its root."""
    rows = view.world().explain_charge(view.charge).charges[0].rows
    (proof,) = prove_event(view.usage, rows, view.seals, None)
    assert [json.loads(each.leaf)[1] for each in proof.leaves] == ["a1", "a2", "a3", "a4", "a5"]
    assert verify_proof(proof, [view.seals["A1-1"].root]) is None


def test_what_is_not_sealed_proves_nothing(view: ProvedView) -> None:
    """Without a seal, or where it is not that of the events."""
    rows = view.world().explain_charge(view.charge).charges[0].rows
    with pytest.raises(UnsealedRowError, match="A1-1: expected a seal, found none: run python"):
        prove_event(view.usage, rows, {}, ("gate", "a1"))
    other = {**view.seals, "A1-1": replace(view.seals["A1-1"], root="0" * 64)}
    with pytest.raises(UnsealedRowError, match=f"A1-1: expected root {'0' * 64} of its seal"):
        prove_event(view.usage, rows, other, ("gate", "a1"))
    view.change("DELETE FROM audit_usage WHERE event_id = 'a3'")
    with pytest.raises(UnsealedRowError, match="found 4 events in the archive"):
        prove_event(view.usage, rows, view.seals, ("gate", "a1"))
