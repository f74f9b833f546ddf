"""Tables are put back to a checkpoint: what goes, what stays, what is refused, and what follows."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from iceberg.checking import repeated_commits
from iceberg.flink_commits import commits_of
from iceberg.reading import read_once
from iceberg.replacing import COMPACTION
from iceberg.restoring import JobStart, RefusedStartError, check_start
from iceberg.rewinding import UnsafeRewindError, rewind_table
from iceberg.savepoints import Savepoint
from iceberg.table import Table
from iceberg.table_changes import ChangeStore
from iceberg.tables import CLOSED_USAGE, RAW_EVENTS, RETRACTIONS, USAGE_CORRECTIONS
from iceberg.writing import CommitConflictError
from jobs import rewind_tables as program
from jobs.maintaining import rewinding
from jobs.maintaining.rewinding import (
    RewindDecision,
    RewindReport,
    look_at_rewind,
    rewind_tables,
)
from jobs.pricing.running import RefusedInputError
from jobs.settings import load_settings
from schemas.table_change import ChangeStatus
from tests.iceberg.filling import append, flink_summary
from tests.iceberg.rows import row_of
from tests.jobs.pricing_rows import corrected, day
from tests.jobs.pricing_world import World

Output = pytest.CaptureFixture[str]
DECISION = RewindDecision("ada", "the newest savepoint is damaged", 1_700_000_000_000_000)
BEFORE = Savepoint("file:/kept/chk-2", 2, "")
LATE = corrected("A", 1, 1, flights=10, delta=2, end=day(2, 4))


def _rewind(
    world: World, savepoint: Savepoint = BEFORE, first: Sequence[int] = (0,)
) -> RewindReport:
    return rewind_tables(load_settings(world.settings, {}), savepoint, lambda: first, DECISION)


def _go_on(world: World) -> None:
    """Let the job come to checkpoint 4, with a correction of January."""
    world.meter(day(2, 5), usage_corrections=[LATE])


def _rows(world: World, table: Table) -> int:
    return len(read_once(world.catalog.load_table(("billing", table.name)), table))


def _last(world: World, table: Table) -> int | None:
    commits = commits_of(world.catalog.load_table(("billing", table.name)))
    return commits[0].checkpoint_id if commits else None


def test_all_tables_are_back(january: World) -> None:
    """Rows of after the checkpoint are gone; a tag has them, and the journal says who and why."""
    before = {table: _rows(january, table) for table in (CLOSED_USAGE, RAW_EVENTS)}
    _go_on(january)
    report = _rewind(january)
    assert {plan.table.name for plan in report.plans} == {
        "raw_events",
        "metering_windows",
        "closed_usage",
        "usage_corrections",
    }
    assert {table: _rows(january, table) for table in before} == before
    assert _rows(january, USAGE_CORRECTIONS) == 0
    assert {_last(january, plan.table) for plan in report.plans} == {2}
    existing = january.catalog.load_table(("billing", "usage_corrections"))
    tag = f"before-rewind-2-{str(report.change_id)[:12]}"
    assert existing.scan(snapshot_id=existing.metadata.refs[tag].snapshot_id).count() == 1
    rows = ChangeStore(january.catalog, "billing").read()
    assert [(row.table_name, row.status) for row in rows[:1]] == [
        ("closed_usage", ChangeStatus.STARTED)
    ]
    assert len(rows) == 8
    assert {(row.decided_by, row.reason) for row in rows} == {
        (DECISION.decided_by, DECISION.reason)
    }
    assert _rewind(january).plans == ()


def test_charges_stay_and_come_out_the_same(january: World) -> None:
    """Those of rows that go are named; pricing waits for the job, then finds nothing to charge."""
    january.price()
    _go_on(january)
    report = january.price(at_us=2)
    charged = january.charges()
    rewound = _rewind(january)
    assert rewound.rolled_back.run_ids == (report.run_id,)
    (named,) = rewound.rolled_back.charges
    (last,) = [each for each in charged if each.run_id == report.run_id]
    assert (named.charge_id, named.amount_minor) == (last.charge_id, 300)
    with pytest.raises(RefusedInputError, match="wait for the metering job"):
        january.price(at_us=3)
    january.checkpoint = 2
    _go_on(january)
    assert january.price(at_us=4).charges == 0
    assert january.charges() == charged
    january.entries()


def test_a_table_without_any_snapshot_of_then_is_empty(january: World) -> None:
    """The sink had committed nothing to it; it commits again afterwards."""
    row = row_of(
        RETRACTIONS,
        log_time=day(2, 5),
        kafka_partition=0,
        kafka_offset=9,
        event_source="s",
        event_id="i",
        retracted_source="s",
        retracted_id="j",
    )
    append(january.catalog, RETRACTIONS, [row], flink_summary(3))
    (plan,) = _rewind(january).plans
    assert (plan.table, plan.target_id) == (RETRACTIONS, None)
    existing = january.catalog.load_table(("billing", "retractions"))
    assert existing.current_snapshot() is None
    assert _rows(january, RETRACTIONS) == 0
    check_start(january.catalog, "billing", JobStart(BEFORE))
    append(january.catalog, RETRACTIONS, [row], flink_summary(3))
    assert _rows(january, RETRACTIONS) == 1
    assert repeated_commits(january.catalog.load_table(("billing", "retractions"))) == []


def test_interrupted_half_way_it_is_finished(
    january: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No start is allowed in between; what was done is noted, what was not is done."""
    _go_on(january)
    done: list[object] = []

    def stop_at_the_third(*arguments: object) -> None:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(arguments)
        rewind_table(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(rewinding, "rewind_table", stop_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            _rewind(january)
    for checkpoint_id, found in ((2, "expected checkpoint 4 or later"), (9, "run it again first")):
        with pytest.raises(RefusedStartError, match=found):
            check_start(january.catalog, "billing", JobStart(Savepoint("p", checkpoint_id, "")))
    report = _rewind(january)
    assert len(report.plans) == 2
    assert len(report.finished) == 1
    check_start(january.catalog, "billing", JobStart(BEFORE))
    rows = ChangeStore(january.catalog, "billing").read()
    finished = [row.table_name for row in rows if row.status is ChangeStatus.FINISHED]
    assert sorted(finished) == [
        "closed_usage",
        "metering_windows",
        "raw_events",
        "usage_corrections",
    ]


def test_only_the_savepoint_of_the_rewind_is_restored(january: World) -> None:
    """A later one holds in state what the tables have lost."""
    _go_on(january)
    _rewind(january)
    check_start(january.catalog, "billing", JobStart(BEFORE))
    with pytest.raises(RefusedStartError, match=r"expected checkpoint 2, as table .* was put back"):
        check_start(january.catalog, "billing", JobStart(Savepoint("p", 4, "")))
    january.checkpoint = 2
    _go_on(january)
    check_start(january.catalog, "billing", JobStart(Savepoint("p", 4, "")))


def test_a_job_that_still_runs_is_noticed(january: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its commit comes before, or right after, the table is put back."""
    _go_on(january)

    def commit(when: str) -> None:
        def between(catalog: object, namespace: str, plan: object, tag: str) -> None:
            if when == "before":
                january.commit(5)
            rewind_table(catalog, namespace, plan, tag)  # type: ignore[arg-type]
            if when == "after":
                january.commit(5)

        with monkeypatch.context() as patched:
            patched.setattr(rewinding, "rewind_table", between)
            with pytest.raises(CommitConflictError, match="stop"):
                _rewind(january)

    commit("before")
    commit("after")


def test_records_that_kafka_has_deleted_cannot_be_read_again(january: World) -> None:
    """The first record that goes is at offset 4; nothing is changed."""
    _go_on(january)
    before = january.snapshots()
    expected = "partition 0: expected the record at offset 4.*found the first one at 5"
    with pytest.raises(UnsafeRewindError, match=expected):
        _rewind(january, first=(5,))
    assert january.snapshots() == before
    assert _rewind(january, first=(4,)).change_id


def test_rows_of_others_are_not_lost(january: World) -> None:
    """Files written anew may be undone; rows that the job did not write may not."""
    _go_on(january)
    append(january.catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE, row_id="x")], {COMPACTION: "1"})
    assert look_at_rewind(load_settings(january.settings, {}), BEFORE, lambda: (0,)).plans
    append(january.catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE, row_id="y")])
    with pytest.raises(UnsafeRewindError, match="found rows of another program"):
        _rewind(january)


@pytest.mark.parametrize(
    ("savepoint", "line"),
    [
        (Savepoint("p", 3, "", has_pending=True), None),
        (Savepoint("p", 1, "", has_pending=True), None),
        (Savepoint("p", 0, "", has_pending=False), None),
        (Savepoint("p", 0, ""), "expected a commit of its own in raw_events, found none"),
        (Savepoint("p", 3, "abcdef"), "found one of job abcdef"),
    ],
    ids=["committed", "first", "nothing to commit", "not known", "of another job"],
)
def test_which_savepoints_will_do(january: World, savepoint: Savepoint, line: str | None) -> None:
    """What waits for a commit must be in the tables by itself."""
    _go_on(january)
    settings = load_settings(january.settings, {})
    if line is None:
        look_at_rewind(settings, savepoint, lambda: (0,))
        return
    with pytest.raises(UnsafeRewindError, match=line):
        look_at_rewind(settings, savepoint, lambda: (0,))


def test_a_number_that_came_twice_needs_the_job(january: World) -> None:
    """Tables that were begun anew count from the beginning."""
    for number, job in ((40, "a" * 32), (41, "a" * 32), (1, "b" * 32), (2, "b" * 32)):
        append(
            january.catalog,
            RETRACTIONS,
            [
                row_of(
                    RETRACTIONS,
                    log_time=day(2, 5),
                    kafka_partition=0,
                    kafka_offset=number,
                    event_source="s",
                    event_id="i",
                    retracted_source="s",
                    retracted_id="j",
                )
            ],
            flink_summary(number, job),
        )
    settings = load_settings(january.settings, {})
    with pytest.raises(UnsafeRewindError, match="expected to know of which job"):
        look_at_rewind(settings, Savepoint("p", 1, "", False), lambda: (0,))
    report = look_at_rewind(settings, Savepoint("p", 1, "b" * 6, False), lambda: (0,))
    assert {plan.table.name for plan in report.plans} >= {"retractions"}
    assert report.rolled_back.rows["retractions"] == 1


def test_the_program(january: World, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    """A dry run changes nothing; who and why are needed; JSON has every table and charge."""
    _go_on(january)
    monkeypatch.setattr(program, "read_first_offsets", lambda _: (0,))
    settings = ["--settings", str(january.settings), "--checkpoint", "2"]
    assert program.main([*settings, "--dry-run"], {}) == 0
    assert "Would be put back to checkpoint 2" in capsys.readouterr().out
    assert program.main([*settings, "--by", "ada"], {}) == 2
    assert "missing option, command line: expected --reason" in capsys.readouterr().err
    assert program.main([*settings, "--by", "ada", "--reason", "why not", "--json"], {}) == 0
    report = json.loads(capsys.readouterr().out)
    assert [each["to_checkpoint_id"] for each in report["tables"]] == [2] * 4
    assert {each["table"]: each["rows"] for each in report["tables"]}["usage_corrections"] == 1
    assert program.main([*settings, "--by", "ada", "--reason", "why not"], {}) == 0
    assert "nothing to put back" in capsys.readouterr().out


def test_what_is_no_savepoint_is_one_line(january: World, tmp_path: Path, capsys: Output) -> None:
    """Exit code 2."""
    arguments = ["--settings", str(january.settings), "--to", str(tmp_path), "--dry-run"]
    assert program.main(arguments, {}) == 2
    output = capsys.readouterr()
    assert output.err.count("\n") == 1
    assert "expected a folder with _metadata" in output.err
