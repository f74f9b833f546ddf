"""docs/runbooks: pages of one form, alerts as the rules have them, commands that run as written."""

from __future__ import annotations

import re
import runpy
import shlex
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from iceberg.decided_tables import FREEZES
from iceberg.tables import CLOSED_USAGE, EXPIRED_USAGE
from jobs import issue_invoices, price_usage, reconcile_charges, reconcile_usage
from jobs.describe_metrics import CATALOGUE
from tests.documents.reading import NOT_RUN, ROOT, command_lines, documents
from tests.iceberg.filling import append, flink_summary
from tests.iceberg.rows import row_of
from tests.jobs.invoiced_tables import SETUP
from tests.jobs.lossy_world import archive_of_outage, meter
from tests.jobs.pricing_rows import day
from tests.jobs.pricing_world import CARDS, CONTRACTS, KeptWorld, World, make_priced_world
from udfs.identifying import digest

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


def _rules() -> list[dict[str, Any]]:
    files = sorted((ROOT / "k8s" / "base" / "monitoring").glob("*.yaml"))
    documents_of = [yaml.safe_load(path.read_text()) for path in files]
    groups = [
        group
        for each in documents_of
        if each["kind"] == "PrometheusRule"
        for group in each["spec"]["groups"]
    ]
    return [rule for group in groups for rule in group["rules"]]


def _alerts(page: str) -> dict[str, str]:
    """Return the severities of the alerts that link a page."""
    return {
        rule["alert"]: rule["labels"]["severity"]
        for rule in _rules()
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
    known |= {rule["record"] for rule in _rules() if "record" in rule}
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


def _whole(folder: Path) -> World:
    """January is metered, priced, invoiced and reconciled, and all of it is right."""
    world = make_priced_world(folder)
    meter(world, archive_of_outage()[0], archive_of_outage()[0])
    return _finish(world)


def _finish(world: World) -> World:
    buyers = SETUP.replace("account_id: AA", "account_id: A")
    invoicing = world.folder / "invoicing.yaml"
    invoicing.write_text(buyers.replace("account_id: B6", "account_id: B"))
    settings = ["--settings", str(world.settings)]
    run = ["run", "--invoicing", str(invoicing), "--until", "2013-02-01T00:00:00Z"]
    assert price_usage.main(settings, {}) == 0
    assert issue_invoices.main([*settings, *run], {}) == 0
    assert reconcile_usage.main(settings, {}, lambda: day(2, 3)) == 0
    assert reconcile_charges.main(settings, {}, lambda: 1) == 0
    return world


def _old_card(folder: Path) -> World:
    """The same, but the card began a month earlier, so that another one can follow it."""
    world = make_priced_world(folder)
    return world


