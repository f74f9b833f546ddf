"""A row is proved, or it is named; a seal is that of its row and events, or it is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jobs.proofs.sealed_rows import place_rows, sealed_trees, unproved_rows
from jobs.proofs.sealing import broken_seals
from tests.jobs.proofs.proved_view import ProvedView
from udfs.sealing import SealedTree

A_ROWS = {"A1", "A1-1", "A1-longest", "A1-longest-1"}


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("quantity = 5", "4 flight of 4 events, found 5 flight of 4 events"),
        ("event_count = 5", "4 flight of 4 events, found 4 flight of 5 events"),
        ("unit = 'mile'", "4 flight of 4 events, found 4 mile of 4 events"),
        ("dimensions = '[]'", "no such row, found 4 flight of 4 events"),
    ],
)
def test_a_row_that_differs_is_not_proved(change: str, line: str, view: ProvedView) -> None:
    """With what was expected and found."""
    view.change(f"UPDATE closed_usage SET {change} WHERE row_id = 'A1'")  # noqa: S608
    place_rows(view.usage.rows, view.usage.until)
    (row,) = unproved_rows(view.usage.rows)
    assert row.row_id == "A1"
    assert row.line.endswith(f"expected {line}")


def test_honest_seals_hold(view: ProvedView) -> None:
    """None is broken, and no row is unproved."""
    assert broken_seals(view.usage, view.seals) == ()
    assert unproved_rows(view.usage.rows) == ()
    roots = {row.row_id: tree for row, tree in sealed_trees(view.usage.rows, view.seals)}
    assert roots.keys() == view.seals.keys()


@pytest.mark.parametrize("most_events", [1, 4, 7, 8])
def test_portions_change_nothing(view: ProvedView, most_events: int) -> None:
    """The same roots in the same order, however few events are held at a time."""
    rows = view.usage.rows
    place_rows(rows, view.usage.until)
    roots = [
        [(row.row_id, tree.root) for row, tree in trees if isinstance(tree, SealedTree)]
        for trees in (
            sealed_trees(rows, view.seals),
            sealed_trees(rows, view.seals, most_events),
        )
    ]
    assert roots[0] == roots[1]
    assert roots[0] == [(row_id, view.seals[row_id].root) for row_id in sorted(view.seals)]


@pytest.mark.parametrize(
    ("sql", "row_ids"),
    [
        ("DELETE FROM audit_usage WHERE event_id = 'a3'", A_ROWS),
        ("UPDATE audit_usage SET fingerprint = 'other' WHERE event_id = 'a3'", A_ROWS),
        ("UPDATE audit_usage SET kafka_offset = 99 WHERE event_id = 'a3'", A_ROWS),
        (
            "UPDATE audit_usage SET quantity = 9 WHERE event_id = 'a3' AND meter_id = 'flights'",
            {"A1", "A1-1"},
        ),
        ("DELETE FROM audit_usage WHERE event_id = 'a6' AND is_retraction", A_ROWS),
        ("UPDATE usage_corrections SET quantity = 6 WHERE row_id = 'A1-1'", {"A1-1"}),
        ("UPDATE audit_rows SET quantity = 6 WHERE account_id = 'B'", {"B1", "B1-longest"}),
        ("DELETE FROM closed_usage WHERE row_id = 'B1'", {"B1"}),
    ],
)
def test_a_seal_that_is_contradicted_is_named(
    sql: str, row_ids: set[str], view: ProvedView
) -> None:
    """By the archive, or by the tables."""
    view.change(sql)
    assert {each.row_id for each in broken_seals(view.usage, view.seals)} == row_ids


@pytest.mark.parametrize(
    "changes", [{"root": "0" * 64}, {"event_count": 2}, {"unit": "mile"}, {"algorithm": "other"}]
)
def test_a_seal_that_was_changed_is_named(changes: dict[str, Any], view: ProvedView) -> None:
    """Whatever it says that its row does not."""
    forged = {**view.seals, "B1": replace(view.seals["B1"], **changes)}
    (broken,) = broken_seals(view.usage, forged)
    assert broken.row_id == "B1"
