"""The billing outage: usage of a day was lost; it is repaired and nobody is charged twice."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from jobs import freeze_billing, reconcile_usage, show_usage
from jobs.invoices.changing import Tables
from jobs.invoices.options import make_parser
from jobs.issue_invoices import change_invoices
from jobs.repairing import proposing
from schemas.archived_record import ArchivedRecord
from schemas.instant import to_us
from tests.jobs.backfilling import (
    BOTH,
    JANUARY_ONLY,
    WHY,
    Output,
    apply,
    events_of,
    file_of,
    propose,
    refused,
)
from tests.jobs.invoiced_tables import SETUP, read_invoices
from tests.jobs.january import JANUARY
from tests.jobs.lossy_world import Flight, archive_of_outage, flights, meter
from tests.jobs.pricing_rows import day
from tests.jobs.pricing_world import World

LOST = [("A4", 1), ("A5", 1), ("B1", 1)]


@pytest.fixture
def outage(unmetered: World) -> World:
    """January has closed; the flights of one day are in the archive and in no total."""
    meter(unmetered, *archive_of_outage())
    return unmetered


@pytest.fixture
def unarchived(unmetered: World) -> World:
    """The same, but the job has not even archived them: they are in Kafka alone."""
    _, counted = archive_of_outage()
    meter(unmetered, counted, counted)
    return unmetered


def _freeze(world: World, capsys: Output, *words: str) -> dict[str, Any]:
    assert freeze_billing.main(["--settings", str(world.settings), *words, "--json"], {}) == 0
    (found,) = json.loads(capsys.readouterr().out)["decisions"]
    return dict(found)


def _invoice(world: World) -> Any:
    path = world.folder / "invoicing.yaml"
    buyers = SETUP.replace("account_id: AA", "account_id: A").replace(
        "account_id: B6", "account_id: B"
    )
    path.write_text(buyers)
    words = ["--settings", "none", "run", "--invoicing", str(path)]
    options = make_parser().parse_args([*words, "--until", "2013-02-01T00:00:00Z"])
    return change_invoices(Tables(world.catalog, "billing"), options, to_us(day(2, 3)))


def _fates(world: World, capsys: Output) -> dict[str, Any]:
    """Return what became of the events of flights; the report finds nothing wrong."""
    code = show_usage.main(["--settings", str(world.settings), "--json"], {})
    shown = json.loads(capsys.readouterr().out)
    assert code == 0, shown["problems"]
    (fates,) = (each for each in shown["fates"]["meters"] if each["meter_id"] == "flights")
    return dict(fates)


def _reconcile(world: World, capsys: Output) -> int:
    """Return the exit code of the second opinion: 1 where the tables differ from the archive."""
    words = ["--settings", str(world.settings)]
    code = reconcile_usage.main(words, {}, lambda: day(2, 3))
    capsys.readouterr()
    return code


def test_the_outage_is_repaired(outage: World, capsys: Output) -> None:
    """Freeze, backfill, adjust, lift, price, invoice: all is as if nothing had been lost."""
    assert _fates(outage, capsys)["open"] == 3
    assert _reconcile(outage, capsys) == 1
    frozen = _freeze(outage, capsys, "freeze", *BOTH, *WHY)
    assert outage.price().run_id is None
    assert _invoice(outage).issued == ()
    proposal = propose(outage, capsys)
    assert events_of(proposal, "flights") == LOST
    assert events_of(proposal, "longest") == LOST
    assert proposal["refused"] == []
    done = apply(outage, capsys)
    assert done["is_new"]
    assert outage.price(at_us=2).run_id is None
    _freeze(outage, capsys, "lift", "--freeze", frozen["freeze_id"], *WHY)
    outage.price(at_us=3)
    assert outage.sums() == JANUARY
    outage.entries()
    assert _reconcile(outage, capsys) == 0
    fates = _fates(outage, capsys)
    assert (fates["closed"], fates["brought_back"], fates["open"]) == (8, 3, 0)
    assert {each.terms.account_id for each in _invoice(outage).issued} == {"A", "B"}
    lines = {
        each.terms.account_id: sum(line.quantity for line in each.lines if line.meter_id)
        for each in read_invoices(Tables(outage.catalog, "billing"))
    }
    assert lines == {"A": 8, "B": 3}
    # Once more, all of it: nothing happens.
    before = outage.snapshots()
    assert propose(outage, capsys)["adjustments"] == []
    file_of(outage).write_text(json.dumps(proposal))
    again = apply(outage, capsys)
    assert (again["is_new"], len(again["adjustments"])) == (False, len(proposal["adjustments"]))
    assert outage.price(at_us=4).run_id is None
    assert _invoice(outage).issued == ()
    after = outage.snapshots()
    assert after.pop("manual_acts") == before.pop("manual_acts") + 2
    assert after == before
    outage.entries()


def test_a_period_that_was_charged_gets_a_correction(outage: World, capsys: Output) -> None:
    """Without a freeze the difference is charged in the next period, and names its own."""
    outage.price()
    before = outage.charges("A")
    propose(outage, capsys)
    apply(outage, capsys)
    outage.price(at_us=2)
    assert outage.sums() == JANUARY
    (more,) = (each for each in outage.charges("A") if each not in before)
    assert (more.line_id, more.amount_minor, more.revision) == ("landing", 300, 1)
    assert (more.period_start_us, more.due_us) == (to_us(day(1, 1)), to_us(day(3, 1)))
    outage.entries()


def test_records_that_kafka_alone_has(
    unarchived: World, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are judged beside the archive, and those that were lost go into it."""
    again = Flight("A", "A0", day(1, 2, 9)).record(50)
    records = tuple(
        ArchivedRecord(each.partition, each.offset, each.log_time_ms * 1000, None, each.value)
        for each in (*archive_of_outage()[0], again)
    )
    monkeypatch.setattr(proposing, "read_records", lambda *_: records)
    words = ("--from", "kafka:usage-events:0:0-60")
    proposal = propose(unarchived, capsys, *words)
    assert events_of(proposal, "flights") == LOST
    assert apply(unarchived, capsys)["records"] == 3
    assert _reconcile(unarchived, capsys) == 0
    assert _fates(unarchived, capsys)["open"] == 0
    unarchived.price()
    assert unarchived.sums() == JANUARY
    for source in (words, ()):
        assert propose(unarchived, capsys, *source)["adjustments"] == []


def test_repeats_that_were_counted_again_are_taken_out(unmetered: World, capsys: Output) -> None:
    """The job had forgotten the first by then; only the repeat goes."""
    flown = flights()
    records = [each.record(offset) for offset, each in enumerate(flown)]
    late = Flight("A", "A0", flown[0].left, flown[0].miles, day(1, 28))
    assert flown[0].name == "A0"
    meter(
        unmetered,
        [*records, late.record(11)],
        [*records, replace(late, name="A0 again").record(11)],
    )
    proposal = propose(unmetered, capsys)
    assert events_of(proposal, "flights") == [("A0", -1)]
    assert {row["kind"] for row in proposal["adjustments"]} == {"repeat_beyond_horizon"}
    apply(unmetered, capsys)
    assert _reconcile(unmetered, capsys) == 0
    assert _fates(unmetered, capsys)["open"] == 0
    unmetered.price()
    assert unmetered.sums() == JANUARY
    assert propose(unmetered, capsys)["adjustments"] == []


@pytest.mark.slow
def test_what_a_person_says_is_wrong_is_taken_out(unmetered: World, capsys: Output) -> None:
    """Counts go down; of a greatest value it is refused, and the exit code says so."""
    records = [each.record(offset) for offset, each in enumerate(flights())]
    meter(unmetered, records, records)
    wrong = unmetered.folder / "wrong.jsonl"
    wrong.write_text('["tower", "B0"]\n')
    proposal = propose(unmetered, capsys, "--wrong", str(wrong), code=1)
    assert events_of(proposal, "flights") == [("B0", -1)]
    assert [each["reason"] for each in proposal["refused"]] == ["no_extreme"]
    apply(unmetered, capsys)
    again = propose(unmetered, capsys, "--wrong", str(wrong), code=1)
    assert again["adjustments"] == []


@pytest.mark.slow
def test_a_changed_file_or_another_difference_is_refused(outage: World, capsys: Output) -> None:
    """What a person has read is what is done, or nothing is."""
    proposal = propose(outage, capsys, "--account", "A")
    path = file_of(outage)
    kept = path.read_text()
    path.write_text(kept.replace('"A4"', '"A6"'))
    apply_it = ("--apply", str(path), *WHY)
    assert "it was changed; propose again" in refused(outage, capsys, *apply_it)
    path.write_text("{}")
    assert refused(outage, capsys, *apply_it).startswith("proposal: expected meterclose proposal")
    other = propose(outage, capsys)
    assert len(other["adjustments"]) > len(proposal["adjustments"])
    apply(outage, capsys)
    path.write_text(kept)
    # All of it was adjusted by the other proposal.
    assert not apply(outage, capsys)["is_new"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (JANUARY_ONLY, "missing option, command line: expected --account, found none"),
        ((*BOTH, *JANUARY_ONLY[:2]), "bad value, --period-until: expected an instant with"),
        ((*BOTH, *JANUARY_ONLY, "--from", "x"), "bad value, --from: expected raw_events, kafka:"),
        ((*BOTH, *JANUARY_ONLY, "--from", "kafka:y"), "bad value, --from: expected the usage top"),
        (("--apply", "none", "--by", "x"), "missing option, command line: expected --reason"),
        (("--apply", "none", *WHY), "bad option, --apply: expected a file to read"),
        ((*BOTH, *JANUARY_ONLY), "usage: expected some to look at, found none yet"),
    ],
)
def test_a_mistake_is_one_line(
    unmetered: World, capsys: Output, words: tuple[str, ...], line: str
) -> None:
    """What, where, expected and found."""
    assert refused(unmetered, capsys, *words).startswith(line)
