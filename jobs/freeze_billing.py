"""Freezes the billing of accounts, and lifts it again: what is frozen is not priced or invoiced.

    python -m jobs.freeze_billing --settings S freeze --account ACME --by NAME --reason TEXT
        [--meter flights] [--period-from 2026-11-01T00:00:00Z] [--period-until ...]
    python -m jobs.freeze_billing --settings S list [--all]
    python -m jobs.freeze_billing --settings S lift --freeze ID --by NAME --reason TEXT

A billing period waits as a whole. While a freeze stands, nothing is charged, taken back, drafted,
approved or issued for it; the first run after it is lifted prices it as it is by then. A freeze is
decided once: two programs at once cannot both begin or lift the same one.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from iceberg.catalog import CatalogUnreachableError, open_catalog, open_to_read
from iceberg.creating import TableConflictError, check_tables
from iceberg.freezes import FreezeStore
from iceberg.reading import BrokenRowsError
from iceberg.writing import CommitConflictError, UnknownCommitError
from jobs import VERSION
from jobs.reporting.rendering_freezes import print_freezes
from jobs.settings import CatalogSettings, SettingsError, load_settings
from schemas.freeze import FreezeDecision, FreezeScope, RefusedFreeze
from schemas.instant import to_us
from udfs.freezing import begin_freeze, lift_freeze, standing

# Each conflict is another program that decided something: nobody waits in vain for long.
_ATTEMPTS = 20

Decisions = tuple[FreezeDecision, ...]


class RefusedFreezeError(Exception):
    """A decision is not taken; one line."""


def read_decisions(settings: CatalogSettings) -> Decisions:
    """Return all decisions, the oldest first.

    Raises:
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is missing or is not as declared.
        BrokenRowsError: Rows contradict each other.
    """
    return _open_store(settings, open_to_read(settings)).decisions()


def decide(
    settings: CatalogSettings, take: Callable[[Decisions], FreezeDecision | RefusedFreeze]
) -> FreezeDecision:
    """Take a decision from those until now and append it, again where another program was faster.

    Raises:
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is missing or is not as declared.
        BrokenRowsError: Rows contradict each other.
        RefusedFreezeError: It is refused; nothing is written.
        CommitConflictError: Other programs were faster again and again; nothing is written.
        UnknownCommitError: The catalog did not say whether it is written.
    """
    for _ in range(_ATTEMPTS):
        store = _open_store(settings, open_catalog(settings))
        taken = take(store.decisions())
        if isinstance(taken, RefusedFreeze):
            raise RefusedFreezeError(f"freeze: {taken.detail}")
        try:
            store.append(taken, VERSION)
        except CommitConflictError:
            continue
        return taken
    raise CommitConflictError(
        f"commit, table freezes: expected no other program's, found {_ATTEMPTS} in a row;"
        " nothing was decided: try again"
    )


def _open_store(settings: CatalogSettings, catalog: Any) -> FreezeStore:
    check_tables(catalog, settings.namespace)
    return FreezeStore(catalog, settings.namespace)


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Freeze, lift or list; return the exit code."""
    options = make_parser().parse_args(arguments)
    try:
        settings = load_settings(options.settings, environ).catalog
        if options.command == "list":
            known = read_decisions(settings)
            shown = known if options.all else standing(known)
        else:
            shown = (decide(settings, _asked(options, to_us(datetime.now(UTC)))),)
    except (
        SettingsError,
        CatalogUnreachableError,
        TableConflictError,
        RefusedFreezeError,
        CommitConflictError,
        UnknownCommitError,
    ) as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenRowsError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps({"decisions": list(map(asdict, shown))}, ensure_ascii=False))
    else:
        print_freezes(Console(), shown)
    return 0


def _asked(
    options: argparse.Namespace, now_us: int
) -> Callable[[Decisions], FreezeDecision | RefusedFreeze]:
    """Return what the command line asks for, as a decision that follows those until now."""
    by, reason = _words(options.by, "--by"), _words(options.reason, "--reason")
    if options.command == "lift":
        return lambda known: lift_freeze(options.freeze, known, by, reason, now_us)
    if not options.account and not options.all_accounts:
        raise SettingsError("missing option", "command line", "--account or --all-accounts", "none")
    scope = FreezeScope(
        () if options.all_accounts else tuple(options.account),
        tuple(options.meter),
        _instant(options.period_from, "--period-from"),
        _instant(options.period_until, "--period-until"),
    )
    return lambda known: begin_freeze(scope, known, by, reason, now_us)


def _words(text: str, option: str) -> str:
    """Return a text in one line, as it is shown in one."""
    if not text.split():
        raise SettingsError("missing option", "command line", f"{option} with a word", "nothing")
    return " ".join(text.split())


def _instant(text: str | None, option: str) -> int | None:
    if text is None:
        return None
    try:
        return to_us(datetime.fromisoformat(text))
    except ValueError:
        expected = "an instant with its zone, such as 2026-11-01T00:00:00Z"
        raise SettingsError("bad value", option, expected, repr(text)) from None


def make_parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    parser = argparse.ArgumentParser(
        prog="freeze_billing",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--settings", required=True, help="settings file")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("freeze", help="let charges of accounts wait")
    chosen = command.add_mutually_exclusive_group()
    chosen.add_argument("--account", action="append", default=[], help="whose; may be repeated")
    chosen.add_argument("--all-accounts", action="store_true", help="those of all accounts")
    command.add_argument(
        "--meter", action="append", default=[], help="only periods priced by it; may be repeated"
    )
    command.add_argument("--period-from", help="periods that end after it, RFC 3339")
    command.add_argument("--period-until", help="periods that start before it, RFC 3339")
    lift = commands.add_parser("lift", help="let them go on")
    lift.add_argument("--freeze", required=True, help="id of the freeze")
    for each in (command, lift):
        each.add_argument("--by", default="", help="who decides")
        each.add_argument("--reason", default="", help="why")
    listed = commands.add_parser("list", help="list the freezes that stand")
    listed.add_argument("--all", action="store_true", help="all decisions there ever were")
    for each in commands.choices.values():
        each.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
