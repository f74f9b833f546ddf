"""Finds usage that was lost or counted again, and adjusts only the difference once it is approved.

    python -m jobs.backfill_usage --settings S --from raw_events --account ACME
        --period-from 2026-11-01T00:00:00Z --period-until 2026-12-01T00:00:00Z --propose FILE
    python -m jobs.backfill_usage --settings S --apply FILE --by NAME --reason TEXT

Usage is recomputed from the archive, or from a range of Kafka that the archive lacks
(`--from kafka:TOPIC:PARTITION:BEGIN-END`), and held against closed rows, corrections and earlier
adjustments. A proposal is a file for people to read; it is applied only while the difference is
still the same. Applied twice it does nothing more.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from iceberg.catalog import CatalogUnreachableError, open_catalog, open_to_read
from iceberg.creating import TableConflictError, check_tables
from iceberg.reading import BrokenRowsError
from iceberg.writing import CommitConflictError, UnknownCommitError
from jobs.kafka_clients import KafkaUnreachableError
from jobs.manual_acts import add_decision_options, file_facts, read_decision, recorded
from jobs.repairing.applying import Applied, apply_proposal
from jobs.repairing.proposing import RefusedBackfillError, propose
from jobs.reporting.rendering_repairs import applied_members, print_applied, print_proposal
from jobs.settings import Settings, SettingsError, load_settings, read_instant
from schemas.adjustment_proposal import Proposal, ProposalFormatError, ProposalScope
from schemas.brought_back_usage import BringBackDecision
from schemas.instant import to_us
from schemas.manual_act import ActKind, AskedAct, Decision
from udfs.encoding_proposals import decode_proposal, encode_proposal, proposal_id

_REFUSED = (
    SettingsError,
    CatalogUnreachableError,
    TableConflictError,
    KafkaUnreachableError,
    RefusedBackfillError,
    ProposalFormatError,
    CommitConflictError,
    UnknownCommitError,
)


def propose_backfill(settings: Settings, scope: ProposalScope) -> Proposal:
    """Return what is proposed; nothing is written. Raises as `jobs.repairing.proposing.propose`."""
    catalog = _checked(settings, open_to_read(settings.catalog))
    return propose(catalog, settings, scope).proposal


def apply_backfill(settings: Settings, proposal: Proposal, decision: BringBackDecision) -> Applied:
    """Adjust usage as proposed. Raises as `jobs.repairing.applying.apply_proposal`."""
    catalog = _checked(settings, open_catalog(settings.catalog))
    return apply_proposal(catalog, settings, proposal, decision)


def _checked(settings: Settings, catalog: Any) -> Any:
    check_tables(catalog, settings.catalog.namespace)
    return catalog


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Propose or apply; return the exit code: 1 where a total stays wrong."""
    options = make_parser().parse_args(arguments)
    try:
        settings = load_settings(options.settings, environ)
        if options.apply:
            decision = read_decision(options)
            applied = _apply(settings, options.apply, decision, lambda: to_us(datetime.now(UTC)))
            if options.json:
                print(json.dumps(applied_members(applied), ensure_ascii=False))
            else:
                print_applied(Console(), applied)
            return 0
        proposal = propose_backfill(settings, _read_scope(options))
        if options.propose:
            _write_file(options.propose, encode_proposal(proposal))
    except _REFUSED as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenRowsError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(encode_proposal(proposal), end="")
    else:
        print_proposal(Console(), proposal, options.propose)
    return 1 if proposal.refused else 0


def make_parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    parser = argparse.ArgumentParser(
        prog="backfill_usage",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument(
        "--from", dest="source", default="raw_events", help="raw_events, or kafka:TOPIC:P:BEGIN-END"
    )
    parser.add_argument("--account", action="append", default=[], help="whose; may be repeated")
    parser.add_argument("--period-from", help="periods that end after it, RFC 3339")
    parser.add_argument("--period-until", help="periods that start before it, RFC 3339")
    parser.add_argument(
        "--wrong", help="file of events that must not count: a JSON list of source and id a line"
    )
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--propose", metavar="FILE", help="write the proposal to a file")
    action.add_argument("--apply", metavar="FILE", help="approve a proposal")
    add_decision_options(parser, "with --apply: ")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _read_scope(options: argparse.Namespace) -> ProposalScope:
    if not options.account:
        raise SettingsError("missing option", "command line", "--account", "none")
    since_us = read_instant(options.period_from, "--period-from")
    until_us = read_instant(options.period_until, "--period-until")
    if until_us <= since_us:
        expected = "an instant after --period-from"
        raise SettingsError("bad value", "--period-until", expected, repr(options.period_until))
    wrong = () if options.wrong is None else _read_wrong(_read_file(options.wrong, "--wrong"))
    accounts = tuple(sorted(set(options.account)))
    return ProposalScope(options.source, accounts, since_us, until_us, wrong)


def _read_wrong(text: str) -> tuple[tuple[str, str], ...]:
    found = set()
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            source, event_id = json.loads(line)
        except (ValueError, TypeError):
            expected = "a JSON list of source and id"
            raise SettingsError("bad value", f"--wrong, line {number}", expected, line) from None
        found.add((str(source), str(event_id)))
    return tuple(sorted(found))


def _apply(settings: Settings, path: str, decision: Decision, clock: Callable[[], int]) -> Applied:
    """Apply the proposal of a file, and keep that in the log of manual acts."""
    proposal = decode_proposal(_read_file(path, "--apply"))
    about: dict[str, object] = {
        "accounts": list(proposal.scope.account_ids),
        "proposal": proposal_id(proposal),
        **file_facts(path, "--apply"),
    }
    asked = AskedAct(ActKind.APPLY_BACKFILL, "jobs.backfill_usage", decision, about)
    with recorded(settings.catalog, asked, clock) as act:
        decided = BringBackDecision(decision.decided_by, decision.reason, clock())
        applied = apply_backfill(settings, proposal, decided)
        act.add(adjustments=len(applied.adjustments), records=applied.records, new=applied.is_new)
        return applied


def _read_file(path: str, option: str) -> str:
    try:
        return Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError("bad option", option, "a file to read", str(error)) from None


def _write_file(path: str, text: str) -> None:
    try:
        Path(path).write_text(text)
    except OSError as error:
        raise SettingsError("bad option", "--propose", "a file to write", str(error)) from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
