"""Roles in a JDBC catalog, by a real PostgreSQL: what the printed SQL gives and refuses."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError

from iceberg.catalog import open_catalog, open_to_read
from iceberg.creating import make_tables
from iceberg.decided_tables import BROUGHT_BACK_USAGE, FREEZES, MANUAL_ACTS
from iceberg.journal_rows import journal_table
from iceberg.ledger_tables import JOURNAL
from iceberg.table import Table
from iceberg.tables import CLOSED_USAGE, RAW_EVENTS, TABLES
from iceberg.writing import CommitConflictError, UnknownCommitError, append_rows
from jobs import (
    create_tables,
    describe_roles,
    freeze_billing,
    load_rate_cards,
    show_charges,
    show_ledger,
    show_usage,
    verify_ledger,
)
from jobs.roles.declared import ROLES
from jobs.roles.role import Role
from jobs.settings import load_settings
from tests.iceberg.filling import append
from tests.iceberg.rows import brought_back, row_of
from tests.integration.postgres import OWNER, Postgres, serve_postgres
from tests.jobs.booked_tables import chained, small_ledger
from tests.jobs.loading_prices import CARDS, CONTRACTS
from tests.jobs.metered_tables import FLOWN

pytestmark = pytest.mark.integration

Output = pytest.CaptureFixture[str]
BY_NAME = {role.name: role for role in ROLES}
# A name that SQL has to quote.
CATALOG = "o'brien's \\ catalog"
PLACE = {"kafka_partition": 0, "kafka_offset": 0, "log_time": FLOWN}
METERS = """\
meters: [{meter: flights, event_type: flight.departed, aggregation: count, unit: flight}]
"""


@dataclass
class World:
    """All tables in a catalog in PostgreSQL, and settings of each login."""

    folder: Path
    postgres: Postgres
    known: set[str] = field(default_factory=set)

    def settings(self, login: str, **catalog: object) -> Path:
        """Write the settings with which a login opens the catalog; return their path."""
        (self.folder / "meters.yaml").write_text(METERS)
        path = self.folder / f"{login}.yaml"
        own = {"type": "jdbc", "uri": self.postgres.uri, "warehouse": "warehouse", "name": CATALOG}
        sections = {
            "kafka": {"bootstrap_servers": "broker:9092"},
            "catalog": {**own, "properties": {"jdbc.user": login}, **catalog},
            "metering": {"meters_file": "meters.yaml"},
            "flink": {"checkpoint_dir": "checkpoints"},
        }
        path.write_text(yaml.safe_dump(sections))
        return path

    def open(self, login: str) -> Catalog:
        """Open the catalog to write, as a login."""
        return open_catalog(load_settings(self.settings(login), {}).catalog)

    def login(self, role: Role, capsys: Output) -> str:
        """Return a login of a role, which is made by the SQL that the program prints."""
        name = f"one_of_{role.name}"
        if name not in self.known:
            settings = str(self.settings(OWNER))
            words = ["--settings", settings, "--role", role.name, "--form", "postgres"]
            assert describe_roles.main(words, {}) == 0
            sql = capsys.readouterr().out
            self.postgres.run(f"CREATE ROLE {role.granted_name} NOLOGIN;")
            for _ in range(2):  # again changes nothing
                self.postgres.run(sql, OWNER)
            self.postgres.run(f"CREATE ROLE {name} LOGIN; GRANT {role.granted_name} TO {name};")
            self.known.add(name)
        return name


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """All tables, a closed row and a record in the archive."""
    with serve_postgres() as postgres:
        found = World(tmp_path_factory.mktemp("postgres"), postgres)
        catalog = found.open(OWNER)
        make_tables(catalog, "billing")
        append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)])
        append(catalog, RAW_EVENTS, [row_of(RAW_EVENTS, **PLACE)])
        yield found


def _snapshot(world: World, table: Table) -> Any:
    return world.open(OWNER).load_table(("billing", table.name)).current_snapshot()


@pytest.mark.parametrize("name", ["analyst", "finance", "auditor", "billing"])
def test_a_role_sees_its_tables_alone(world: World, capsys: Output, name: str) -> None:
    """Those of its classes of content; others are not there for it."""
    role = BY_NAME[name]
    settings = load_settings(world.settings(world.login(role, capsys)), {}).catalog
    catalog = open_to_read(settings)
    listed = {table_name for _, table_name in catalog.list_tables("billing")}
    assert listed == {table.name for table in role.reads}
    assert catalog.load_table(("billing", CLOSED_USAGE.name)).scan().to_arrow().num_rows == 1
    for table in TABLES:
        if table not in role.reads:
            with pytest.raises(NoSuchTableError):
                catalog.load_table(("billing", table.name))


@pytest.mark.parametrize("name", ["analyst", "auditor"])
def test_people_cannot_commit(world: World, capsys: Output, name: str) -> None:
    """The database refuses it, whatever their settings say, in one line."""
    catalog = world.open(world.login(BY_NAME[name], capsys))
    before = _snapshot(world, CLOSED_USAGE)
    existing = catalog.load_table(("billing", CLOSED_USAGE.name))
    with pytest.raises(UnknownCommitError, match="permission denied for table iceberg_tables"):
        append_rows(existing, CLOSED_USAGE, [row_of(CLOSED_USAGE, row_id="forged")])
    assert _snapshot(world, CLOSED_USAGE) == before


def test_people_cannot_change_rows_in_sql(world: World, capsys: Output) -> None:
    """Nor make, rename or delete tables, nor read rows that they do not see."""
    login = world.login(BY_NAME["analyst"], capsys)
    for sql in (
        "UPDATE iceberg_tables SET metadata_location = 'x';",
        "DELETE FROM iceberg_tables;",
        "INSERT INTO iceberg_namespace_properties VALUES ('c', 'n', 'k', 'v');",
        "ALTER TABLE iceberg_tables DISABLE ROW LEVEL SECURITY;",
        "DROP POLICY meterclose_analyst_reads ON iceberg_tables;",
        "SET row_security = off; SELECT * FROM iceberg_tables;",
        "CREATE TABLE iceberg_own (x int);",
    ):
        with pytest.raises(AssertionError, match=r"denied|must be owner|row-level security"):
            world.postgres.run(sql, login)
    counted = world.postgres.run("SELECT count(*) FROM iceberg_tables;", login)
    assert int(counted) == len(BY_NAME["analyst"].reads)


def test_programs_commit_to_their_tables_alone(world: World, capsys: Output) -> None:
    """What bills adds to the journal, what decides to usage, and neither to the other's."""
    back = BROUGHT_BACK_USAGE
    rows = {
        JOURNAL.name: journal_table(chained(small_ledger())).to_pylist(),
        back.name: [brought_back("e0")],
    }
    for name, own, other in (("billing", JOURNAL, back), ("deciding", back, JOURNAL)):
        catalog = world.open(world.login(BY_NAME[name], capsys))
        before = _snapshot(world, other)
        existing = catalog.load_table(("billing", other.name))
        with pytest.raises(CommitConflictError):
            append_rows(existing, other, rows[other.name])
        assert _snapshot(world, other) == before
        existing = catalog.load_table(("billing", own.name))
        append_rows(existing, own, rows[own.name])
        assert _snapshot(world, own) == existing.current_snapshot() is not None
    login = world.login(BY_NAME["billing"], capsys)
    with pytest.raises(AssertionError, match="permission denied"):
        world.postgres.run("UPDATE iceberg_tables SET table_name = 'x';", login)


def test_the_maintaining_role_makes_tables(world: World, capsys: Output) -> None:
    """A table that is missing is made by its login; one of another name is not."""
    login = world.login(BY_NAME["maintaining"], capsys)
    world.open(OWNER).drop_table(("billing", FREEZES.name))
    assert create_tables.main(["--settings", str(world.settings(login))], {}) == 0
    assert "freezes: created" in capsys.readouterr().out
    other = "INSERT INTO iceberg_tables VALUES ('c', 'billing', 'freezes');"
    with pytest.raises(AssertionError, match="violates row-level security"):
        world.postgres.run(other, login)


def test_which_programs_a_role_can_run(world: World, capsys: Output) -> None:
    """Finance shows and verifies money; programs that need more end with one line and code 2."""
    settings = str(world.settings(world.login(BY_NAME["finance"], capsys)))
    for program in (show_charges, show_ledger, verify_ledger):
        assert program.main(["--settings", settings], {}) == 0, program.__name__
        capsys.readouterr()
    why = ["--by", "me", "--reason", "none"]
    freezing = ["freeze", "--all-accounts", *why]
    cards = [str(world.folder / name) for name in ("cards.yaml", "contracts.yaml")]
    for path, text in zip(cards, (CARDS, CONTRACTS), strict=True):
        Path(path).write_text(text)
    loading = ["--rate-cards", cards[0], "--contracts", cards[1], *why]
    writing = ((freeze_billing, freezing, MANUAL_ACTS), (load_rate_cards, loading, MANUAL_ACTS))
    for refused, words, missing in ((show_usage, [], RAW_EVENTS), *writing):
        assert refused.main(["--settings", settings, *words], {}) == 2, refused.__name__
        told = capsys.readouterr()
        assert (told.out, told.err.count("\n")) == ("", 1)
        line = f"table {missing.name}, namespace billing: expected one, found none"
        assert line in told.err


def test_a_login_without_a_role_is_told_so(world: World, capsys: Output) -> None:
    """One line, and no try to make the catalog's tables."""
    world.postgres.run("CREATE ROLE nobody LOGIN;")
    assert show_charges.main(["--settings", str(world.settings("nobody"))], {}) == 2
    told = capsys.readouterr().err
    assert "permission denied for table iceberg_tables" in told
    assert told.count("\n") == 1
