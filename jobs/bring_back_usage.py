"""Brings expired or unassigned usage back: it counts in its period's total from then on.

    python -m jobs.bring_back_usage --settings config/live.yaml --list
    python -m jobs.bring_back_usage --settings config/live.yaml --row ID --by NAME --reason TEXT

All rows of one call are brought back, or none. A row is brought back once: who asks again is told
who did so, and when. Closed rows and corrections stay as the job wrote them.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from iceberg.catalog import CatalogUnreachableError, open_catalog, open_to_read
from iceberg.creating import TableConflictError, check_tables
from iceberg.decisions import DecisionTables
from iceberg.reading import BrokenRowsError
from iceberg.writing import CommitConflictError, UnknownCommitError
from jobs import VERSION
from jobs.account_records import read_account_records
from jobs.kafka_clients import KafkaUnreachableError
from jobs.manual_acts import add_decision_options, read_decision, recorded
from jobs.reporting.rendering import WIDTH
from jobs.reporting.rendering_decisions import print_brought_back, print_pending
from jobs.reporting.report import to_json
from jobs.settings import (
    CatalogSettings,
    Settings,
    SettingsError,
    load_meters,
    load_settings,
)
from schemas.brought_back_usage import (
    BringBackDecision,
    BroughtBackUsage,
    RefusedRow,
    SourceRow,
)
from schemas.instant import SECOND_US, to_us
from schemas.manual_act import ActKind, AskedAct, Decision
from schemas.terms import Terms
from schemas.usage_row import UnassignedUsage
from udfs.bringing_back import Known, accepted_terms, bring_back

# Each conflict is another program that brought something back: nobody waits in vain for long.
_ATTEMPTS = 20


class RefusedRowError(Exception):
    """A row is not brought back, so none is; one line with the row, expected and found."""


def list_pending(settings: CatalogSettings) -> tuple[SourceRow, ...]:
    """Return the expired and unassigned rows that nobody has brought back.

    Raises:
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is missing or is not as declared.
        BrokenRowsError: Rows contradict each other.
    """
    tables = _open_tables(settings, open_to_read(settings))
    brought_back = tables.read_brought_back().rows
    return tuple(row for row in tables.read_sources() if row.row_id not in brought_back)


def bring_back_usage(
    settings: Settings, row_ids: Sequence[str], decision: BringBackDecision
) -> tuple[BroughtBackUsage, ...]:
    """Bring rows back, all in one commit, and return them as they were written.

    What was brought back is read, decided on and added to as of one snapshot. If another program
    was faster, all three are done again.

    Args:
        settings: Name catalog, meters file and accounts topic.
        row_ids: Of rows of expired_usage and unassigned_usage.
        decision: Who, why and when.

    Raises:
        SettingsError: The meters file is wrong.
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is missing or is not as declared.
        BrokenRowsError: Rows contradict each other.
        KafkaUnreachableError: The accounts topic cannot be read.
        RefusedRowError: A row cannot be brought back, or was; none is.
        CommitConflictError: Other programs were faster again and again; none is.
        UnknownCommitError: The catalog did not say whether they are.
    """
    meters = {meter.meter_id: meter for meter in load_meters(settings.metering.meters_file)}
    tables = _open_tables(settings.catalog, open_catalog(settings.catalog))
    sources = {row.row_id: row for row in tables.read_sources(row_ids)}
    terms = _read_terms(tables, settings, tuple(sources.values()))
    counted_as = tables.read_counted_as({row.account_id for row in sources.values()})
    for _ in range(_ATTEMPTS):
        before = tables.read_brought_back()
        known = Known(sources, before.rows, meters, terms, counted_as)
        rows = bring_back(row_ids, known, decision)
        if isinstance(rows, RefusedRow):
            raise RefusedRowError(f"row {rows.row_id}: {rows.detail}")
        try:
            tables.append(before, rows, VERSION)
        except CommitConflictError:
            continue
        return rows
    raise CommitConflictError(
        f"commit, table brought_back_usage: expected no other program's, found {_ATTEMPTS}"
        " in a row; nothing was brought back: try again"
    )


def _open_tables(settings: CatalogSettings, catalog: Any) -> DecisionTables:
    check_tables(catalog, settings.namespace)
    return DecisionTables(catalog, settings.namespace)


def _read_terms(
    tables: DecisionTables, settings: Settings, sources: Sequence[SourceRow]
) -> dict[str, tuple[Terms, ...] | str]:
    """Return the terms of the accounts whose usage was unassigned, or why there are none."""
    account_ids = {row.account_id for row in sources if isinstance(row, UnassignedUsage)}
    if not account_ids:
        return {}
    # In this order: what the job refuses in between is seen.
    records = read_account_records(settings.kafka, sorted(account_ids))
    refused = tables.read_refused_places(account_ids)
    window_us = settings.metering.event_window_s * SECOND_US
    return {
        account_id: accepted_terms(
            [each for each in records if each.account_id == account_id], refused, window_us
        )
        for account_id in sorted(account_ids)
    }


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Bring rows back, or list those that could be; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="bring_back_usage", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--list", action="store_true", help="list the rows that could be")
    parser.add_argument("--row", action="append", default=[], help="id of a row; may be repeated")
    add_decision_options(parser)
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    options = parser.parse_args(arguments)
    shown: Sequence[SourceRow | BroughtBackUsage]
    try:
        settings = load_settings(options.settings, environ)
        if options.list:
            shown = pending = list_pending(settings.catalog)
        else:
            decision = _read_decision(options)
            shown = decided = _bring_back(
                settings, options.row, decision, lambda: to_us(datetime.now(UTC))
            )
    except (
        SettingsError,
        CatalogUnreachableError,
        TableConflictError,
        KafkaUnreachableError,
        RefusedRowError,
        CommitConflictError,
        UnknownCommitError,
    ) as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenRowsError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps({"rows": list(map(to_json, shown))}, ensure_ascii=False))
        return 0
    console = Console(width=max(WIDTH, shutil.get_terminal_size().columns))
    if options.list:
        print_pending(console, pending)
    else:
        print_brought_back(console, decided)
    return 0


def _bring_back(
    settings: Settings, row_ids: Sequence[str], decision: Decision, clock: Callable[[], int]
) -> tuple[BroughtBackUsage, ...]:
    """Bring rows back, and keep that in the log of manual acts."""
    about: dict[str, object] = {"rows": list(row_ids)}
    asked = AskedAct(ActKind.BRING_BACK_USAGE, "jobs.bring_back_usage", decision, about)
    with recorded(settings.catalog, asked, clock) as act:
        decided = BringBackDecision(decision.decided_by, decision.reason, clock())
        rows = bring_back_usage(settings, row_ids, decided)
        act.add(accounts=sorted({row.account_id for row in rows}))
        return rows


def _read_decision(options: argparse.Namespace) -> Decision:
    if not options.row:
        expected = "--row, beside --by and --reason; or --list"
        raise SettingsError("missing option", "command line", expected, "nothing")
    return read_decision(options, ", beside --row; or --list")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
