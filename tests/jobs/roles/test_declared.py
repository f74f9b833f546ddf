"""Roles and programs as they are declared: nobody is forgotten, and people write nothing."""

import re
from pathlib import Path

from iceberg.change_tables import TABLE_CHANGES
from iceberg.decided_tables import MANUAL_ACTS
from iceberg.tables import TABLES
from jobs.roles.declared import PROGRAMS, ROLES
from schemas.content import Content

JOBS = Path(__file__).parents[3] / "jobs"
# These open no catalog.
WITHOUT_TABLES = {
    "beat_heartbeat",
    "create_key_store",
    "create_topics",
    "describe_levels",
    "describe_metrics",
    "describe_tables",
    "draw_dashboards",
    "meter_pod",
    "pseudonymize_usage",
    "publish_flights",
    "verify_proof",
    "write_sbom",
}
# It opens the catalog to ask where tables lie.
ONLY_LOCATIONS = {"describe_roles"}


def _programs() -> dict[str, str]:
    """Return the source of each program by its name."""
    sources = {path.stem: path.read_text() for path in JOBS.glob("*.py")}
    return {name: text for name, text in sources.items() if '__name__ == "__main__"' in text}


def test_every_program_is_declared() -> None:
    """A new one has to say which tables it writes, or that it has to do with none."""
    declared = [program.name for program in PROGRAMS]
    assert len(declared) == len(set(declared))
    assert {*declared, *WITHOUT_TABLES, *ONLY_LOCATIONS} == _programs().keys()
    for name in WITHOUT_TABLES:
        assert not re.search(r"\bopen_(catalog|to_read)\b", _programs()[name])


def test_only_programs_that_write_have_a_role_to_write() -> None:
    """And each of these roles is declared."""
    writing = {role.name for role in ROLES if role.writes}
    for program in PROGRAMS:
        assert bool(program.writes) == bool(program.role)
    assert {program.role for program in PROGRAMS if program.writes} == writing


def test_people_write_nothing() -> None:
    """The roles of people only read; only the auditor sees what was received, or operations."""
    people = {role.name: role for role in ROLES if not role.writes}
    assert people.keys() == {"analyst", "finance", "auditor"}
    contents = {name: {table.content for table in role.reads} for name, role in people.items()}
    assert contents["analyst"] == {Content.USAGE, Content.PRICES}
    assert contents["finance"] == {Content.USAGE, Content.PRICES, Content.MONEY}
    assert people["auditor"].reads == TABLES


def test_each_table_is_written_by_one_role_beside_maintaining() -> None:
    """So that a role taken over by somebody changes as little as can be; each acts, and says so."""
    for table in TABLES:
        if table is MANUAL_ACTS:
            continue
        roles = [r.name for r in ROLES if table in r.writes and r.name != "maintaining"]
        assert len(roles) == (0 if table is TABLE_CHANGES else 1), table.name


def test_names_need_no_quotes() -> None:
    """Roles bear the same name everywhere, in SQL without quotes."""
    for role in ROLES:
        assert re.fullmatch("meterclose_[a-z]+", role.granted_name)
