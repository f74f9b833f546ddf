"""Puts the tables back to a checkpoint, before the job is restored from an older savepoint.

    python -m jobs.rewind_tables --settings config/live.yaml --to SAVEPOINT --dry-run
    python -m jobs.rewind_tables --settings config/live.yaml --to SAVEPOINT --by NAME --reason TEXT

Stop the job first. All tables that the stream writes are put back to what they held at the
checkpoint; a tag keeps what each held before, and `table_changes` says who did so and why. What
people decided, prices, charges and the ledger stay. If it was stopped half way, run it again.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Console

from iceberg.catalog import CatalogUnreachableError
from iceberg.creating import TableConflictError
from iceberg.reading import BrokenRowsError
from iceberg.rewinding import UnsafeRewindError
from iceberg.savepoints import Savepoint, UnreadableSavepointError, read_savepoint
from iceberg.writing import CommitConflictError, UnknownCommitError
from jobs.kafka_clients import KafkaUnreachableError, open_admin
from jobs.maintaining.rewinding import (
    RewindDecision,
    RewindReport,
    look_at_rewind,
    rewind_tables,
)
from jobs.manual_acts import add_decision_options, read_decision, recorded
from jobs.reporting.rendering_rewind import print_rewind, rewind_json
from jobs.settings import KafkaSettings, Settings, SettingsError, load_settings
from jobs.topic_offsets import begin_offsets
from schemas.instant import to_us
from schemas.manual_act import ActKind, AskedAct, Decision

_REFUSED = (
    SettingsError,
    CatalogUnreachableError,
    TableConflictError,
    KafkaUnreachableError,
    UnreadableSavepointError,
    UnsafeRewindError,
    CommitConflictError,
    UnknownCommitError,
)


def read_first_offsets(kafka: KafkaSettings) -> tuple[int, ...]:
    """Ask the brokers for the first record of each partition of the usage topic."""
    with open_admin(kafka) as admin:
        return begin_offsets(admin, kafka.usage_topic)


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Put the tables back, or show what that would do; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="rewind_tables", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--to", help="folder of the savepoint, or of a checkpoint that was kept")
    what.add_argument("--checkpoint", type=int, help="its number, where the folder is not at hand")
    parser.add_argument("--job", default="", help="with --checkpoint: Flink's id of the job")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done")
    add_decision_options(parser)
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)
    try:
        settings = load_settings(options.settings, environ)
        savepoint = _read_savepoint(options, settings)

        def ask() -> Sequence[int]:
            return read_first_offsets(settings.kafka)

        if options.dry_run:
            report = look_at_rewind(settings, savepoint, ask)
        else:
            decision = read_decision(options, "; or --dry-run")
            report = _rewind(settings, savepoint, ask, decision, lambda: to_us(datetime.now(UTC)))
    except _REFUSED as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenRowsError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(rewind_json(report), ensure_ascii=False))
    else:
        print_rewind(Console(), report)
    return 0


def _read_savepoint(options: argparse.Namespace, settings: Settings) -> Savepoint:
    if options.to is not None:
        return read_savepoint(options.to, settings.catalog.properties)
    return Savepoint(f"checkpoint {options.checkpoint}", options.checkpoint, options.job)


def _rewind(
    settings: Settings,
    savepoint: Savepoint,
    ask: Callable[[], Sequence[int]],
    decision: Decision,
    clock: Callable[[], int],
) -> RewindReport:
    """Put the tables back, and keep that in the log of manual acts."""
    about: dict[str, object] = {
        "savepoint": savepoint.path,
        "checkpoint": savepoint.checkpoint_id,
        "job": savepoint.job_id,
    }
    asked = AskedAct(ActKind.REWIND_TABLES, "jobs.rewind_tables", decision, about)
    with recorded(settings.catalog, asked, clock) as act:
        decided = RewindDecision(decision.decided_by, decision.reason, clock())
        report = rewind_tables(settings, savepoint, ask, decided)
        act.add(
            change=report.change_id,
            tables={plan.table.name: [plan.head_id, plan.target_id] for plan in report.plans},
        )
        return report


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
