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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from iceberg.accepting import AcceptedStore, UnsafeAcceptError, count_repeated_rows
from iceberg.catalog import CatalogUnreachableError, open_catalog, open_to_read
from iceberg.creating import TableConflictError, check_tables
from iceberg.reading import BrokenRowsError
from iceberg.tables import STREAM_TABLES
from iceberg.writing import CommitConflictError, UnknownCommitError
from jobs import VERSION
from jobs.manual_acts import add_decision_options, read_decision, recorded
from jobs.settings import CatalogSettings, SettingsError, load_settings
from schemas.accepted_commit import AcceptedCommit
from schemas.instant import to_us
from schemas.manual_act import ActKind, AskedAct, Decision

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
    settings: CatalogSettings, decision: Decision, clock: Callable[[], int]
) -> list[AcceptedCommit]:
    """Accept every commit that came twice and that nobody has accepted yet.

    Args:
        settings: Of the tables.
        decision: Who accepts them, and why.
        clock: Tells the time.

    Raises:
        UnsafeAcceptError: One of them cannot be accepted; none is.
        CommitConflictError: Another program accepted some at the same time.
        UnknownCommitError: The catalog gave no clear answer.
    """
    asked = AskedAct(ActKind.ACCEPT_COMMITS, "jobs.accept_commits", decision, {})
    with recorded(settings, asked, clock) as act:
        catalog = open_catalog(settings)
        found, store = _look(catalog, settings.namespace, decision, clock())
        if found:
            store.append(found, VERSION)
        act.add(commits=[_named(each) for each in found])
        return found


def _look(
    catalog: Any, namespace: str, decision: Decision, at_us: int
) -> tuple[list[AcceptedCommit], AcceptedStore]:
    """Return what waits, as it would be accepted, and where that is kept."""
    check_tables(catalog, namespace)
    store = AcceptedStore(catalog, namespace)
    found = []
    for table in STREAM_TABLES:
        existing = catalog.load_table((namespace, table.name))
        for repeat in store.open_repeats(table.name, existing):
            count = count_repeated_rows(existing, table, repeat)
            ids = ",".join(map(str, repeat.snapshot_ids))
            name = (table.name, repeat.kind.value, repeat.name, ids)
            by, reason = decision.decided_by, decision.reason
            found.append(AcceptedCommit(*name, count, by, reason, at_us))
    return found, store


def _named(each: AcceptedCommit) -> dict[str, object]:
    return {
        "table": each.table_name,
        "kind": each.kind,
        "name": each.name,
        "snapshots": [int(snapshot) for snapshot in each.snapshot_ids.split(",")],
        "rows": each.row_count,
    }


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """List or accept; return the exit code: with --list, 1 where something waits."""
    parser = argparse.ArgumentParser(
        prog="accept_commits", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--list", action="store_true", help="show what waits, accept nothing")
    add_decision_options(parser)
    parser.add_argument("--json", action="store_true", help="print them as JSON")
    options = parser.parse_args(arguments)
    nobody = Decision("", "")
    try:
        decision = nobody if options.list else read_decision(options, "; or --list")
        settings = load_settings(options.settings, environ).catalog
        if options.list:
            catalog = open_to_read(settings)
            found, _ = _look(catalog, settings.namespace, nobody, to_us(datetime.now(UTC)))
        else:
            found = accept_commits(settings, decision, lambda: to_us(datetime.now(UTC)))
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
