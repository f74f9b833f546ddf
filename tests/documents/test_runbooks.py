"""docs/runbooks: pages of one form, alerts as the rules have them, commands that run as written."""

from __future__ import annotations

import re
import runpy
import shlex
import sys
import warnings
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from iceberg.decided_tables import FREEZES
from iceberg.tables import CLOSED_USAGE, EXPIRED_USAGE, RAW_EVENTS
from jobs import issue_invoices, price_usage
from jobs.describe_metrics import CATALOGUE
from tests.documents.reading import NOT_RUN, command_lines, documents
from tests.iceberg.filling import append, flink_summary
from tests.iceberg.rows import row_of
from tests.jobs.invoiced_tables import SETUP
from tests.jobs.lossy_world import Flight, archive_of_outage, meter, raw_row
from tests.jobs.pricing_rows import day
from tests.jobs.pricing_world import CARDS, KeptWorld, World, make_priced_world
from tests.k8s.alert_rules import all_rules

FOLDER = "docs/runbooks/"
HEADINGS = ["What it means", "Look first", "Do", "Prove", "Do not"]
PAGES = sorted(
    Path(each).stem for each in documents() if each.startswith(FOLDER) and "README" not in each
)
OWN = "python -m "
S = "--settings config/live.yaml"
KAFKA, ENDLESS = "needs Kafka", "runs until it is ended"
NOT_RUN_HERE = {
    ("conservation-gap", f"jobs.backfill_usage {S} --from kafka:usage-events:0:1200-1900"): KAFKA,
    ("kafka-migration", f"jobs.create_topics {S}"): KAFKA,
    ("levels-not-measured", f"jobs.measure_service {S} --serve 9109 --every 300"): ENDLESS,
    ("rewind", f"jobs.rewind_tables {S} --to SAVEPOINT --dry-run"): KAFKA,
    ("rewind", f"jobs.rewind_tables {S} --to SAVEPOINT --by NAME --reason REASON"): KAFKA,
    ("unassigned-usage", f"jobs.bring_back_usage {S} --row ROW_ID"): KAFKA,
    ("unassigned-usage", f"jobs.publish_accounts {S} --accounts config/accounts.yaml"): KAFKA,
    ("watermark", f"jobs.beat_heartbeat {S} --every 5"): KAFKA,
    ("wrong-terms", f"jobs.publish_accounts {S} --accounts config/accounts.yaml"): KAFKA,
    ("wrong-zone", f"jobs.publish_accounts {S} --accounts config/accounts.yaml"): KAFKA,
}
"""Commands of ours that no test runs, by page and how they begin, with the reason."""

# A card is put right from January on, so the wrong one has to begin before.
OLD_CARDS = CARDS.replace("effective_from: 2013-01-01", "effective_from: 2012-12-01")
NEW_CARDS = CARDS.replace("version: 1", "version: 2").replace("unit_price: 2", "unit_price: 3")


def _sections(page: str) -> dict[str, str]:
    parts = re.split(r"^## (.+)$", documents()[f"{FOLDER}{page}.md"], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _alerts(page: str) -> dict[str, str]:
    """Return the severities of the alerts that link a page."""
    return {
        rule["alert"]: rule["labels"]["severity"]
        for rule in all_rules()
        if "alert" in rule and rule["annotations"]["runbook"] == f"{FOLDER}{page}.md"
    }


def _own_lines(page: str) -> list[str]:
    lines = command_lines(f"{FOLDER}{page}.md")
    return [line for line in lines if line.startswith(OWN)]


def _run_lines(page: str) -> list[str]:
    return [line for line in _own_lines(page) if NOT_RUN not in line]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_five_parts_in_order(page: str) -> None:
    """Some things to look at, numbered steps, a command that proves, and traps."""
    sections = _sections(page)
    assert list(sections) == HEADINGS
    assert 2 <= len(re.findall(r"^- ", sections["Look first"], re.MULTILINE)) <= 5
    assert len(re.findall(r"^\d\. ", sections["Do"], re.MULTILINE)) >= 3
    assert OWN in sections["Prove"]
    assert re.search(r"^- ", sections["Do not"], re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_and_the_list_name_its_alerts(page: str) -> None:
    """Exactly those that link it, with page or ticket, under the same title."""
    text = documents()[f"{FOLDER}{page}.md"]
    (line,) = re.findall(r"^Alerts: (.+)$", text, re.MULTILINE)
    alerts = _alerts(page)
    assert dict(re.findall(r"`(\w+)` \((\w+)\)", line)) == alerts
    assert line.startswith("none") is not bool(alerts)
    title = re.escape(text.partition("\n")[0].removeprefix("# "))
    listed = documents()[f"{FOLDER}README.md"].replace(",\n  ", ", ")
    (found,) = re.findall(rf"^- \[{title}\]\({page}\.md\)(.*)$", listed, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", found)) == set(alerts)


@pytest.mark.parametrize("page", PAGES)
def test_metrics_of_a_page_are_there(page: str) -> None:
    """In the catalogue, or recorded by a rule."""
    known = {each.name for each in CATALOGUE}
    known |= {rule["record"] for rule in all_rules() if "record" in rule}
    named = re.findall(r"`((?:flink_|meterclose[_:])\w+)`", documents()[f"{FOLDER}{page}.md"])
    assert set(named) <= known


def test_what_is_not_run_is_marked() -> None:
    """Each such command has its mark and its reason in the page, and no other one has."""
    marked = {
        (page, line): line.partition(NOT_RUN)[2]
        for page in PAGES
        for line in _own_lines(page)
        if NOT_RUN in line
    }
    listed = {
        (page, line): reason
        for (page, begin), reason in NOT_RUN_HERE.items()
        for line in _own_lines(page)
        if line.startswith(f"{OWN}{begin} ")
    }
    assert len(listed) == len(NOT_RUN_HERE)
    assert marked == listed


def _metered(folder: Path) -> World:
    """Return a world in which January is metered, priced and invoiced."""
    world = make_priced_world(folder, OLD_CARDS)
    records = archive_of_outage()[0]
    meter(world, records, records)
    buyers = SETUP.replace("account_id: AA", "account_id: A")
    invoicing = folder / "invoicing.yaml"
    invoicing.write_text(buyers.replace("account_id: B6", "account_id: B"))
    (folder / "wrong.jsonl").write_text('["tower", "A0"]\n')
    settings = ["--settings", str(world.settings)]
    run = ["run", "--invoicing", str(invoicing), "--until", "2013-02-01T00:00:00Z"]
    assert price_usage.main(settings, {}) == 0
    assert issue_invoices.main([*settings, *run], {}) == 0
    return world


def _right(_: World) -> None:
    """Leave all as it is."""


def _find_a_wrong_price(world: World) -> None:
    """Write the card that takes the place of the wrong one."""
    (world.folder / "rate-cards.yaml").write_text(NEW_CARDS)


def _commit_twice(world: World) -> None:
    """Bring the closed rows with two more commits, of one checkpoint."""
    rows = world.catalog.load_table(("billing", CLOSED_USAGE.name)).scan().to_arrow().to_pylist()
    for _ in range(2):
        append(world.catalog, CLOSED_USAGE, rows, flink_summary(world.checkpoint, "job"))


def _let_usage_expire(world: World) -> None:
    """Let one flight of A come after its horizon, in May."""
    late = Flight("A", "late", day(1, 5), received=day(5, 10)).record(12)
    one: dict[str, Any] = {"quantity": Decimal(1), "event_count": 1, "last_event_time": day(1, 5)}
    longest: dict[str, Any] = {"row_id": "e1", "meter_id": "longest"}
    rows = [
        row_of(EXPIRED_USAGE, row_id="e0", **one),
        row_of(EXPIRED_USAGE, **one | longest, unit="mile"),
    ]
    append(world.catalog, RAW_EVENTS, [raw_row(late)])
    append(world.catalog, EXPIRED_USAGE, rows)


FAULTS: dict[str, Callable[[World], None]] = {
    "late-data": _let_usage_expire,
    "ledger-mismatch": _right,
    "pricing-error": _find_a_wrong_price,
    "repeated-commits": _commit_twice,
    "wrong-zone": _right,
}
"""Pages that change something, and what is there before: each is followed to its last command."""
CODES = {
    ("repeated-commits", "jobs.check_commits"): [1, 0],
    ("repeated-commits", "jobs.accept_commits"): [1, 0, 0],
}
"""Exit codes of a program in a page, one call after the other; all others are 0."""
SHARED = sorted({line for page in PAGES if page not in FAULTS for line in _run_lines(page)})
REFUSED = "--wrong wrong.jsonl"
"""No event can be taken out of a greatest value: exit code 1 says so."""


def _words(line: str, world: World) -> list[str]:
    """Return a command's words, with those filled in that a page leaves to the reader."""
    folder = world.folder
    filled: dict[str, Callable[[], object]] = {
        "config/live.yaml": lambda: world.settings,
        "config/rate_cards.yaml": lambda: folder / "rate-cards.yaml",
        "config/contracts.yaml": lambda: folder / "contracts.yaml",
        "config/invoicing.yaml": lambda: folder / "invoicing.yaml",
        "ACCOUNT": lambda: "A",
        "FROM": lambda: "2013-01-01T00:00:00Z",
        "UNTIL": lambda: "2013-02-01T00:00:00Z",
        "NAME": lambda: "Ada L",
        "REASON": lambda: "as the runbook says",
        "ROW_ID": lambda: "e0",
        "CHARGE_ID": lambda: next(
            each.charge_id for each in world.charges("A") if each.line_id == "landing"
        ),
        "FREEZE_ID": lambda: (
            world.catalog.load_table(("billing", FREEZES.name)).scan().to_arrow()["freeze_id"][0]
        ),
    }
    return [str(filled[word]()) if word in filled else word for word in shlex.split(line)[2:]]


def _run(line: str, world: World) -> int:
    """Run a program as it is typed; return its exit code."""
    module, *arguments = _words(line, world)
    with pytest.MonkeyPatch.context() as patched, warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # it may have been imported before
        patched.chdir(world.folder)
        patched.setattr(sys, "argv", [module, *arguments])
        with pytest.raises(SystemExit) as ended:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> KeptWorld:
    """January of two accounts, and all of it is right."""
    return _metered(tmp_path_factory.mktemp("runbooks")).keep()


@pytest.mark.parametrize("line", SHARED, ids=lambda line: line.removeprefix(OWN)[:90])
def test_commands_run_on_a_whole_world(line: str, kept: KeptWorld) -> None:
    """Each says that all is well, but what was asked for and cannot be."""
    assert _run(line, kept.world) == int(REFUSED in line)


def _follow(page: str, kept: KeptWorld) -> World:
    """Run all commands of a page that a test can run, in their order; return what has become."""
    world = kept.again()
    (world.folder / "rate-cards.yaml").write_text(OLD_CARDS)
    FAULTS[page](world)
    codes = {module: list(found) for (each, module), found in CODES.items() if each == page}
    for line in _run_lines(page):
        expected = codes.get(line.split()[2])
        assert _run(line, world) == (expected.pop(0) if expected else 0), line
    assert not any(codes.values())
    world.entries()
    return world


@pytest.mark.parametrize("page", sorted(set(FAULTS) - {"pricing-error"}))
def test_a_page_is_followed(page: str, kept: KeptWorld) -> None:
    """From the first command to the last; what found the fault finds none in the end."""
    _follow(page, kept)


def test_a_price_is_put_right(kept: KeptWorld) -> None:
    """Five landings of A cost a dollar more, by a correction; and nothing else changed."""
    before = kept.again().sums("A")
    landing = ("A", "01-01", "usage", "landing", "landing")
    assert _follow("pricing-error", kept).sums("A") == before | {landing: before[landing] + 500}
