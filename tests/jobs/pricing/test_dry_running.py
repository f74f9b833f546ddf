"""A dry run does what a run would, tells what differs by it, and writes nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from iceberg.charge_tables import CHARGES
from iceberg.tables import METERING_WINDOWS, RAW_EVENTS
from jobs.price_usage import price_usage
from jobs.pricing.running import AskedRun, price_once
from jobs.settings import load_settings
from schemas.instant import to_us
from schemas.statement import Line, LineKind, PricedPeriod
from tests.jobs.january import JANUARY
from tests.jobs.pricing.dry_runs import Output, changes, dry_run, dry_text
from tests.jobs.pricing_rows import closed, corrected, day, window
from tests.jobs.pricing_world import CARDS, CONTRACTS, World
from udfs import charging_accounts
from udfs.pricing import price_period

TIERS = "{type: graduated, tiers: [{up_to: 5, unit_price: 2}, {unit_price: '1.50'}]}"
FIRST, SECOND = str(to_us(day(1, 1))), str(to_us(day(2, 1)))


def _live(world: World) -> None:
    """Price January, then a correction and February, then a correction that is taken back."""
    world.price()
    more = corrected("A", 1, 1, flights=10, delta=2, end=day(2, 4))
    february = [closed("A", 2, 40), closed("B", 2, 7)]
    world.meter(day(3, 2), closed_usage=february, usage_corrections=[more])
    world.price(at_us=2)
    back = corrected("A", 1, 2, flights=8, delta=-2, end=day(3, 4))
    world.meter(day(3, 5), usage_corrections=[back])
    world.price(at_us=3)


def test_the_code_as_it_is_changes_no_past_figure(january: World, capsys: Output) -> None:
    """As of each run, by its id or its snapshot: what stood by then is what it costs."""
    _live(january)
    snapshots = january.catalog.load_table(("billing", CHARGES.name)).snapshots()
    runs = january.runs()[::2]
    assert len(runs) == len(snapshots) == 3
    charged = 0
    for run, snapshot in zip(runs, snapshots, strict=True):
        rows = [each for each in january.charges() if each.run_id == run.run_id]
        charged += sum(each.amount_minor for each in rows)
        found = dry_run(january, capsys, "--must-match", "--as-of", run.run_id)
        assert found["charges_snapshot_id"] == snapshot.snapshot_id
        (money,) = found["currencies"]
        assert (money["before_minor"], money["after_minor"], money["lines"]) == (
            charged,
            charged,
            0,
        )
        assert (found["as_of_run_id"], found["lines"]) == (run.run_id, [])
        latest = found
    assert dry_run(january, capsys, "--as-of", str(snapshots[-1].snapshot_id)) == latest
    assert dry_run(january, capsys) == latest


def test_code_that_prices_otherwise_is_caught(
    january: World, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line of one account is a cent more: exit code 1, and the line is named."""
    _live(january)

    def dearer(period: PricedPeriod) -> tuple[Line, ...]:
        return tuple(
            replace(line, amount_minor=line.amount_minor + 1)
            if (period.account_id, line.key.kind) == ("A", LineKind.USAGE) and line.quantity == 40
            else line
            for line in price_period(period)
        )

    monkeypatch.setattr(charging_accounts, "price_period", dearer)
    found = dry_run(january, capsys, "--must-match", code=1)
    assert changes(found) == {("A", "landing", "landing", SECOND): (6250, 6251)}
    assert found["currencies"][0]["accounts"] == {"more": 1, "less": 0, "the same": 1}
    first = january.runs()[0].run_id
    assert dry_run(january, capsys, "--must-match", "--as-of", first)["lines"] == []


def test_a_card_in_place_of_the_one_that_held(priced: World, capsys: Output) -> None:
    """A: 5 at 2.50 and 3 at 1.50, support 9.00; of B's a tenth less; its credit stays drawn."""
    cards = CARDS.replace("unit_price: 2}", "unit_price: '2.50'}").replace(
        "amount: 10", "amount: 9"
    )
    found = dry_run(priced, capsys, cards=cards)
    assert changes(found) == {
        ("A", "landing", "landing", FIRST): (1450, 1700),
        ("A", "support", "support", FIRST): (1000, 900),
        ("B", "landing", "landing", FIRST): (600, 750),
        ("B", "partner", "landing", FIRST): (-60, -75),
        ("B", "partner", "support", FIRST): (-100, -90),
        ("B", "support", "support", FIRST): (1000, 900),
    }
    (money,) = found["currencies"]
    total = sum(JANUARY.values())
    assert (money["before_minor"], money["after_minor"]) == (total, total + 195)
    assert (money["percent"], money["bands"]["more by up to 5 %"]) == ("+1.29 %", 2)
    accounts = [(each["account_id"], each["difference_minor"]) for each in found["accounts"]]
    assert accounts == [("A", 150), ("B", 45)]
    products = {each["product"]: each["difference_minor"] for each in found["products"]}
    assert products == {"landing": 385, "support": -190}


@pytest.mark.parametrize(("rounding", "minor"), [("half_up", 1452), ("down", 1451)])
def test_another_rounding(priced: World, capsys: Output, rounding: str, minor: int) -> None:
    """5 at 2.003 and 3 at 1.50 are 14.515."""
    cards = CARDS.replace("unit_price: 2}", "unit_price: '2.003'}")
    found = dry_run(priced, capsys, cards=f"{cards}    rounding: {rounding}\n")
    assert changes(found)[("A", "landing", "landing", FIRST)] == (1450, minor)


def test_a_tried_version_holds_from_its_instant_on(unmetered: World, capsys: Output) -> None:
    """Versions that would hold from then on are left out, so its own fee is that of March, too."""
    dear = CARDS.replace("version: 1", "version: 2").replace("2013-01-01", "2013-03-01")
    unmetered.load(dear.replace("amount: 31", "amount: 50"), CONTRACTS)
    unmetered.meter(day(3, 2), closed_usage=[closed("A", 1, 8), closed("A", 2, 2)])
    unmetered.price()
    tried = CARDS.replace("version: 1", "version: 2").replace("2013-01-01", "2013-02-01")
    found = dry_run(unmetered, capsys, cards=tried.replace("amount: 31", "amount: 40"))
    march = str(to_us(day(3, 1)))
    assert changes(found) == {
        ("A", "desk", "desks", SECOND): (3100, 4000),
        ("A", "desk", "desks", march): (5000, 4000),
        ("B", "desk", "desks", SECOND): (3100, 4000),
        ("B", "partner", "desks", SECOND): (-310, -400),
        ("B", "desk", "desks", march): (5000, 4000),
        ("B", "partner", "desks", march): (-500, -400),
    }
    versions = {(each["card_version_before"], each["card_version"]) for each in found["lines"]}
    assert versions == {(1, 2), (2, 2)}
    assert [each["effective_from_us"] for each in found["left_out"]] == [int(march)]


def test_now_tells_what_the_next_run_charges(january: World, capsys: Output) -> None:
    """Before the first run, and before a later one that corrects; also with --until."""
    for at_us in (1, 2):
        found = dry_run(january, capsys, "--as-of", "now")
        before = january.charges()
        january.price(at_us=at_us)
        added = {
            (each.account_id, each.line_id, each.product, str(each.period_start_us)): (
                each.total_minor - each.amount_minor,
                each.total_minor,
            )
            for each in january.charges()
            if each not in before
        }
        assert changes(found) == added
        assert added
        more = corrected("A", 1, 1, flights=10, delta=2, end=day(2, 4))
        january.meter(day(2, 5), usage_corrections=[more])
    until = dry_run(january, capsys, "--as-of", "now", "--until", "2013-02-05T00:00:00Z")
    assert (until["until_us"], until["lines"]) == (to_us(day(2, 5)), [])


def test_a_run_that_died_is_told_of_and_left(priced: World, capsys: Output, tmp_path: Path) -> None:
    """Its charges count as charged; it is no finished run, but it can be named."""
    priced.meter(day(3, 2), closed_usage=[closed("A", 2, 1)])
    settings = load_settings(priced.settings, {})
    died = price_once(priced.catalog, settings, tmp_path, AskedRun(2), lambda _: None).run_id
    assert died is not None
    found = dry_run(priced, capsys)
    assert found["unfinished_run_ids"] == [died]
    assert found["as_of_run_id"] == priced.runs()[0].run_id
    assert dry_run(priced, capsys, "--must-match", "--as-of", "now")["lines"] == []
    assert dry_run(priced, capsys, "--must-match", "--as-of", died)["lines"] == []
    line = f"run {died} has charges, and died before it was finished: the next run finishes it\n"
    assert line in dry_text(priced, capsys)
    report = price_usage(settings, AskedRun(3), lambda _: None)
    assert report.finished_run_ids == (died,)


def test_windows_are_read_as_the_run_read_them(unmetered: World, capsys: Output) -> None:
    """A price that changes in mid-January; windows that came later are not seen."""
    windows = [window("A", day(1, 5), 5), window("A", day(1, 16), 3)]
    unmetered.meter(day(2, 2), closed_usage=[closed("A", 1, 8)], metering_windows=windows)
    unmetered.price()
    unmetered.meter(day(2, 3), metering_windows=[window("A", day(1, 20), 1)])
    changed = CARDS.replace("2013-01-01", "2013-01-16").replace("version: 1", "version: 2")
    assert TIERS in changed
    found = dry_run(
        unmetered, capsys, cards=changed.replace(TIERS, "{type: per_unit, unit_price: 3}")
    )
    landing = [each for each in found["lines"] if each["line_id"] == "landing"]
    assert [(each["segment_start_us"], each["after_minor"]) for each in landing] == [
        (to_us(day(1, 1)), 1000),
        (to_us(day(1, 16)), 900),
    ]


def test_what_is_not_read_may_have_expired(priced: World, capsys: Output) -> None:
    """The archive, and windows that no price asks for."""
    priced.meter(day(2, 3))
    for table in (RAW_EVENTS, METERING_WINDOWS):
        expire(priced, table.name)
    assert dry_run(priced, capsys, "--must-match")["lines"] == []


def expire(world: World, name: str) -> None:
    """Expire all snapshots of a table but the current one."""
    table = world.catalog.load_table(("billing", name))
    current = table.current_snapshot()
    ids = [each.snapshot_id for each in table.snapshots() if each != current]
    table.maintenance.expire_snapshots().by_ids(ids).commit()
