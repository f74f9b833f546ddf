"""Meters a real year of departures: Kafka, Flink and Iceberg, on this machine, with one command.

    python -m jobs.demo [--json]

Progress goes to standard error, the report to standard output. The exit code is 1 where something
broke or does not add up, 2 where something is missing.
"""

import argparse
import fcntl
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from iceberg.catalog import CatalogUnreachableError
from iceberg.creating import TableConflictError
from iceberg.reading import BrokenRowsError
from jobs.create_topics import TopicError
from jobs.demo.following import DemoError, root_cause
from jobs.demo.invoicing import Invoiced, invoiced_members, open_invoice, print_invoiced
from jobs.demo.pricing import DAYS, Priced, price_year, print_priced, read_priced
from jobs.demo.reconciling import (
    print_reconciled,
    reconcile_year,
    reconciled_members,
    reconciled_problems,
)
from jobs.demo.running import Run, run_year
from jobs.demo.stages import Stages
from jobs.flights.departures import FlightsError
from jobs.invoices.changing import RefusedInvoiceError
from jobs.kafka_clients import KafkaUnreachableError
from jobs.load_rate_cards import RefusedPricesError
from jobs.local.children import ChildError
from jobs.local.flink_rest import FlinkError
from jobs.local.places import RUN_DIR, SetupError
from jobs.price_usage import REFUSED
from jobs.reconciling.charge_reconciliation import ChargeReconciliation
from jobs.reporting.manifest import ManifestError
from jobs.reporting.rendering import WIDTH
from jobs.reporting.report import Report, to_json
from jobs.reporting.snippets import duckdb_snippet, pyiceberg_snippet
from jobs.settings import SettingsError
from jobs.show_usage import print_report, read_report
from schemas.instant import to_us
from schemas.tax import MissingTaxRateError

_FOLDER = RUN_DIR / "demo"
_MISSING = (SetupError, SettingsError, FlightsError)
_BROKEN = (
    BrokenRowsError,
    CatalogUnreachableError,
    ChildError,
    DemoError,
    FlinkError,
    KafkaUnreachableError,
    ManifestError,
    OSError,  # TimeoutError is one
    TableConflictError,
    TopicError,
    RefusedPricesError,
    RefusedInvoiceError,
    MissingTaxRateError,
    *REFUSED,
)
# The demo has a broker and tables of its own: nothing of it may go to somebody's real ones.
_FOREIGN = ("METERCLOSE_KAFKA_", "METERCLOSE_CATALOG_")


def main(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    clock_ms: Callable[[], int],
    folder: Path = _FOLDER,
) -> int:
    """Run the demo; return the exit code.

    Args:
        arguments: Of the command line.
        environ: Process environment.
        clock_ms: Wall time; never goes back.
        folder: Where everything is put; what is in it is deleted.
    """
    parser = argparse.ArgumentParser(prog="demo", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)
    stages = Stages(Console(stderr=True), clock_ms)
    try:
        _refuse_foreign(environ)
        with _alone(folder):
            run = run_year(folder, environ, stages)
            with stages.stage("read the tables"):
                report = read_report(run.settings, run.manifest_file, None)
            price_year(run.settings, stages)
            priced = read_priced(run.settings.catalog)
            with stages.stage("open an invoice"):
                invoiced = open_invoice(run.settings.catalog, folder)
            with stages.stage("reconcile usage, charges, ledger and invoices"):
                reconciled = reconcile_year(run.settings, to_us(DAYS[-1]))
    except _MISSING as error:
        return _fail(2, f"demo: {error}")
    except KeyboardInterrupt:
        return _fail(130, f"demo: stopped while at: {stages.current}; nothing is left running")
    except _BROKEN as error:
        cause = _cause(error)
        logs = "logs: kafka/broker.log and flink/log in there"
        return _fail(1, f"demo, {stages.current}: {cause}\ndemo: failed; see {folder}, {logs}")
    found = (*_open_usage(report), *priced.problems, *reconciled_problems(reconciled))
    if options.json:
        print(
            json.dumps(
                _as_json(run, report, priced, invoiced, stages, (*report.problems, *found))
                | reconciled_members(reconciled),
                ensure_ascii=False,
            )
        )
    else:
        _print(run, report, priced, invoiced, reconciled, stages)
    for problem in found:
        print(f"demo: {problem}", file=sys.stderr)
    return 1 if report.problems or found else 0


def _refuse_foreign(environ: Mapping[str, str]) -> None:
    for variable in sorted(environ):
        if variable.startswith(_FOREIGN):
            expected = "none of Kafka or the catalog: the demo has its own; unset it"
            raise SettingsError("bad setting", "environment", expected, variable)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: two demos at a time would delete each other's data."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"{folder}: expected no other demo, found one running; wait for its end"
            raise SetupError(message) from None
        yield


def _open_usage(report: Report) -> list[str]:
    """Return what should not be: the year is over, so every period has closed."""
    return [
        f"{meter.meter_id}: {meter.open:,} events in open periods"
        for meter in report.fates.meters
        if meter.open
    ]


def _cause(error: Exception) -> str:
    """Return what went wrong: one line, but of a process that ended also its last words."""
    if isinstance(error, FlinkError):
        return root_cause(str(error))
    return str(error) if isinstance(error, ChildError) else str(error).partition("\n")[0]


def _fail(code: int, message: str) -> int:
    print(message, file=sys.stderr)
    return code


def _print(
    run: Run,
    report: Report,
    priced: Priced,
    invoiced: Invoiced,
    reconciled: ChargeReconciliation,
    stages: Stages,
) -> None:
    console = Console(width=WIDTH)
    print_report(console, report, run.settings.catalog, False)
    print_priced(console, priced)
    print_invoiced(console, invoiced)
    print_reconciled(console, reconciled)
    console.print(f"\nTables: {run.settings.catalog.warehouse}", soft_wrap=True, highlight=False)
    console.print(f"Savepoint: {run.savepoint}", soft_wrap=True, highlight=False)
    took_ms = sum(stage.duration_ms for stage in stages.done)
    console.print(f"It took {took_ms / 1000:.0f} s. Nothing is left running.", highlight=False)


def _as_json(
    run: Run,
    report: Report,
    priced: Priced,
    invoiced: Invoiced,
    stages: Stages,
    problems: Sequence[str],
) -> dict[str, object]:
    catalog = run.settings.catalog
    return to_json(report) | {
        "problems": list(problems),
        "charges": priced.charges,
        "trial_balance": list(map(to_json, priced.trial_balance)),
        **invoiced_members(invoiced),
        "snippets": [snippet(catalog) for snippet in (pyiceberg_snippet, duckdb_snippet)],
        "manifest": asdict(run.manifest),
        "flink_ui": run.flink_ui,
        "savepoint": run.savepoint,
        "stages": [asdict(stage) for stage in stages.done],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ, lambda: time.monotonic_ns() // 1_000_000))
