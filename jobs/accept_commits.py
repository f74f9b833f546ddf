"""Accepts commits that came twice, after a look at every row of them: pricing goes on.

    python -m jobs.accept_commits --settings config/live.yaml --list
    python -m jobs.accept_commits --settings config/live.yaml --by NAME --reason TEXT

A commit that lands late, or a TaskManager that stood still and comes back, can bring a checkpoint
into a table twice. Readers take each row once, and pricing refuses until someone has looked. This
looks whether every row that came twice is the same in each place; `accepted_commits` then says who
accepted it and why. Tables that two jobs write at once cannot be accepted.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from iceberg.accepting import AcceptedStore, UnsafeAcceptError, count_repeated_rows
from iceberg.catalog import CatalogUnreachableError, open_catalog, open_to_read
from iceberg.creating import TableConflictError, check_tables
from iceberg.reading import BrokenRowsError
from iceberg.tables import STREAM_TABLES
from iceberg.writing import CommitConflictError, UnknownCommitError
from jobs import VERSION
from jobs.settings import CatalogSettings, SettingsError, load_settings
from schemas.accepted_commit import AcceptedCommit
from schemas.instant import to_us

_REFUSED = (
    SettingsError,
    CatalogUnreachableError,
    TableConflictError,
    UnsafeAcceptError,
    CommitConflictError,
    UnknownCommitError,
    BrokenRowsError,
)


def accept_commits(
    settings: CatalogSettings, by: str, reason: str, at_us: int, *, keep: bool
) -> list[AcceptedCommit]:
    """Look at every commit that came twice and that nobody has accepted yet.

    Args:
        settings: Of the tables.
        by: Who accepts them.
        reason: Why.
        at_us: Now.
        keep: Whether to accept them; otherwise they are looked at only.

    Raises:
        UnsafeAcceptError: One of them cannot be accepted; none is.
        CommitConflictError: Another program accepted some at the same time.
    """
    catalog = open_catalog(settings) if keep else open_to_read(settings)
    namespace = settings.namespace
    check_tables(catalog, namespace)
    store = AcceptedStore(catalog, namespace)
    found = []
    for table in STREAM_TABLES:
        existing = catalog.load_table((namespace, table.name))
        for repeat in store.open_repeats(table.name, existing):
            count = count_repeated_rows(existing, table, repeat)
            ids = ",".join(map(str, repeat.snapshot_ids))
            name = (table.name, repeat.kind.value, repeat.name, ids)
            found.append(AcceptedCommit(*name, count, by, reason, at_us))
    if keep and found:
        store.append(found, VERSION)
    return found


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """List or accept; return the exit code: with --list, 1 where something waits."""
    parser = argparse.ArgumentParser(
        prog="accept_commits", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--list", action="store_true", help="show what waits, accept nothing")
    parser.add_argument("--by", default="", help="who accepts them")
    parser.add_argument("--reason", default="", help="why")
    parser.add_argument("--json", action="store_true", help="print them as JSON")
    options = parser.parse_args(arguments)
    words = [" ".join(each.split()) for each in (options.by, options.reason)]
    try:
        if not options.list and not all(words):
            raise SettingsError("missing option", "command line", "--by and --reason", "nothing")
        settings = load_settings(options.settings, environ).catalog
        now_us = to_us(datetime.now(UTC))
        found = accept_commits(settings, words[0], words[1], now_us, keep=not options.list)
    except _REFUSED as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps([asdict(each) for each in found]))
    else:
        _print(found, "waits" if options.list else "accepted")
    return 1 if options.list and found else 0


def _print(found: Sequence[AcceptedCommit], state: str) -> None:
    if not found:
        print("no commit came twice that is not accepted")
    for each in found:
        print(
            f"{state}: table {each.table_name}: {each.kind} {each.name} in snapshots"
            f" {each.snapshot_ids.replace(',', ', ')}: {each.row_count:,} rows twice, all the same"
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
