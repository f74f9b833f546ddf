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
from jobs.manual_acts import add_decision_options, read_decision, recorded
from jobs.reporting.rendering_freezes import print_freezes
from jobs.settings import CatalogSettings, SettingsError, load_settings, read_instant
from schemas.freeze import FreezeDecision, FreezeScope, RefusedFreeze
from schemas.instant import to_text, to_us
from schemas.manual_act import ActKind, AskedAct
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
            shown = (_decide(settings, options, lambda: to_us(datetime.now(UTC))),)
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


def _decide(
    settings: CatalogSettings, options: argparse.Namespace, clock: Callable[[], int]
) -> FreezeDecision:
    """Take the decision that the command line asks for, and keep it in the log of manual acts."""
    decision = read_decision(options)
    if options.command == "lift":
        kind, scope, about = ActKind.LIFT_FREEZE, None, {"freeze": options.freeze}
    else:
        kind, scope = ActKind.FREEZE_BILLING, _scope(options)
        about = _members(scope)
    by, reason, now_us = decision.decided_by, decision.reason, clock()

    def take(known: Decisions) -> FreezeDecision | RefusedFreeze:
        if scope is None:
            return lift_freeze(options.freeze, known, by, reason, now_us)
        return begin_freeze(scope, known, by, reason, now_us)

    asked = AskedAct(kind, "jobs.freeze_billing", decision, about)
    with recorded(settings, asked, clock) as act:
        taken = decide(settings, take)
        act.add(freeze=taken.freeze_id, **_members(taken.scope))
        return taken


def _scope(options: argparse.Namespace) -> FreezeScope:
    if not options.account and not options.all_accounts:
        raise SettingsError("missing option", "command line", "--account or --all-accounts", "none")
    return FreezeScope(
        () if options.all_accounts else tuple(options.account),
        tuple(options.meter),
        _bound(options.period_from, "--period-from"),
        _bound(options.period_until, "--period-until"),
    )


def _members(scope: FreezeScope) -> dict[str, object]:
    """Return whose periods a freeze names, as values of JSON."""
    return {
        "accounts": list(scope.account_ids) or "all",
        "meters": list(scope.meter_ids) or "all",
        "period_from": None if scope.since_us is None else to_text(scope.since_us),
        "period_until": None if scope.until_us is None else to_text(scope.until_us),
    }


def _bound(text: str | None, option: str) -> int | None:
    return None if text is None else read_instant(text, option)


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
        add_decision_options(each)
    listed = commands.add_parser("list", help="list the freezes that stand")
    listed.add_argument("--all", action="store_true", help="all decisions there ever were")
    for each in commands.choices.values():
        each.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
