"""Charges and invoices explain themselves down to events, and what does not add up is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from iceberg.charge_tables import CHARGES
from iceberg.invoice_tables import INVOICES
from iceberg.tables import CLOSED_USAGE
from jobs import roll_up_windows, verify_proof
from jobs.explain_charge import main
from schemas.charge import Charge
from tests.jobs.pricing_world import CARDS, CONTRACTS, World
from tests.jobs.proofs.tampering import rewrite

Output = pytest.CaptureFixture[str]
NUMBER = "INV-2013-000001"


def run(world: World, *arguments: str) -> int:
    """Explain."""
    return main(["--settings", str(world.settings), *arguments], {})


def explained(world: World, capsys: Output, *arguments: str) -> dict[str, Any]:
    """Return an explanation that adds up, as JSON."""
    assert run(world, "--json", *arguments) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["faults"] == []
    return found


def usage_charge(world: World, account_id: str = "A") -> Charge:
    """Return an account's charge of usage."""
    (found,) = [each for each in world.charges(account_id) if each.kind == "usage"]
    return found


def test_a_charge_down_to_its_events(invoiced: World, capsys: Output) -> None:
    """Steps, rows, windows, and each event with its place; one that went back, both ways."""
    found = explained(invoiced, capsys, usage_charge(invoiced).charge_id)
    (charge,) = found["charges"]
    assert charge["steps"] == [
        {"label": "tier up to 5", "quantity": "5", "unit_price": "2", "amount": "10"}
    ]
    closed, late = charge["rows"]
    assert (closed["table"], closed["quantity"], closed["event_count"]) == ("closed_usage", "4", 4)
    events = [(each["event_id"], each["quantity"]) for each in closed["events"]]
    taken_back = [("a6", "1"), ("a6", "-1")]
    assert events == [("a1", "1"), ("a2", "1"), ("a3", "1"), ("a4", "1"), *taken_back]
    assert [each["event_count"] for each in closed["windows"]] == [1, 1, 1, 1, -1, 1]
    (event,) = late["events"]
    assert (event["event_id"], event["kafka_offset"]) == ("a5", 8)
    assert (event["event_time"], event["log_time"]) == (
        "2013-01-20T00:00:00Z",
        "2013-02-03T00:00:00Z",
    )


def test_an_invoice_is_a_readable_tree(invoiced: World, capsys: Output) -> None:
    """Each line with its charges; fees have steps and no usage."""
    assert run(invoiced, "--invoice", NUMBER) == 0
    text = capsys.readouterr().out
    for part in (
        f"invoice {NUMBER} of A: 87.50 USD, issued",
        "line 1: usage landing, 10.00 USD",
        "tier up to 5",
        "closed_usage A1, revision 0",
        "adds 1 flight of 1 events, now 5 of 5",
        "a6 (taken back)",
        "line 4: recurring_fee desk, 31.00 USD",
        "All of it adds up.",
    ):
        assert part in text, part
    assert max(map(len, text.splitlines())) <= 100
    assert run(invoiced, "--invoice", NUMBER, "--line", "2") == 0
    text = capsys.readouterr().out
    assert "line 2" in text
    assert "line 1" not in text


@pytest.mark.slow
def test_a_rolled_up_window_still_explains(invoiced: World, capsys: Output) -> None:
    """Events are in the day that holds their minute, also where two rows share a day."""
    days = ["--hours-after-days", "1", "--days-after-days", "2", "--now", "2013-06-01T00:00:00Z"]
    settings = ["--settings", str(invoiced.settings)]
    assert roll_up_windows.main([*settings, *days], {}, lambda: 0) == 0
    capsys.readouterr()
    found = explained(invoiced, capsys, usage_charge(invoiced).charge_id)
    closed, _ = found["charges"][0]["rows"]
    assert [each["event_window_s"] for each in closed["windows"]] == [86_400] * 5
    assert [each["event_count"] for each in closed["windows"]] == [2, 1, 1, -1, 1]


@pytest.mark.slow
def test_parts_of_a_period_add_up(sealed: World, capsys: Output) -> None:
    """With another price from the middle of January on, each charge has the events of its part."""
    again = CARDS.partition("rate_cards:\n")[2]
    later = again.replace("version: 1", "version: 2").replace("2013-01-01", "2013-01-16")
    sealed.load(f"{CARDS}{later}", CONTRACTS)
    sealed.price()
    capsys.readouterr()
    parts = [each for each in sealed.charges("A") if each.kind == "usage"]
    assert sorted(int(each.quantity) for each in parts) == [2, 3]
    for each in parts:
        explained(sealed, capsys, each.charge_id)
    rewrite(
        sealed,
        CHARGES,
        lambda row: {**row, "quantity": row["quantity"] + 1} if row["quantity"] == 2 else row,
    )
    (part,) = [each for each in parts if each.quantity == 2]
    assert run(sealed, part.charge_id) == 1
    assert "expected 2 flight of the events in its part of the period, found 3" in (
        capsys.readouterr().err
    )


def test_what_does_not_add_up_ends_with_one(invoiced: World, capsys: Output) -> None:
    """A line each, also where the invoice's own text was changed."""
    rewrite(
        invoiced,
        CLOSED_USAGE,
        lambda row: {**row, "event_count": 5} if row["row_id"] == "A1" else row,
    )
    assert run(invoiced, "--invoice", NUMBER, "--line", "1") == 1
    error = capsys.readouterr().err
    assert error == "row A1 of closed_usage: expected 4 events of the archive, found 5\n"
    rewrite(
        invoiced,
        INVOICES,
        lambda row: {**row, "content": row["content"].replace(":1000,", ":1001,")},
    )
    assert run(invoiced, "--invoice", NUMBER, "--line", "1") == 1
    assert capsys.readouterr().err.startswith(f"invoices, {NUMBER}: expected content_hash ")


@pytest.mark.parametrize(
    ("event_id", "shows"),
    [("a3", "is counted in the row"), ("a6", "is NOT counted")],
)
def test_an_event_is_proved(
    event_id: str, shows: str, invoiced: World, capsys: Output, tmp_path: Path
) -> None:
    """And anybody verifies the file without tables; one that is changed is refuted."""
    path = tmp_path / "proof.json"
    event = ["--event", "gate", event_id, "--proof", str(path)]
    assert run(invoiced, usage_charge(invoiced).charge_id, *event) == 0
    text = capsys.readouterr().out
    assert f"The proof holds: event {event_id} of gate {shows}" in text
    root = text.rpartition("root: ")[2].strip()
    assert verify_proof.main([str(path), "--root", root], {}) == 0
    assert shows in capsys.readouterr().out
    assert verify_proof.main([str(path), "--root", "0" * 64], {}) == 1
    assert "other_root" in capsys.readouterr().err
    assert verify_proof.main([str(path), "--json"], {}) == 0
    assert json.loads(capsys.readouterr().out)["holds"]
    path.write_text(path.read_text().replace(event_id, "other", 1))
    assert verify_proof.main([str(path), "--json"], {}) == (1 if event_id == "a3" else 0)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ((), "expected a charge or --invoice, found neither"),
        (("c", "--invoice", NUMBER), "expected a charge or --invoice, found both"),
        (("c", "--line", "1"), "expected --invoice beside it, found none"),
        (("c", "--proof", "f"), "expected --event or --complete beside it, found none"),
        (
            ("c", "--event", "s", "e", "--complete"),
            "expected --event or --complete, found both",
        ),
        (("c",), "charge: expected the id of one, found 'c'"),
        (("--invoice", NUMBER, "--line", "5"), "expected a line from 1 to 4, found 5"),
        (
            ("--invoice", NUMBER, "--line", "2", "--event", "gate", "a1"),
            "proof: expected a charge of sealed usage, found none",
        ),
    ],
)
def test_a_mistake_is_one_line(
    arguments: tuple[str, ...], found: str, invoiced: World, capsys: Output
) -> None:
    """With exit code 2."""
    assert run(invoiced, *arguments) == 2
    error = capsys.readouterr().err
    assert error.endswith(f"{found}\n")
    assert error.count("\n") == 1


def test_a_file_that_is_none_is_one_line(tmp_path: Path, capsys: Output) -> None:
    """Exit code 2 where there is no file, 1 where it holds no proof."""
    path = tmp_path / "proof.json"
    assert verify_proof.main([str(path)], {}) == 2
    assert capsys.readouterr().err.count("\n") == 1
    path.write_bytes(b"\xff")
    assert verify_proof.main([str(path)], {}) == 2
    assert capsys.readouterr().err.count("\n") == 1
    path.write_text("{}")
    assert verify_proof.main([str(path)], {}) == 1
    assert "not_a_proof" in capsys.readouterr().err
