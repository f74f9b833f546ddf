"""Prices closed usage and its corrections: charges, the ledger's journal, and a row of runs.

    python -m jobs.price_usage --settings config/live.yaml [--until 2026-11-01T00:00:00Z] [--json]
        [--runner flink]
    python -m jobs.price_usage --settings config/live.yaml --dry-run [--rate-card FILE]

Everything is read at one cut through the log, priced with the loaded rate cards and contracts, and
held against what was charged before: only the difference is written. So a second run over the same
input writes nothing. A run that died is finished by the next one; of two at once one is told to
look again. A dry run prices what a run has priced anew, tells what differs, and writes nothing.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from iceberg.catalog import CatalogUnreachableError, open_catalog, open_to_read
from iceberg.creating import TableConflictError, check_tables
from iceberg.kept_snapshots import UnknownSnapshotError
from iceberg.pricing_inputs import IncompleteUsageError
from iceberg.reading import BrokenRowsError
from iceberg.writing import CommitConflictError, UnknownCommitError
from jobs.kafka_clients import KafkaUnreachableError
from jobs.pricing.booking_credit import book_credit
from jobs.pricing.charging_on_flink import FlinkRunError
from jobs.pricing.charging_ranges import WorkerError
from jobs.pricing.dry_running import AskedDryRun, price_dry
from jobs.pricing.finishing import finish_runs
from jobs.pricing.options import add_dry_run_options, check_dry_run_options
from jobs.pricing.pricing_rules import greatest_grace_us
from jobs.pricing.running import AskedRun, PricingReport, RefusedInputError, Runner, price_once
from jobs.reporting.rendering import WIDTH
from jobs.reporting.rendering_charges import print_pricing
from jobs.reporting.rendering_dry_run import print_dry_run, write_dry_run
from jobs.settings import Settings, SettingsError, load_settings
from schemas.instant import to_us
from udfs.assembling import MissingDetailError
from udfs.rating import MissingPriceError
from udfs.segmenting import UnknownTermsError

T = TypeVar("T")

# Each conflict is another run that was faster: nobody waits in vain for long.
_ATTEMPTS = 10
REFUSED = (
    SettingsError,
    CatalogUnreachableError,
    TableConflictError,
    KafkaUnreachableError,
    RefusedInputError,
    IncompleteUsageError,
    MissingDetailError,
    MissingPriceError,
    UnknownTermsError,
    CommitConflictError,
    UnknownCommitError,
    WorkerError,
    FlinkRunError,
    UnknownSnapshotError,
)
"""What stops a run before it writes; each has one clear line."""


def price_usage(settings: Settings, asked: AskedRun, say: Callable[[str], None]) -> PricingReport:
    """Price what is not priced yet.

    Args:
        settings: Name catalog, meters file and accounts topic.
        asked: When, and up to when.
        say: Takes a line of progress.

    Raises:
        BrokenRowsError: Rows contradict each other; nothing is written.
        RefusedInputError: A table was committed to twice, or a run has priced further already;
            nothing is written.
        IncompleteUsageError: The job has not come to the instant asked for.
        UnknownTermsError, MissingPriceError, MissingDetailError: Usage cannot be priced; nothing
            is written.
        CommitConflictError: Other runs were faster again and again.
        UnknownCommitError: The catalog did not say whether charges are there; run it again.
        WorkerError: A worker was killed; nothing is written.
        FlinkRunError: The job failed, or Flink is not there; nothing is written.
    """
    namespace = settings.catalog.namespace
    catalog = open_catalog(settings.catalog)
    check_tables(catalog, namespace)
    report = _look_again(lambda folder: price_once(catalog, settings, folder, asked, say), say)
    if report.run_id is not None:
        _look_again(lambda folder: finish_runs(catalog, namespace, folder), say)
    if (until_us := report.until_us) is not None:
        grace_us = greatest_grace_us(settings)
        _look_again(lambda _: book_credit(catalog, namespace, until_us, grace_us), say)
    return report


def _look_again(step: Callable[[Path], T], say: Callable[[str], None]) -> T:
    """Take a step in an empty folder, and again where another program has committed meanwhile."""
    for _ in range(_ATTEMPTS):
        with tempfile.TemporaryDirectory() as folder:
            try:
                return step(Path(folder))
            except CommitConflictError as error:
                say(f"{error}: looking again")
                last = error
    raise CommitConflictError(
        f"{last}; so {_ATTEMPTS} times in a row: run it again, nothing is charged twice"
    )


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Price and show what was charged; return the exit code."""
    parser = argparse.ArgumentParser(prog="price_usage", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--until", help="log time up to which usage is priced, RFC 3339")
    parser.add_argument(
        "--workers",
        type=int,
        default=len(os.sched_getaffinity(0)),
        help="processes that price at a time; unless given, one for each core",
    )
    parser.add_argument(
        "--runner",
        type=Runner,
        choices=tuple(Runner),
        default=Runner.LOCAL,
        help="what charges the accounts: processes on this machine, or a batch job on Flink",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    add_dry_run_options(parser)
    options = parser.parse_args(arguments)
    check_dry_run_options(parser, options)
    try:
        settings = load_settings(options.settings, environ)
        if options.dry_run:
            return _dry_run(settings, options)
        now_us, until_us = to_us(datetime.now(UTC)), _read_until(options.until)
        asked = AskedRun(now_us, until_us, options.workers, options.runner)
        report = price_usage(settings, asked, _say)
    except REFUSED as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenRowsError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(asdict(report), ensure_ascii=False))
    else:
        print_pricing(Console(), report)
    return 0


def _dry_run(settings: Settings, options: argparse.Namespace) -> int:
    """Price without writing, and show it; return the exit code."""
    until_us = _read_until(options.until)
    asked = AskedDryRun(options.as_of, options.rate_card, until_us, options.workers)
    catalog = open_to_read(settings.catalog)
    check_tables(catalog, settings.catalog.namespace)
    with tempfile.TemporaryDirectory() as folder:
        found = price_dry(catalog, settings, Path(folder), asked, _say)
        with closing(found.differences):
            if options.json:
                write_dry_run(sys.stdout.write, found)
            else:
                width = max(WIDTH, shutil.get_terminal_size().columns)
                print_dry_run(Console(width=width), found, options.limit)
            return 1 if options.must_match and not found.is_same else 0


def _read_until(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return to_us(datetime.fromisoformat(text))
    except ValueError:
        expected = "an instant with its zone, such as 2026-11-01T00:00:00Z"
        raise SettingsError("bad value", "--until", expected, repr(text)) from None


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
