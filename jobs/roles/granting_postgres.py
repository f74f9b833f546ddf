"""Writes the SQL that gives a role its rows of a JDBC catalog's tables in PostgreSQL.

Such a catalog is two tables for all of its tables: rights on them tell tables apart only by row.
"""

from collections.abc import Iterable

from iceberg.catalog import CatalogSettings
from iceberg.table import Table
from jobs.roles.role import Role

_TABLES = "iceberg_tables"
_NAMESPACES = "iceberg_namespace_properties"


def postgres_sql(role: Role, settings: CatalogSettings) -> str:
    """Return one transaction of SQL for psql, which may be run again.

    Args:
        role: Whose.
        settings: Name the catalog and the namespace.
    """
    statements = [
        _create_role(role.granted_name),
        f"REVOKE ALL ON {_TABLES}, {_NAMESPACES} FROM {role.granted_name};",
        f"GRANT SELECT ON {_TABLES}, {_NAMESPACES} TO {role.granted_name};",
        f"ALTER TABLE {_TABLES} ENABLE ROW LEVEL SECURITY;",
        *_policy(role, "reads", "SELECT", f"USING ({_rows_of(settings, role.reads)})"),
    ]
    if role.writes:
        rows = _rows_of(settings, role.writes)
        columns = "metadata_location, previous_metadata_location"
        statements += [
            f"GRANT UPDATE ({columns}) ON {_TABLES} TO {role.granted_name};",
            *_policy(role, "writes", "UPDATE", f"USING ({rows})\n    WITH CHECK ({rows})"),
        ]
    if role.creates:
        rows = _rows_of(settings, role.writes)
        statements += [
            f"GRANT INSERT ON {_TABLES}, {_NAMESPACES} TO {role.granted_name};",
            *_policy(role, "creates", "INSERT", f"WITH CHECK ({rows})"),
        ]
    return "\n".join(
        [
            f"-- Role {role.name}. Run it in the catalog's database, as the owner of {_TABLES}:",
            f"-- psql --set ON_ERROR_STOP=1. It turns row level security on for {_TABLES}: all but",
            "-- the owner and superusers then see no row that a policy does not give them.",
            "BEGIN;",
            *statements,
            "COMMIT;",
            f"-- Then, for each login: GRANT {role.granted_name} TO the_login;",
            "",
        ]
    )


def _create_role(name: str) -> str:
    return (
        "DO $$ BEGIN\n"
        f"    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{name}') THEN\n"
        f"        CREATE ROLE {name} NOLOGIN;\n"
        "    END IF;\n"
        "END $$;"
    )


def _policy(role: Role, verb: str, command: str, rows: str) -> tuple[str, str]:
    name = f"{role.granted_name}_{verb}"
    return (
        f"DROP POLICY IF EXISTS {name} ON {_TABLES};",
        f"CREATE POLICY {name} ON {_TABLES} FOR {command} TO {role.granted_name}\n    {rows};",
    )


def _rows_of(settings: CatalogSettings, tables: Iterable[Table]) -> str:
    names = ", ".join(_literal(table.name) for table in tables)
    return (
        f"catalog_name = {_literal(settings.name)}"
        f" AND table_namespace = {_literal(settings.namespace)} AND table_name IN ({names})"
    )


def _literal(text: str) -> str:
    """Return text as a literal, whatever `standard_conforming_strings` says of backslashes."""
    doubled = text.replace("'", "''")
    if "\\" not in text:
        return f"'{doubled}'"
    escaped = doubled.replace("\\", "\\\\")
    return f"E'{escaped}'"
