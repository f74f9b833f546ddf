"""Usage is priced: charges, the journal and the runs, in tables as the metering job leaves them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from iceberg.decided_tables import BROUGHT_BACK_USAGE
from jobs.price_usage import main
from schemas.charge import Charge
from schemas.instant import to_us
from schemas.journal import SourceKind
from schemas.pricing_run import RunStatus
from tests.iceberg.filling import append
from tests.iceberg.rows import brought_back
from tests.jobs.january import JANUARY
from tests.jobs.pricing_rows import closed, corrected, day, sum_lines, window
from tests.jobs.pricing_world import CARDS, CONTRACTS, MONTHS, World
from udfs.summing_charges import ChargeSums

Output = pytest.CaptureFixture[str]


def _content(charges: tuple[Charge, ...]) -> tuple[Charge, ...]:
    """Return charges without the runs that wrote them."""
    return tuple(replace(each, run_id="") for each in charges)


def test_closed_usage_is_priced(january: World) -> None:
    """Amounts reckoned by hand; each charge has its entry, and so has the grant."""
    report = january.price()
    assert january.sums() == JANUARY
    assert report.amount_minor == {"USD": sum(JANUARY.values())}
    assert (report.charges, report.accounts) == (len(JANUARY), 2)
    assert {each.revision for each in january.charges()} == {0}
    kinds = [each.entry.source_kind for each in january.entries()]
    assert kinds == [SourceKind.GRANT, *[SourceKind.CHARGE] * len(JANUARY)]


def test_a_run_says_what_it_read_and_wrote(january: World) -> None:
    """Two rows; their hash is that of the charges as they are read again."""
    report = january.price(at_us=7)
    started, finished = january.runs()
    assert started.status is RunStatus.STARTED
    assert finished == replace(started, status=RunStatus.FINISHED)
    assert (started.run_id, started.at_us) == (report.run_id, 7)
    sums = ChargeSums()
    sums.add(reversed(january.charges()))
    assert (sums.totals(), sums.output_hash()) == (started.totals, started.output_hash)
    assert started.totals == '{"charges":13,"amount_minor":{"USD":15170}}'
    assert {each.run_id for each in january.charges()} == {report.run_id}


def test_a_second_run_writes_nothing(january: World) -> None:
    """Not even a snapshot, whether the input is the same or a later cut that changes nothing."""
    january.price()
    before = january.snapshots()
    assert january.price(at_us=2).run_id is None
    assert january.snapshots() == before
    january.meter(day(2, 3))
    before = january.snapshots()
    assert january.price(at_us=3).charges == 0
    assert january.snapshots() == before


def test_a_correction_charges_the_difference(january: World) -> None:
    """Due with the period that is open by then, and back to nothing."""
    january.price()
    more = corrected("A", 1, 1, flights=10, delta=2, end=day(2, 4))
    january.meter(day(2, 5), usage_corrections=[more])
    assert january.price(at_us=2).charges == 1
    first, second = (each for each in january.charges("A") if each.line_id == "landing")
    assert (second.revision, second.corrected_charge_id) == (1, first.charge_id)
    assert (second.amount_minor, second.total_minor, second.quantity) == (300, 1750, 10)
    assert (first.due_us, second.due_us) == (to_us(day(2, 1)), to_us(day(3, 1)))
    back = corrected("A", 1, 2, flights=8, delta=-2, end=day(3, 4))
    january.meter(day(3, 5), usage_corrections=[back])
    january.price(at_us=3)
    third = _landing(january)[-1]
    assert (third.revision, third.amount_minor, third.due_us) == (2, -300, to_us(day(4, 1)))
    assert sum(each.amount_minor for each in _landing(january)) == 1450
    january.entries()


def _landing(world: World) -> list[Charge]:
    january_us = to_us(day(1, 1))
    return [
        each
        for each in world.charges("A")
        if (each.line_id, each.period_start_us) == ("landing", january_us)
    ]


def test_month_by_month_or_once_at_the_end(unmetered: World) -> None:
    """Line by line the same totals; and what came later changes nothing of an earlier instant."""
    steps = [
        (day(2, 2), {"closed_usage": [closed("A", 1, 8), closed("B", 1, 3)]}),
        (day(3, 2), {"closed_usage": [closed("A", 2, 1)]}),
        (
            day(4, 2),
            {
                "closed_usage": [closed("B", 3, 9)],
                "usage_corrections": [corrected("A", 1, 1, 9, 1, end=day(3, 20))],
            },
        ),
    ]
    by_month = []
    for number, (until, rows) in enumerate(steps):
        unmetered.meter(until, **rows)
        unmetered.price(at_us=number)
        by_month.append(_content(unmetered.charges()))
    all_metered = unmetered.entries()
    unmetered.forget_charges()
    for number, (until, _) in enumerate(steps):
        unmetered.price(until, at_us=number)
        assert _content(unmetered.charges()) == by_month[number]
    assert [each.entry for each in unmetered.entries()] == [each.entry for each in all_metered]
    unmetered.forget_charges()
    unmetered.price()
    assert unmetered.sums() == sum_lines(by_month[-1])


def test_a_price_that_changes_within_a_period(unmetered: World) -> None:
    """5 flights at 2.00, then 3 at 3.00; support is 15/31 of 10.00 and 16/31 of 12.00."""
    changed = CARDS.replace("amount: 10", "amount: 12").replace("version: 1", "version: 2")
    changed = changed.replace("2013-01-01", "2013-01-16")
    tiers = "{type: graduated, tiers: [{up_to: 5, unit_price: 2}, {unit_price: '1.50'}]}"
    assert tiers in changed
    unmetered.load(changed.replace(tiers, "{type: per_unit, unit_price: 3}"), CONTRACTS)
    windows = [window("A", day(1, 5), 5), window("A", day(1, 16), 3)]
    unmetered.meter(day(2, 2), closed_usage=[closed("A", 1, 8)], metering_windows=windows)
    unmetered.price()
    found = {
        (each.line_id, each.card_version): each.amount_minor
        for each in unmetered.charges("A")
        if each.period_start_us == to_us(day(1, 1))
    }
    assert found == {
        ("desk", 1): 1500,
        ("desk", 2): 1600,
        ("landing", 1): 1000,
        ("landing", 2): 900,
        ("support", 1): 484,
        ("support", 2): 619,
    }


def test_what_was_only_brought_back_has_its_place(unmetered: World) -> None:
    """No windows, nothing closed: the price holds that held when the events happened."""
    changed = CARDS.replace("version: 1", "version: 2").replace("2013-01-01", "2013-01-16")
    unmetered.load(changed.replace("unit_price: 2}", "unit_price: 3}"), CONTRACTS)
    own = {"first_event_time": day(1, 20), "quantity": Decimal(2), "event_count": 2}
    append(unmetered.catalog, BROUGHT_BACK_USAGE, [brought_back("late", **own)])
    unmetered.meter(day(2, 2))
    unmetered.price()
    (usage,) = (each for each in unmetered.charges("A") if each.line_id == "landing")
    assert (usage.card_version, usage.amount_minor) == (2, 600)


def test_fees_in_advance_need_no_usage(unmetered: World) -> None:
    """They are charged once the period has begun; the rest when it has closed, empty as it is."""
    unmetered.meter(day(1, 2))
    unmetered.price()
    assert unmetered.sums() == {
        ("A", "01-01", "recurring_fee", "desk", "desks"): 3100,
        ("B", "01-01", "credit", "prepaid", ""): -500,
        ("B", "01-01", "discount", "partner", "desks"): -310,
        ("B", "01-01", "recurring_fee", "desk", "desks"): 3100,
    }
    assert {each.due_us for each in unmetered.charges()} == {to_us(day(1, 1))}
    unmetered.meter(day(2, 1) + timedelta(minutes=59))
    unmetered.price(at_us=2)
    assert ("A", "01-01", "recurring_fee", "support", "support") not in unmetered.sums()
    unmetered.meter(day(2, 1, hour=1))
    unmetered.price(at_us=3)
    assert unmetered.sums("A") == {
        ("A", "01-01", "recurring_fee", "desk", "desks"): 3100,
        ("A", "01-01", "recurring_fee", "support", "support"): 1000,
        ("A", "02-01", "recurring_fee", "desk", "desks"): 3100,
    }


def test_a_period_that_new_terms_replace_is_taken_back(january: World) -> None:
    """February ends on the 10th: 9 of its 28 days are due, 31.00 of the period from there."""
    january.price()
    later = {"version": 2, "effective_from": "2013-02-10T00:00:00Z", "anchor": "2013-02-10"}
    changed = MONTHS | later | {"takes_effect": "at_once"}
    january.take_account("A", MONTHS, changed, offset=9)
    january.meter(day(2, 11))
    january.price(at_us=2)
    desks = [each for each in january.charges("A") if each.line_id == "desk"][1:]
    assert sorted((each.period_end_us, each.revision, each.amount_minor) for each in desks) == [
        (to_us(day(2, 10)), 0, 996),
        (to_us(day(3, 1)), 0, 3100),
        (to_us(day(3, 1)), 1, -3100),
        (to_us(day(3, 10)), 0, 3100),
    ]
    january.entries()
    assert january.price(at_us=3).run_id is None


def test_what_the_program_prints(january: World, capsys: Output) -> None:
    """What was charged; then that there is nothing left."""
    arguments = ["--settings", str(january.settings), "--until", "2013-02-01T12:00:00Z"]
    assert main(arguments, {}) == 0
    run_id = january.charges()[0].run_id
    assert capsys.readouterr().out == (
        "usage priced up to 2013-02-01T12:00:00Z, 2 accounts\n"
        f"run {run_id}: 13 charges\n  151.70 USD\n"
    )
    assert main(arguments, {}) == 0
    assert capsys.readouterr().out.endswith("nothing to charge: all of it was charged before\n")
    assert main([*arguments, "--json"], {}) == 0
    assert '"run_id": null, "finished_run_ids": [], "until_us": 1359720000000000' in (
        capsys.readouterr().out
    )


def test_before_the_job_has_made_checkpoints(unmetered: World, capsys: Output) -> None:
    """There is nothing to price yet."""
    assert main(["--settings", str(unmetered.settings)], {}) == 0
    assert capsys.readouterr().out.startswith("no usage yet: ")
    assert not unmetered.count()
