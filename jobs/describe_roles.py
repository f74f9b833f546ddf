"""Prints roles, or what to grant so that one of them holds: in PostgreSQL, S3, Polaris and Trino.

    python -m jobs.describe_roles
    python -m jobs.describe_roles --settings config/live.yaml --role analyst
    python -m jobs.describe_roles --settings config/live.yaml --role analyst --form s3

Nothing is granted by this program, and it needs no catalog, unless `--from-catalog` asks it where
the tables lie: otherwise they are taken to lie where a catalog in a database puts them, in
`warehouse/namespace/table`. docs/roles.md says what each grant is worth.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from iceberg.catalog import CatalogUnreachableError, open_to_read
from iceberg.locating import Locations, UnknownLocationError, expect_locations, read_locations
from iceberg.tables import TABLES
from jobs.roles.declared import ROLES
from jobs.roles.describing import describe_readers, describe_roles, describe_writers
from jobs.roles.granting_polaris import polaris_commands
from jobs.roles.granting_postgres import postgres_sql
from jobs.roles.granting_storage import UnknownBucketError, s3_policy
from jobs.roles.granting_trino import trino_rules
from jobs.roles.role import Role
from jobs.settings import CatalogSettings, CatalogType, SettingsError, load_settings

_FORMS = ("postgres", "s3", "polaris", "trino")


def grants(
    role: Role, settings: CatalogSettings, catalog: str, locations: Locations
) -> dict[str, Any]:
    """Return what to grant by form: text, or what is JSON; None where the form does not fit.

    Args:
        role: Whose.
        settings: Of the catalog.
        catalog: As Polaris or Trino names it.
        locations: Of all tables.
    """
    namespace = settings.namespace
    makers: dict[str, Callable[[], Any]] = {
        "postgres": lambda: postgres_sql(role, settings),
        "s3": lambda: s3_policy(role, locations),
        "polaris": lambda: polaris_commands(role, catalog, namespace),
        "trino": lambda: trino_rules(role, catalog, namespace),
    }
    unfit = {CatalogType.JDBC: "polaris", CatalogType.REST: "postgres"}
    left_out = {unfit[settings.type]} if settings.type in unfit else {"polaris", "postgres"}
    if not settings.warehouse.startswith("s3"):
        left_out.add("s3")
    return {form: None if form in left_out else makers[form]() for form in _FORMS}


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Print roles or grants; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.role is None:
            _refuse_without_role(options)
            print(f"{describe_roles()}\n{describe_writers()}\n{describe_readers()}", end="")
            return 0
        if options.settings is None:
            raise SettingsError("missing option", "--role", "--settings beside it", "none")
        settings = load_settings(options.settings, environ).catalog
        locations = _locations(settings, options.from_catalog)
        (role,) = (each for each in ROLES if each.name == options.role)
        found = grants(role, settings, options.catalog or settings.name, locations)
        _print(found, options)
    except (
        SettingsError,
        CatalogUnreachableError,
        UnknownLocationError,
        UnknownBucketError,
    ) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="describe_roles", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--settings", help="settings file")
    parser.add_argument("--role", choices=[role.name for role in ROLES], help="whose grants")
    parser.add_argument(
        "--form", choices=_FORMS, help="print only this, to be given to its program"
    )
    parser.add_argument("--catalog", help="what Polaris or Trino call the catalog")
    parser.add_argument(
        "--from-catalog", action="store_true", help="ask the catalog where the tables lie"
    )
    parser.add_argument("--json", action="store_true", help="print the grants as JSON")
    return parser


def _refuse_without_role(options: argparse.Namespace) -> None:
    for name in ("settings", "form", "catalog", "from_catalog", "json"):
        if getattr(options, name):
            option = f"--{name.replace('_', '-')}"
            raise SettingsError("bad option", option, "--role beside it", "none")


def _locations(settings: CatalogSettings, from_catalog: bool) -> Locations:
    if not from_catalog:
        return expect_locations(settings, TABLES)
    return read_locations(open_to_read(settings), settings.namespace, TABLES)


def _print(found: Mapping[str, Any], options: argparse.Namespace) -> None:
    if options.form is not None:
        if found[options.form] is None:
            expected = f"one of {', '.join(form for form in _FORMS if found[form] is not None)}"
            raise SettingsError("bad option", "--form", f"{expected} here", options.form)
        found = {options.form: found[options.form]}
    if options.json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for form, grant in found.items():
        if options.form is None:
            print(f"== {form}{': does not fit these settings' if grant is None else ''}")
        if grant is not None:
            print(grant if isinstance(grant, str) else f"{json.dumps(grant, indent=2)}\n", end="")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
