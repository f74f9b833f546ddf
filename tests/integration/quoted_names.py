"""Gives names to Flink's own parser, through what builds the job's SQL, and prints what it took.

Run as `quoted_names SETTINGS` in the environment of a local Flink, with a list of texts in JSON on
standard input; it starts no job.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyflink.table.catalog import ObjectPath

from jobs.flink.environment import open_environment
from jobs.flink.hot_path import with_options
from jobs.flink.meter_sql import quote_name
from jobs.flink.sinks import IcebergSinks
from jobs.settings import load_settings


def take(path: Path, texts: list[str]) -> list[dict[str, Any]]:
    """Return of each text what became of it as a catalog, as a table, and as an option's value."""
    settings = load_settings(path, {})
    _, tables = open_environment(settings)
    taken = []
    for text in texts:
        before = set(tables.list_catalogs())
        IcebergSinks(tables, replace(settings.catalog, name=text))
        options = with_options({"connector": "datagen", f"fields.{text}.x": text})
        tables.execute_sql(f"CREATE TABLE {quote_name(text)} (c INT) WITH ({options})")
        in_catalog = tables.get_catalog("default_catalog")
        table = in_catalog.get_table(ObjectPath("default_database", text))
        taken.append(
            {
                "catalogs": sorted(set(tables.list_catalogs()) - before),
                "tables": list(tables.list_tables()),
                "options": dict(table.get_options()),
            }
        )
        tables.execute_sql(f"DROP TABLE {quote_name(text)}")
    return taken


if __name__ == "__main__":
    json.dump(take(Path(sys.argv[1]), json.load(sys.stdin)), sys.stdout)
