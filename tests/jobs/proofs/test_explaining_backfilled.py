"""What was read again from Kafka explains the charges that it is in; what was sealed stays so."""

from __future__ import annotations

import json
from typing import Any

import pytest

from iceberg.creating import make_table
from iceberg.decided_tables import BACKFILLED_EVENTS
from jobs import seal_usage, verify_proof
from jobs.explain_charge import main
from jobs.repairing import proposing
from schemas.archived_record import ArchivedRecord
from schemas.charge import Charge
from tests.jobs.backfilling import apply, propose
from tests.jobs.lossy_world import archive_of_outage, meter
from tests.jobs.pricing_world import KeptWorld, World

Output = pytest.CaptureFixture[str]
OUTAGE = {"A4", "A5"}


@pytest.fixture(scope="module")
def kept() -> list[KeptWorld]:
    """The repaired world, once it was made."""
    return []


@pytest.fixture
def repaired(
    unmetered: World, kept: list[KeptWorld], capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> World:
    """Flights of a day were in Kafka alone; read again they count and are priced.

    The rest had been priced and sealed before.
    """
    if not kept:
        lost, counted = archive_of_outage()
        meter(unmetered, counted, counted)
        unmetered.price()
        assert seal(unmetered) == 0
        capsys.readouterr()
        records = tuple(
            ArchivedRecord(each.partition, each.offset, each.log_time_ms * 1000, None, each.value)
            for each in lost
        )
        monkeypatch.setattr(proposing, "read_records", lambda *_: records)
        propose(unmetered, capsys, "--from", "kafka:usage-events:0:0-60")
        assert apply(unmetered, capsys)["records"] == 3
        unmetered.price(at_us=2)
        kept.append(unmetered.keep("repaired"))
    return kept[0].again()


def seal(world: World, *words: str) -> int:
    """Seal, or look at the seals."""
    return seal_usage.main(["--settings", str(world.settings), *words], {}, lambda: 7)


def run(world: World, charge: Charge, *words: str) -> int:
    """Explain a charge."""
    return main(["--settings", str(world.settings), charge.charge_id, *words], {})


def explained(world: World, charge: Charge, capsys: Output) -> dict[str, Any]:
    """Return the explanation of a charge that adds up."""
    assert run(world, charge, "--json") == 0, capsys.readouterr()
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["faults"] == []
    return dict(found["charges"][0])


def usage_charges(world: World) -> list[Charge]:
    """Return the charges of A's usage, the first revision first."""
    return [each for each in world.charges("A") if each.kind == "usage"]


def events_of(charge: dict[str, Any]) -> dict[str, set[str]]:
    """Return the ids of the events behind a charge, by table."""
    found: dict[str, set[str]] = {}
    for row in charge["rows"]:
        ids = {each["event_id"] for each in row["events"]}
        assert len(row["events"]) == len(ids) == row["event_count_delta"]
        found.setdefault(row["table"], set()).update(ids)
    return found


def test_a_charge_down_to_what_was_read_again(repaired: World, capsys: Output) -> None:
    """Each event stands below the row that counts it, with its place in the topic."""
    before, after = usage_charges(repaired)
    kept = {"A0", "A1", "A2", "A3", "A6", "A7"}
    charge = explained(repaired, after, capsys)
    assert events_of(charge) == {"closed_usage": kept, "usage_adjustments": OUTAGE}
    places = {
        each["event_id"]: each["kafka_offset"]
        for row in charge["rows"]
        for each in row["events"]
        if row["table"] == "usage_adjustments"
    }
    offsets = {json.loads(each.value or b"")["id"]: each.offset for each in archive_of_outage()[0]}
    assert places == {name: offsets[name] for name in OUTAGE}
    # The charge of before the repair is what it was.
    assert events_of(explained(repaired, before, capsys)) == {"closed_usage": kept}


def test_seals_of_before_hold(repaired: World, capsys: Output) -> None:
    """Rows of the job never had what was read again; events of theirs are proved as before."""
    assert seal(repaired, "--verify") == 0
    assert seal(repaired) == 0
    # A's and B's flights, and the longest of each.
    assert capsys.readouterr().out.endswith("seals: 0 rows sealed, 4 had a seal\n")
    _, after = usage_charges(repaired)
    path = repaired.folder / "proof.json"
    assert run(repaired, after, "--event", "tower", "A0", "--proof", str(path)) == 0
    (proof,) = json.loads(path.read_text())["proofs"]
    assert proof["kind"] == "inclusion"
    assert verify_proof.main([str(path), "--root", proof["root"]], {}) == 0
    assert run(repaired, after, "--event", "tower", "A99", "--proof", str(path)) == 0
    assert [each["kind"] for each in json.loads(path.read_text())["proofs"]] == ["non_inclusion"]


def test_what_an_adjustment_counts_is_not_proved_away(repaired: World, capsys: Output) -> None:
    """It is in no sealed row, and it counts: nobody gets a proof that it does not."""
    _, after = usage_charges(repaired)
    path = repaired.folder / "none.json"
    assert run(repaired, after, "--event", "tower", "A4", "--proof", str(path)) == 1
    assert "what people bring back has no seals" in capsys.readouterr().err
    assert not path.exists()


def test_records_that_are_gone_are_missed(repaired: World, capsys: Output) -> None:
    """An adjustment without its events: expected and found, and the exit code is 1."""
    repaired.catalog.drop_table(("billing", BACKFILLED_EVENTS.name))
    make_table(repaired.catalog, "billing", BACKFILLED_EVENTS)
    _, after = usage_charges(repaired)
    assert run(repaired, after) == 1
    assert "adjusted: expected 6 events of the archive, found 8" in capsys.readouterr().err
