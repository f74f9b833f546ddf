"""A dry run that cannot tell for certain says why in one line, and writes nothing either."""

from collections.abc import Callable

import pytest

from iceberg.charge_tables import CHARGES
from iceberg.tables import CLOSED_USAGE, METERING_WINDOWS
from jobs.price_usage import main
from tests.jobs.pricing.dry_runs import Output, dry_text
from tests.jobs.pricing.test_dry_running import TIERS, expire
from tests.jobs.pricing_rows import closed, day
from tests.jobs.pricing_world import CARDS, World

LANDING = f"""\
      - price_id: landing
        meter_id: flights
        product: landing
        model: {TIERS}
"""
assert LANDING in CARDS


def _first_run(world: World) -> list[str]:
    return ["--as-of", world.runs()[0].run_id]


def _no_run_snapshot(world: World) -> list[str]:
    table = world.catalog.load_table(("billing", CHARGES.name))
    with table.transaction() as transaction, transaction.update_snapshot().fast_append():
        pass
    current = world.catalog.load_table(("billing", CHARGES.name)).current_snapshot()
    assert current is not None
    return ["--as-of", str(current.snapshot_id)]


def _expired(name: str) -> Callable[[World], list[str]]:
    def prepare(world: World) -> list[str]:
        first = _first_run(world)
        world.meter(day(3, 2), closed_usage=[closed("A", 2, 1), closed("B", 2, 1)])
        world.price(at_us=2)
        expire(world, name)
        return first

    return prepare


@pytest.mark.parametrize(
    ("prepare", "line"),
    [
        pytest.param(
            lambda _: ["--as-of", "yesterday"],
            "bad value, --as-of: expected id of a run with charges, snapshot of charges, latest or"
            " now, found 'yesterday'",
            id="no run",
        ),
        pytest.param(
            lambda _: ["--as-of", "5"],
            "snapshot, table charges: expected one that the table keeps, found 5",
            id="no snapshot",
        ),
        pytest.param(
            _no_run_snapshot,
            "bad value, --as-of: expected a snapshot that a run committed, found '",
            id="a snapshot of no run",
        ),
        pytest.param(
            _expired(CHARGES.name),
            "snapshot, table charges: expected one that the table keeps, found ",
            id="charges have expired",
        ),
        pytest.param(
            _expired(CLOSED_USAGE.name),
            "snapshot, table closed_usage: expected one that the table keeps, found ",
            id="usage has expired",
        ),
        pytest.param(
            lambda _: ["--as-of", "now", "--until", "2013-02-01T12:00:00Z"],
            "usage: expected to price it up to 2013-02-02T00:00:00Z or later, as a run before did,",
            id="as of before an earlier run",
        ),
        pytest.param(
            lambda _: ["--rate-card", "missing.yaml"],
            "missing file, missing.yaml: expected a YAML file, found nothing",
            id="no file",
        ),
    ],
)
def test_as_of_what(
    priced: World, capsys: Output, prepare: Callable[[World], list[str]], line: str
) -> None:
    """No run, no snapshot, or one that is gone."""
    assert dry_text(priced, capsys, *prepare(priced), code=2).startswith(line)


@pytest.mark.parametrize(
    ("cards", "line"),
    [
        pytest.param(
            CARDS.replace("standard", "gold"),
            "rate cards to try, {path}, rate card gold in USD: expected a card that a contract or"
            " plan names: standard, found another",
            id="a card of nobody",
        ),
        pytest.param(
            CARDS.replace("USD", "EUR"),
            "rate cards to try, {path}, rate card standard in EUR: expected a currency in which its"
            " accounts pay: USD, found EUR",
            id="another currency",
        ),
        pytest.param(
            CARDS.replace("2013-01-01", "2014-01-01"),
            "rate cards to try, {path}, rate card standard in USD: expected effective_from before"
            " 2013-02-02T00:00:00Z, up to which usage is priced, found 2014-01-01T00:00:00Z",
            id="later than all usage",
        ),
        pytest.param(
            "rate_cards: []\n",
            "rate cards to try, {path}, the file: expected rate cards or rates of exchange,"
            " found none",
            id="an empty file",
        ),
        pytest.param(
            CARDS.replace("amount: 10", "amount: ten"),
            "bad value, {path}:13 rate_cards[0].fees[1].amount: expected ",
            id="no number",
        ),
        pytest.param(
            CARDS.replace("meter_id: flights", "meter_id: fligths"),
            "bad value, {path}:8 rate_cards[0].prices[0].meter_id: expected ",
            id="no meter",
        ),
        pytest.param(
            CARDS.replace("    prices:\n", "").replace(LANDING, ""),
            "meter flights: expected a price, or free, in rate card standard (USD, version 1),"
            " found none",
            id="a missing price",
        ),
        pytest.param(
            CARDS.replace("2013-01-01", "2013-01-16"),
            "rate cards to try, {path}, rate card standard in USD: expected a version above 1,"
            " which holds before it, found 1",
            id="the version that holds before it",
        ),
        pytest.param(
            CARDS.replace("2013-01-01", "2013-01-16").replace("version: 1", "version: 2"),
            "metering_windows, account A, meter flights, {{}}, from 2013-01-01T00:00:00Z: expected"
            " windows of 8 events and ",
            id="no windows where the price changes",
        ),
    ],
)
def test_with_which_card(priced: World, capsys: Output, cards: str, line: str) -> None:
    """Unknown or invalid cards, missing prices, currencies that do not fit."""
    path = priced.folder / "new.yaml"
    assert dry_text(priced, capsys, cards=cards, code=2).startswith(line.format(path=path))


def test_windows_that_are_needed_and_have_expired(priced: World, capsys: Output) -> None:
    """The price changes within January; the windows that the run read are gone."""
    first = _expired(METERING_WINDOWS.name)
    arguments = first(priced)
    cards = CARDS.replace("2013-01-01", "2013-01-16").replace("version: 1", "version: 2")
    line = dry_text(priced, capsys, *arguments, cards=cards, code=2)
    assert line.startswith("snapshot, table metering_windows: expected one that the table keeps, ")


@pytest.mark.parametrize(
    ("as_of", "line"),
    [
        ("latest", "runs: expected a finished run to price again, found none; --as-of now prices "),
        (
            "now",
            "usage: expected some to price, found none yet: the metering job has not made two ",
        ),
    ],
)
def test_before_anything_happened(unmetered: World, capsys: Output, as_of: str, line: str) -> None:
    """No run is finished, nothing is metered."""
    assert dry_text(unmetered, capsys, "--as-of", as_of, code=2).startswith(line)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--must-match"], "--must-match: expected --dry-run beside it, found none"),
        (
            ["--dry-run", "--runner", "flink"],
            "--runner: expected local beside --dry-run, found flink",
        ),
        (["--rate-card", "f"], "--rate-card: expected --dry-run beside it, found none"),
        (["--as-of", "latest"], "--as-of: expected --dry-run beside it, found none"),
        (["--limit", "0"], "--limit: expected --dry-run beside it, found none"),
        (["--dry-run", "--limit", "-1"], "--limit: expected 0 or more, found -1"),
        (
            ["--dry-run", "--until", "2013-01-01T00:00:00Z"],
            "--until: expected --as-of now beside it; a run has its own",
        ),
    ],
)
def test_options_that_do_not_go_together(
    january: World, capsys: Output, arguments: list[str], line: str
) -> None:
    """A run never starts where a dry run may have been meant."""
    before = january.snapshots()
    with pytest.raises(SystemExit, match=r"^2$"):
        main(["--settings", str(january.settings), *arguments], {})
    assert capsys.readouterr().err.splitlines()[-1] == f"price_usage: error: {line}"
    assert january.snapshots() == before
