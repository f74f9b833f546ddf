"""Writes the rules by which Trino's file-based access control gives a role its tables to read.

Form and order are those of Trino's page "File-based access control": the first rule that fits
holds, names are regular expressions of Java that must fit as a whole.
"""

import re
from typing import Any

from jobs.roles.role import Role


def trino_rules(role: Role, catalog: str, namespace: str) -> dict[str, Any]:
    """Return the rules, for a file of their own or to be put before others.

    Nobody writes through Trino, so a role of programs only reads, too. Tables with a `$`, which
    tell of snapshots and files, are other names and so refused.

    Args:
        role: Whose; the group of its users bears its name.
        catalog: As Trino names it.
        namespace: Of the tables.
    """
    group = {"group": role.granted_name, "catalog": re.escape(catalog)}
    tables = "|".join(re.escape(table.name) for table in role.reads)
    return {
        "catalogs": [{**group, "allow": "read-only"}],
        "schemas": [{**group, "owner": False}],
        "tables": [
            {
                **group,
                "schema": re.escape(namespace),
                "table": f"({tables})",
                "privileges": ["SELECT"],
            },
            {**group, "privileges": []},
        ],
    }
