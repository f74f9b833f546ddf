"""What cannot be priced for certain is refused: one line, and no row is written."""

from collections.abc import Callable

import pytest

from iceberg.tables import CLOSED_USAGE
from jobs import accept_commits
from jobs.price_usage import main
from tests.iceberg.filling import append
from tests.jobs.pricing_rows import closed, corrected, day
from tests.jobs.pricing_world import CARDS, CONTRACTS, MONTHS, World

Output = pytest.CaptureFixture[str]


def _usage_of_c(world: World) -> None:
    world.take_account("C", MONTHS, offset=5)
    world.meter(day(2, 2), closed_usage=[closed("C", 1, 2)])


def _plan_without_card(world: World) -> None:
    world.take_account("C", dict(MONTHS, plan="gold"), offset=5)
    world.load(CARDS, CONTRACTS.replace("account_id: B", "account_id: C").split("credit_")[0])
    world.meter(day(2, 2))


def _meter_without_price(world: World) -> None:
    rows = [closed("A", 1, 2), closed("A", 1, 7, row_id="m", meter_id="miles", unit="mile")]
    world.meter(day(2, 2), closed_usage=rows)


def _gap(world: World) -> None:
    late = corrected("A", 1, 2, 3, 1, end=day(2, 1, hour=2))
    world.meter(day(2, 2), closed_usage=[closed("A", 1, 2)], usage_corrections=[late])


def _changed_price(world: World) -> None:
    changed = CARDS.replace("version: 1", "version: 2").replace("2013-01-01", "2013-01-16")
    world.load(changed, CONTRACTS)
    world.meter(day(2, 2), closed_usage=[closed("A", 1, 8)])


def _repeated(world: World) -> None:
    world.meter(day(2, 2))
    names = ("flink.job-id", "flink.operator-id", "flink.max-committed-checkpoint-id")
    summary = dict(zip(names, ("job", "sink", "2"), strict=True))
    for _ in range(2):
        append(world.catalog, CLOSED_USAGE, [closed("A", 1, 8)], summary)


def _february(world: World) -> None:
    world.meter(day(2, 2))


def _priced_february(world: World) -> None:
    world.meter(day(2, 2))
    world.price()


def _nothing(_: World) -> None:
    pass


@pytest.mark.parametrize(
    ("prepare", "until", "code", "line"),
    [
        pytest.param(
            _usage_of_c,
            None,
            2,
            "contract, account C, from 2013-01-01T00:00:00Z: expected one that holds, found none at"
            " all",
            id="no contract",
        ),
        pytest.param(
            _plan_without_card,
            None,
            2,
            "rate card gold in USD, account C, from 2013-01-01T00:00:00Z: expected one that holds,"
            " found none at all",
            id="no rate card",
        ),
        pytest.param(
            _meter_without_price,
            None,
            2,
            "meter miles: expected a price, or free, in rate card standard (USD, version 1), found"
            " none",
            id="no price",
        ),
        pytest.param(
            _gap,
            None,
            1,
            "usage_totals: revisions that do not add up: ('A', 'flights'",
            id="a gap in revisions",
        ),
        pytest.param(
            _changed_price,
            None,
            2,
            "metering_windows, account A, meter flights, {}, from 2013-01-01T00:00:00Z: expected"
            " windows of 8 events and ",
            id="no windows where a price changes",
        ),
        pytest.param(
            _repeated,
            None,
            2,
            "table closed_usage: expected each commit once, found the checkpoint job/sink/2 in"
            " snapshots ",
            id="a repeated commit",
        ),
        pytest.param(
            _february,
            "2013-02-02T00:00:00.000001Z",
            2,
            "usage: expected it to be complete up to 2013-02-02T00:00:00.000001Z, found it complete"
            " up to 2013-02-02T00:00:00Z; wait for the metering job",
            id="beyond what is complete",
        ),
        pytest.param(
            _nothing,
            "2013-02-01T00:00:00Z",
            2,
            "usage: expected it to be complete up to 2013-02-01T00:00:00Z, found fewer than two"
            " checkpoints, or a partition without records; wait for the metering job",
            id="before the job has made checkpoints",
        ),
        pytest.param(
            _priced_february,
            "2013-02-01T23:59:59Z",
            2,
            "usage: expected to price it up to 2013-02-02T00:00:00Z or later, as a run before did,"
            " found 2013-02-01T23:59:59Z; ask for a later --until, or wait for the metering job",
            id="as of before an earlier run",
        ),
        pytest.param(
            _february,
            "2013-02-01T00:00:00",
            2,
            "bad value, --until: expected an instant with its zone, such as 2026-11-01T00:00:00Z,"
            " found '2013-02-01T00:00:00'",
            id="no zone",
        ),
    ],
)
def test_one_line_and_no_row(
    unmetered: World,
    capsys: Output,
    prepare: Callable[[World], None],
    until: str | None,
    code: int,
    line: str,
) -> None:
    """What, where, expected and found; no table has another snapshot."""
    prepare(unmetered)
    before = unmetered.snapshots()
    capsys.readouterr()
    asked = [] if until is None else ["--until", until]
    assert main(["--settings", str(unmetered.settings), *asked], {}) == code
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(line)
    assert output.err.count("\n") == 1
    assert unmetered.snapshots() == before


def test_a_job_that_was_set_back_takes_nothing_back(january: World, capsys: Output) -> None:
    """Restored from checkpoint 2, it commits 3 anew: the cut is before what was priced."""
    january.meter(day(2, 3))
    january.price()
    january.commit(3)
    before = january.snapshots()
    assert main(["--settings", str(january.settings)], {}) == 2
    assert "wait for the metering job" in capsys.readouterr().err
    assert january.snapshots() == before


def test_a_repeated_commit_is_priced_when_it_was_looked_at(
    unmetered: World, capsys: Output
) -> None:
    """Accepted with a name and a reason, its rows count once; a commit that comes later waits."""
    _repeated(unmetered)
    settings = ["--settings", str(unmetered.settings)]
    assert accept_commits.main([*settings, "--list"], {}) == 1
    assert "closed_usage: checkpoint job/sink/2 in snapshots" in capsys.readouterr().out
    assert accept_commits.main(settings, {}) == 2
    assert "expected --by with a word; or --list" in capsys.readouterr().err
    assert main(settings, {}) == 2
    decided = ["--by", "ops", "--reason", "a TaskManager came back"]
    assert accept_commits.main([*settings, *decided], {}) == 0
    assert "1 rows twice, all the same" in capsys.readouterr().out
    assert accept_commits.main([*settings, "--list"], {}) == 0
    assert main(settings, {}) == 0
    charges = unmetered.catalog.load_table(("billing", "charges")).scan().to_arrow().to_pylist()
    assert [row["quantity"] for row in charges if row["kind"] == "usage"] == [8]
    _repeated(unmetered)
    capsys.readouterr()
    assert main(settings, {}) == 2
    assert "jobs.accept_commits" in capsys.readouterr().err
