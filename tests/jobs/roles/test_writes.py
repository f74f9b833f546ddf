"""Programs commit to the tables that they declare: what each does is watched."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from iceberg.decided_tables import MANUAL_ACTS
from iceberg.tables import CLOSED_USAGE, EXPIRED_USAGE, TABLES
from jobs import rewind_tables
from jobs.repairing import proposing
from jobs.roles.declared import PROGRAMS
from schemas.archived_record import ArchivedRecord
from tests.iceberg.filling import append
from tests.iceberg.rows import row_of
from tests.jobs import backfilling
from tests.jobs.invoiced_tables import SETUP
from tests.jobs.lossy_world import archive_of_outage, meter
from tests.jobs.pricing_rows import closed, corrected, day
from tests.jobs.pricing_world import World, make_priced_world
from tests.jobs.proofs.proved_world import make_proved_world
from tests.jobs.roles.running import run, writing_commands

Output = pytest.CaptureFixture[str]
Commits = set[str]
DECLARED = {each.name: {table.name for table in each.writes} for each in PROGRAMS}
# What makes these write to all of their tables takes more than a small world.
NOT_ALL = {"maintain_tables", "rewind_tables"}
# Routine as it is run here; other commands of it are manual acts.
ROUTINE = {"issue_invoices"}


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> Commits:
    """Names of tables that were created or committed to since it was last cleared."""
    found: Commits = set()
    commit, create = SqlCatalog.commit_table, SqlCatalog.create_table

    def watched_commit(self: SqlCatalog, table, *others):  # type: ignore[no-untyped-def]
        found.add(table.name()[-1])
        return commit(self, table, *others)

    def watched_create(  # type: ignore[no-untyped-def]
        self: SqlCatalog, identifier, *others, **more
    ):
        found.add(identifier[-1])
        return create(self, identifier, *others, **more)

    monkeypatch.setattr(SqlCatalog, "commit_table", watched_commit)
    monkeypatch.setattr(SqlCatalog, "create_table", watched_create)
    return found


def _check(name: str, commits: Commits) -> None:
    assert commits, name
    assert commits <= DECLARED[name], name
    if name not in NOT_ALL:
        assert commits == DECLARED[name] - ({MANUAL_ACTS.name} if name in ROUTINE else set()), name


def _run(world: World, commits: Commits, names: Sequence[str]) -> None:
    commands = writing_commands(world.folder)
    for name in names:
        commits.clear()
        done = run(name, world.settings, commands[name])
        assert done["code"] in (0, 1), done  # 1: what it looks at is not as it should be
        _check(name, commits)


def test_most_programs(tmp_path: Path, commits: Commits) -> None:
    """One after the other over one world."""
    world = make_proved_world(tmp_path)
    (tmp_path / "invoicing.yaml").write_text(
        SETUP.replace("account_id: AA", "account_id: A").replace("account_id: B6", "account_id: B")
    )
    append(world.catalog, EXPIRED_USAGE, [row_of(EXPIRED_USAGE, row_id="expired")])
    names = [*writing_commands(tmp_path)]
    _run(world, commits, [*names[1 : names.index("accept_commits")], "maintain_tables"])


def test_creating_tables(tmp_path: Path, commits: Commits) -> None:
    """All of them, in a new catalog; a second time none."""
    world = make_priced_world(tmp_path)
    (tmp_path / "catalog.db").unlink()
    _run(world, commits, ["create_tables"])
    commits.clear()
    assert run("create_tables", world.settings, [])["code"] == 0
    assert commits == set()


def test_accepting_commits(tmp_path: Path, commits: Commits) -> None:
    """A commit that came twice is looked at."""
    world = make_priced_world(tmp_path)
    names = ("flink.job-id", "flink.operator-id", "flink.max-committed-checkpoint-id")
    for _ in range(2):
        summary = dict(zip(names, ("job", "sink", "2"), strict=True))
        append(world.catalog, CLOSED_USAGE, [closed("A", 1, 8)], summary)
    _run(world, commits, ["accept_commits"])


def test_backfilling(
    tmp_path: Path, commits: Commits, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records that Kafka alone has are judged, approved and counted."""
    world = make_priced_world(tmp_path)
    records, counted = archive_of_outage()
    meter(world, counted, counted)
    read = tuple(
        ArchivedRecord(each.partition, each.offset, each.log_time_ms * 1000, None, each.value)
        for each in records
    )
    monkeypatch.setattr(proposing, "read_records", lambda *_: read)
    capsys.readouterr()
    commits.clear()
    backfilling.propose(world, capsys, "--from", "kafka:usage-events:0:0-60")
    assert commits == set(), "what proposes writes nothing"
    _run(world, commits, ["backfill_usage"])


def test_rewinding(tmp_path: Path, commits: Commits, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables of the stream are put back, and the change is noted."""
    monkeypatch.setattr(rewind_tables, "read_first_offsets", lambda _: (0,))
    world = make_priced_world(tmp_path)
    world.meter(day(2, 2), closed_usage=[closed("A", 1, 8)])
    world.meter(day(2, 5), usage_corrections=[corrected("A", 1, 1, 10, 2, day(2, 4))])
    _run(world, commits, ["rewind_tables"])
    assert {"table_changes", "usage_corrections"} <= commits


def test_the_job_writes_what_is_declared() -> None:
    """The tables that its plan names are those that it declares, beside the log of its adoption."""
    plan = (Path(__file__).parents[3] / "jobs" / "flink" / "job.py").read_text()
    named = {word.lower() for word in re.findall(r"\b[A-Z_]+\b", plan)}
    assert named & {table.name for table in TABLES} == DECLARED["meter_usage"] - {MANUAL_ACTS.name}
