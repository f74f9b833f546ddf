"""Writes tables of roles and programs as Markdown, for docs/roles.md and docs/kubernetes.md."""

from collections.abc import Iterable, Sequence

from iceberg.table import Table
from iceberg.tables import TABLES
from jobs.roles.declared import PROGRAMS, ROLES
from jobs.roles.role import Program, Role
from schemas.content import Content


def describe_roles(roles: Sequence[Role] = ROLES) -> str:
    """Return a row for each role: who it is for, what it reads and writes."""
    rows = (
        f"| `{role.name}` | {role.doc} | {_read(role)} | {_written(role)} |\n" for role in roles
    )
    return f"| role | who has it | reads | writes |\n|---|---|---|---|\n{''.join(rows)}"


def describe_writers(programs: Sequence[Program] = PROGRAMS) -> str:
    """Return a row for each program that writes tables."""
    rows = (
        f"| `{program.name}` | `{program.role}` | {_names(program.writes)} |\n"
        for program in programs
        if program.writes
    )
    return f"| program | role | tables it writes |\n|---|---|---|\n{''.join(rows)}"


def describe_readers(programs: Sequence[Program] = PROGRAMS) -> str:
    """Return a row for each program that only reads: who of the people can run it."""
    rows = (
        f"| `{program.name}` | {_names(program.reads)} | {_people(program)} |\n"
        for program in programs
        if not program.writes
    )
    return f"| program | tables it reads | roles |\n|---|---|---|\n{''.join(rows)}"


def _people(program: Program) -> str:
    names = (
        f"`{role.name}`"
        for role in ROLES
        if not role.writes and set(program.reads) <= set(role.reads)
    )
    return ", ".join(names)


def _read(role: Role) -> str:
    if len(role.reads) == len(TABLES):
        return "all"
    return ", ".join(each for each in Content if any(t.content is each for t in role.reads))


def _written(role: Role) -> str:
    if not role.writes:
        return "nothing"
    return f"{_names(role.writes)}{'; creates them' if role.creates else ''}"


def _names(tables: Iterable[Table]) -> str:
    listed = tuple(tables)
    if len(listed) == len(TABLES):
        return "all"
    return ", ".join(f"`{table.name}`" for table in listed)
