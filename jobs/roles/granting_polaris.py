"""Writes the commands of Apache Polaris' CLI that give a role its tables in a REST catalog.

Names of privileges and options are those of Polaris 1.2 (its pages "Access Control" and "Command
Line Interface").
"""

import shlex

from iceberg.table import Table
from jobs.roles.role import Role

_READ = ("TABLE_READ_PROPERTIES", "TABLE_READ_DATA")
_WRITE = ("TABLE_WRITE_PROPERTIES", "TABLE_WRITE_DATA")


def polaris_commands(role: Role, catalog: str, namespace: str) -> str:
    """Return a line for each command; what is there already is refused by Polaris, and stays.

    Args:
        role: Whose.
        catalog: As Polaris names it.
        namespace: Of the tables.
    """
    name, at = role.granted_name, ("--catalog", catalog)
    to = (*at, "--catalog-role", name)
    commands = [
        ("principal-roles", "create", name),
        ("catalog-roles", "create", *at, name),
        ("catalog-roles", "grant", *at, "--principal-role", name, name),
    ]
    if role.creates:
        commands.append(("privileges", "catalog", "grant", *to, "NAMESPACE_CREATE"))
    in_namespace = ("--namespace", namespace)
    for privilege in ("TABLE_LIST", *(("TABLE_CREATE",) if role.creates else ())):
        commands.append(("privileges", "namespace", "grant", *to, *in_namespace, privilege))
    for table in role.reads:
        for privilege in _privileges(role, table):
            on = (*in_namespace, "--table", table.name)
            commands.append(("privileges", "table", "grant", *to, *on, privilege))
    return "".join(f"{shlex.join(('polaris', *words))}\n" for words in commands)


def _privileges(role: Role, table: Table) -> tuple[str, ...]:
    return (*_READ, *(_WRITE if table in role.writes else ()))
