"""The manual acts of all programs, each done once as its own tests do it, for tests of the log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from iceberg.act_store import ActStore
from iceberg.catalog import open_catalog
from iceberg.tables import CLOSED_USAGE, EXPIRED_USAGE
from jobs import (
    accept_commits,
    backfill_usage,
    bring_back_usage,
    freeze_billing,
    issue_invoices,
    load_rate_cards,
    meter_usage,
    publish_accounts,
    rewind_tables,
)
from jobs.settings import load_settings
from schemas.manual_act import ActEntry, ActKind
from tests.documents.reading import ROOT
from tests.iceberg.filling import LocalCatalog, append, flink_summary
from tests.iceberg.rows import row_of
from tests.jobs.invoiced_tables import change, charged_tables
from tests.jobs.invoiced_tables import january as january_charges
from tests.jobs.lossy_world import archive_of_outage, meter
from tests.jobs.pricing_rows import corrected, day
from tests.jobs.pricing_world import CARDS, CONTRACTS, World

WHY = ("--by", "Ada L", "--reason", "the runbook says so")
FROZEN = ("freeze", "--account", "A", "--period-from", "2013-01-01T00:00:00Z")
SCOPE = ("--account", "A", "--account", "B", "--period-from", "2013-01-01T00:00:00Z")


@dataclass(frozen=True)
class Act:
    """One act that can be done.

    Attributes:
        kind: What the log must say.
        program: The same.
        words: The command line, without who and why.
        call: Takes a command line, and returns the exit code.
        about: Part of what the log must say that it is about.
        came_to: Part of what it must say that it came to.
    """

    kind: ActKind
    program: str
    words: Sequence[str]
    call: Callable[[Sequence[str]], int]
    about: str
    came_to: str


def entries_of(folder: Path) -> tuple[ActEntry, ...]:
    """Return the rows of the log in a folder."""
    return ActStore(open_catalog(LocalCatalog(folder)), "billing").entries()


def _of(module: Any, kind: ActKind, world: World, *words: str, about: str, came_to: str) -> Act:
    given = ["--settings", str(world.settings), *words]
    return Act(kind, module.__name__, given, lambda w: module.main(w, {}), about, came_to)


def freeze(world: World, _: pytest.MonkeyPatch) -> Act:
    """A's periods wait."""
    about = '{"accounts":["A"],"meters":"all","period_from":"2013-01-01T00:00:00Z"'
    words = {"about": about, "came_to": '"accounts":["A"]'}
    return _of(freeze_billing, ActKind.FREEZE_BILLING, world, *FROZEN, **words)


def lift(world: World, _: pytest.MonkeyPatch) -> Act:
    """They go on."""
    words = ["--settings", str(world.settings), *FROZEN, *WHY]
    assert freeze_billing.main(words, {}) == 0
    (known,) = freeze_billing.read_decisions(load_settings(world.settings, {}).catalog)
    named = ("lift", "--freeze", known.freeze_id)
    about = f'{{"freeze":"{known.freeze_id}"}}'
    return _of(
        freeze_billing, ActKind.LIFT_FREEZE, world, *named, about=about, came_to='"accounts":["A"]'
    )


def backfill(world: World, _: pytest.MonkeyPatch) -> Act:
    """What an outage lost is adjusted."""
    meter(world, *archive_of_outage())
    file = world.folder / "proposal.json"
    scope = (*SCOPE, "--period-until", "2013-02-01T00:00:00Z", "--propose", str(file))
    assert backfill_usage.main(["--settings", str(world.settings), *scope], {}) == 0
    return _of(
        backfill_usage,
        ActKind.APPLY_BACKFILL,
        world,
        *("--apply", str(file)),
        about='"file":"proposal.json","sha256":"',
        came_to='{"adjustments":6,"records":0,"new":true}',
    )


def bring_back(world: World, _: pytest.MonkeyPatch) -> Act:
    """A flight that expired counts."""
    append(world.catalog, EXPIRED_USAGE, [row_of(EXPIRED_USAGE, row_id="e0")])
    words = {"about": '{"rows":["e0"]}', "came_to": '{"accounts":["A"]}'}
    return _of(bring_back_usage, ActKind.BRING_BACK_USAGE, world, "--row", "e0", **words)


def accept(world: World, _: pytest.MonkeyPatch) -> Act:
    """Closed rows that came twice were looked at."""
    rows = world.catalog.load_table(("billing", CLOSED_USAGE.name)).scan().to_arrow().to_pylist()
    for _time in range(2):
        append(world.catalog, CLOSED_USAGE, rows, flink_summary(world.checkpoint, "job"))
    return _of(
        accept_commits,
        ActKind.ACCEPT_COMMITS,
        world,
        about="{}",
        came_to='{"commits":[{"table":"closed_usage","kind":"checkpoint","name":"job/',
    )


def rewind(world: World, patched: pytest.MonkeyPatch) -> Act:
    """All tables are back at checkpoint 2."""
    world.meter(
        day(2, 5), usage_corrections=[corrected("A", 1, 1, flights=10, delta=2, end=day(2, 4))]
    )
    patched.setattr(rewind_tables, "read_first_offsets", lambda _: (0,))
    return _of(
        rewind_tables,
        ActKind.REWIND_TABLES,
        world,
        *("--checkpoint", "2"),
        about='{"savepoint":"checkpoint 2","checkpoint":2,"job":""}',
        came_to='"usage_corrections":[',
    )


def load(world: World, _: pytest.MonkeyPatch) -> Act:
    """A rate card is new, and a contract."""
    cards, contracts = world.folder / "new-cards.yaml", world.folder / "new-contracts.yaml"
    cards.write_text(CARDS.replace("card_id: standard", "card_id: other"))
    contracts.write_text(CONTRACTS.replace("account_id: A,", "account_id: C,"))
    return _of(
        load_rate_cards,
        ActKind.LOAD_RATE_CARDS,
        world,
        *("--rate-cards", str(cards), "--contracts", str(contracts)),
        about='{"rate_cards":{"file":"new-cards.yaml","sha256":"',
        came_to='{"accounts":["C"],"new":{"rate_cards":1,"contracts":1,',
    )


def publish(world: World, patched: pytest.MonkeyPatch) -> Act:
    """The demo's accounts go to a topic; what takes them here is no broker."""

    class Producer:
        def send(self, *_: object, **__: object) -> Producer:
            return self

        def flush(self) -> None:
            pass

        def get(self) -> None:
            pass

    patched.setattr(publish_accounts, "open_producer", lambda _: nullcontext(Producer()))
    return _of(
        publish_accounts,
        ActKind.PUBLISH_ACCOUNTS,
        world,
        *("--accounts", str(ROOT / "config/accounts.yaml")),
        about='{"topic":"accounts","file":"accounts.yaml","sha256":"',
        came_to="{}",
    )


def adopt(world: World, patched: pytest.MonkeyPatch) -> Act:
    """A job without state takes over the tables; neither Kafka nor Flink is here."""
    checks = "check_topics", "check_readers", "keep_parallelism", "check_class_path"
    for name in (*checks, "check_recovery", "run_job"):
        patched.setattr(meter_usage, name, lambda *_: None)
    patched.setattr(meter_usage, "_latest_us", lambda *_: 0)
    words = ["--settings", str(world.settings), "--adopt-tables"]
    about = '{"namespace":"billing"}'
    return Act(
        ActKind.ADOPT_TABLES,
        "jobs.meter_usage",
        words,
        lambda given: meter_usage.main(given, lambda: 1),
        about,
        "{}",
    )


def _invoices(
    kind: ActKind, *steps: str, accounts: str = '["AA","B6"]'
) -> Callable[[World, pytest.MonkeyPatch], Act]:
    def prepare(world: World, _: pytest.MonkeyPatch) -> Act:
        folder = Path(mkdtemp(dir=world.folder))
        tables = charged_tables(folder, january_charges())
        for step in steps[:-1]:
            change(folder, tables, step)
        number = ("--number", "INV-2013-000001") if steps[-1] == "void" else ()
        return _of(
            issue_invoices,
            kind,
            World(folder),
            *(steps[-1], *number),
            about='{"number":"INV-2013-000001"}' if number else "{}",
            came_to=f'{{"accounts":{accounts},"invoices":["',
        )

    return prepare


ACTS: dict[ActKind, Callable[[World, pytest.MonkeyPatch], Act]] = {
    ActKind.FREEZE_BILLING: freeze,
    ActKind.LIFT_FREEZE: lift,
    ActKind.APPLY_BACKFILL: backfill,
    ActKind.BRING_BACK_USAGE: bring_back,
    ActKind.ACCEPT_COMMITS: accept,
    ActKind.REWIND_TABLES: rewind,
    ActKind.ADOPT_TABLES: adopt,
    ActKind.LOAD_RATE_CARDS: load,
    ActKind.PUBLISH_ACCOUNTS: publish,
    ActKind.APPROVE_INVOICES: _invoices(ActKind.APPROVE_INVOICES, "draft", "approve"),
    ActKind.ISSUE_INVOICES: _invoices(ActKind.ISSUE_INVOICES, "draft", "approve", "issue"),
    ActKind.VOID_INVOICE: _invoices(ActKind.VOID_INVOICE, "run", "void", accounts='["AA"]'),
}
"""What prepares each act in a world in which January has closed (apply_backfill: nothing has)."""
