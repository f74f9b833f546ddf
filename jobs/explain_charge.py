"""Explains a charge, or an invoice, down to the events that it is made of.

    python -m jobs.explain_charge --settings config/live.yaml CHARGE_ID
    python -m jobs.explain_charge --settings config/live.yaml --invoice INV-2013-000001 --line 1
    python -m jobs.explain_charge --settings config/live.yaml CHARGE_ID --event SOURCE ID
        --proof proof.json

Invoice line, charges and their steps, rows of usage, metering windows, events with place and time
of receipt: everything is read or worked out again, and must add up at each step; each thing that
does not is a line, and the exit code is 1. With `--event` a proof is printed that the event is in
one of the rows, or in none of them; the rows must be sealed (`python -m jobs.seal_usage`).
With `--complete` all events of the rows are shown, with the proof that there are no others.
`--proof` writes proofs to a file, which `python -m jobs.verify_proof` verifies without any table.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from iceberg.catalog import CatalogUnreachableError, open_to_read
from iceberg.creating import TableConflictError, check_tables
from iceberg.kept_snapshots import UnknownSnapshotError
from iceberg.reading import BrokenRowsError
from jobs.invoices.changing import RefusedInvoiceError
from jobs.proofs.asking import Asked, Explained, UnknownChargeError, explain
from jobs.proofs.proving import UnsealedRowError
from jobs.reporting.rendering import WIDTH
from jobs.reporting.rendering_explanations import explanation_members, print_explanation
from jobs.reporting.rendering_proofs import proof_members, proof_text
from jobs.settings import Settings, SettingsError, load_settings
from udfs.invoicing import InvoiceFormatError
from udfs.sealing import RepeatedEventError, write_proofs

_REFUSED = (
    SettingsError,
    CatalogUnreachableError,
    TableConflictError,
    UnknownSnapshotError,
    UnknownChargeError,
    RefusedInvoiceError,
)
_BROKEN = (BrokenRowsError, InvoiceFormatError, RepeatedEventError, UnsealedRowError)


def explain_charge(settings: Settings, asked: Asked) -> Explained:
    """Return the explanation that is asked for.

    Raises:
        SettingsError: The meters file is wrong.
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is missing or is not as declared.
        UnknownChargeError, RefusedInvoiceError: There is no such charge, line or invoice.
        BrokenRowsError, InvoiceFormatError, RepeatedEventError: Rows contradict each other.
        UnsealedRowError: A row has no seal, or is not what was sealed.
    """
    catalog = open_to_read(settings.catalog)
    check_tables(catalog, settings.catalog.namespace)
    return explain(catalog, settings, asked)


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Print an explanation; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        asked = _read_asked(options)
        explained = explain_charge(load_settings(options.settings, environ), asked)
        if options.proof is not None:
            _write_file(options.proof, write_proofs(explained.proofs))
    except _REFUSED as error:
        print(error, file=sys.stderr)
        return 2
    except _BROKEN as error:
        print(error, file=sys.stderr)
        return 1
    _print(explained, options)
    for fault in explained.explanation.faults:
        print(fault, file=sys.stderr)
    return 1 if explained.explanation.faults else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="explain_charge", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("charge", nargs="?", help="id of a charge; or --invoice")
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--invoice", metavar="NUMBER", help="number or id of an invoice")
    parser.add_argument("--line", type=int, help="only this line of it, from 1")
    parser.add_argument(
        "--event", nargs=2, metavar=("SOURCE", "ID"), help="prove whether this event is counted"
    )
    parser.add_argument(
        "--complete", action="store_true", help="prove which events are all that the rows count"
    )
    parser.add_argument("--proof", metavar="FILE", help="write the proof to this file, as JSON")
    parser.add_argument("--all-events", action="store_true", help="print each event of each row")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    return parser


def _read_asked(options: argparse.Namespace) -> Asked:
    if (options.charge is None) == (options.invoice is None):
        found = "neither" if options.charge is None else "both"
        raise SettingsError("bad option", "command line", "a charge or --invoice", found)
    if options.line is not None and options.invoice is None:
        raise SettingsError("bad option", "--line", "--invoice beside it", "none")
    if options.event is not None and options.complete:
        raise SettingsError("bad option", "command line", "--event or --complete", "both")
    if options.proof is not None and options.event is None and not options.complete:
        raise SettingsError("bad option", "--proof", "--event or --complete beside it", "none")
    event = None if options.event is None else (options.event[0], options.event[1])
    return Asked(options.charge, options.invoice, options.line, event, options.complete)


def _write_file(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError("bad option", "--proof", "a file to write", str(error)) from error


def _print(explained: Explained, options: argparse.Namespace) -> None:
    if options.json:
        members = explanation_members(explained.explanation)
        proofs = list(map(proof_members, explained.proofs))
        print(json.dumps({**members, "proofs": proofs}, ensure_ascii=False))
        return
    console = Console(width=max(WIDTH, shutil.get_terminal_size().columns))
    print_explanation(console, explained.explanation, options.all_events)
    for proof in explained.proofs:
        print(f"{proof_text(proof, True)}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
