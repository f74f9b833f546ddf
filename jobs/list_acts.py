"""Lists manual acts: who froze, loaded, published, approved or rewound what, when and why.

    python -m jobs.list_acts --settings config/live.yaml
    python -m jobs.list_acts --settings config/live.yaml --account ACME --since 2026-11-01T00:00:00Z
    python -m jobs.list_acts --settings config/live.yaml --verify [--known 64_HEX_DIGITS]

The newest stands last. An act that has no end is being done, or was stopped on the way. `--verify`
holds the log's hash chain against itself and prints the last hash. Who keeps it elsewhere and gives
it to a later run (`--known`) also learns whether anything up to it was cut off or written anew. The
exit code is 1 where something is wrong.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rich.console import Console

from iceberg.act_store import ActStore
from iceberg.catalog import CatalogUnreachableError, open_to_read
from iceberg.creating import TableConflictError
from iceberg.reading import BrokenRowsError
from jobs.reporting.rendering_acts import act_members, print_acts
from jobs.settings import CatalogSettings, SettingsError, load_settings, read_instant
from schemas.journal import ChainBreak, ChainHead
from schemas.manual_act import ActEntry, ActKind
from udfs.recording import pair_acts, select_acts, verify_acts


def read_acts(settings: CatalogSettings) -> tuple[ActEntry, ...]:
    """Return all rows of the log, in the order of its chain.

    Raises:
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: There is no log, or it is not as declared.
        BrokenRowsError: Rows contradict each other.
    """
    return ActStore(open_to_read(settings), settings.namespace).entries()


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """List acts, or verify the log; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.known is not None and not options.verify:
            raise SettingsError("missing option", "command line", "--verify beside --known", "none")
        since_us = None if options.since is None else read_instant(options.since, "--since")
        entries = read_acts(load_settings(options.settings, environ).catalog)
    except (SettingsError, CatalogUnreachableError, TableConflictError) as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenRowsError as error:
        print(error, file=sys.stderr)
        return 1
    if options.verify:
        return _print_verified(verify_acts(entries, options.known), options.json)
    acts = select_acts(pair_acts(entries), options.account, options.act, since_us)
    if options.json:
        print(json.dumps({"acts": list(map(act_members, acts))}, ensure_ascii=False))
    else:
        print_acts(Console(), acts)
    return 0


def _print_verified(found: ChainHead | ChainBreak, as_json: bool) -> int:
    holds = isinstance(found, ChainHead)
    if as_json:
        print(json.dumps({"holds": holds, **asdict(found)}))
    elif isinstance(found, ChainHead):
        print(f"The log holds: {found.next_no:,} rows, the last with hash {found.last_hash}.")
    if isinstance(found, ChainHead):
        return 0
    print(
        f"manual_acts, row {found.entry_no}: {found.fault}:"
        f" expected {found.expected}, found {found.found}",
        file=sys.stderr,
    )
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="list_acts", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--account", help="only acts that name it, or all accounts")
    kinds = f"only acts of this kind: {', '.join(ActKind)}"
    parser.add_argument("--act", type=ActKind, choices=list(ActKind), metavar="KIND", help=kinds)
    parser.add_argument("--since", help="only acts that began at this instant or later, RFC 3339")
    parser.add_argument("--verify", action="store_true", help="hold the chain against itself")
    parser.add_argument("--known", help="with --verify: hash of a row that must be there")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
