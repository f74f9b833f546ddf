"""Prints docs/tables.md from the declaration of the tables.

python -m jobs.describe_tables > docs/tables.md
"""

import argparse
import sys
from collections.abc import Sequence

from iceberg.table import Table
from iceberg.tables import TABLES
from schemas.content import Content

_INTRODUCTION = """\
# Tables

Written by `python -m jobs.describe_tables` from `iceberg/tables.py`; change that file.

All are Iceberg tables of format version 2 in one namespace (default `billing`). Rows are only ever
appended. Instants are `timestamptz` in microseconds, quantities exact decimals. A row that came
twice, by a commit that was repeated, is taken once: by its `row_id`, or where it has none by its
key (`iceberg/reading.py`). Keys stand in the property `meterclose.key` and not in Iceberg's
identifier fields: Flink's sink would take those for equality fields, keep each key of a checkpoint
in memory, and write delete files.

Each table has one class of content, by which [roles](roles.md) may read it:

"""


def describe_tables(tables: Sequence[Table] = TABLES) -> str:
    """Return the document of all tables as Markdown."""
    return "\n".join([_INTRODUCTION + _classes(tables), *map(_describe, tables)])


def _classes(tables: Sequence[Table]) -> str:
    rows = "".join(
        f"| {content} | {content.meaning} |"
        f" {', '.join(f'`{each.name}`' for each in tables if each.content is content)} |\n"
        for content in Content
    )
    return f"| class | what it holds | tables |\n|---|---|---|\n{rows}"


def _describe(table: Table) -> str:
    columns = "\n".join(
        f"| `{column.name}` | {column.type} | {'yes' if column.required else 'no'} | {column.doc} |"
        for column in table.columns
    )
    key = ", ".join(f"`{name}`" for name in table.key)
    return f"""\
## {table.name}

{table.doc}

Class: {table.content}. Key: {key}. Partitioned by the month of `{table.partition_by}`.

| column | type | required | what it says |
|---|---|---|---|
{columns}
"""


def main(arguments: Sequence[str]) -> int:
    """Print the document; return the exit code."""
    argparse.ArgumentParser(
        prog="describe_tables", description=(__doc__ or "").split("\n")[0]
    ).parse_args(arguments)
    print(describe_tables(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
