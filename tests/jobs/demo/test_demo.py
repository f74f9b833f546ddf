"""The demo itself, on the first weeks of the year: all real processes, all stages."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import psutil
import pytest

from iceberg.catalog import open_catalog
from jobs import publish_flights
from jobs.demo import running
from jobs.demo.__main__ import main
from jobs.flights.departures import read_flights
from jobs.settings import load_settings
from tests.documents.reading import commands
from tests.oracle.comparing_runs import compare_runs, read_tables

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1500)]

FLIGHTS = 8_000
CARRIERS = 16
# Periods of accounts that cost something, and their lines: less would be compared than was.
PERIODS, LINES, KINDS = 130, 200, 8
# Commands of the README over the demo's tables.
PROGRAMS = 8


def _first_flights() -> Iterator[dict[str, str]]:
    return islice(read_flights(), FLIGHTS)


def _processes_of(folder: Path) -> list[psutil.Process]:
    """Return the running processes that were started with something of this folder."""
    found = psutil.process_iter(["cmdline"])
    return [
        each for each in found if any(str(folder) in word for word in each.info["cmdline"] or [])
    ]


def test_everything_adds_up_and_nothing_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Published and found agree, every period is closed, and every process has ended."""
    monkeypatch.setattr(publish_flights, "read_flights", _first_flights)
    settings = tmp_path / "demo.yaml"
    text = running.SETTINGS.read_text().replace("../.run/demo", str(tmp_path / "demo"))
    settings.write_text(text.replace("meters.yaml", str(running.SETTINGS.parent / "meters.yaml")))
    monkeypatch.setattr(running, "SETTINGS", settings)
    code = main(["--json"], {}, lambda: time.monotonic_ns() // 1_000_000, tmp_path / "demo")
    output = capsys.readouterr()
    assert code == 0, output.err
    report = json.loads(output.out)
    assert report["problems"] == []
    assert report["fates"]["records"] == report["manifest"]["records"] > FLIGHTS
    assert all(each["published"] == each["found"] for each in report["published"])
    assert {meter["open"] for meter in report["fates"]["meters"]} == {0}
    assert report["corrections"]["by_meter"]
    assert len(report["charges"]) == CARRIERS
    assert sum(each["usage_minor"] or 0 for each in report["charges"]) > 0
    assert {each["state"] for each in report["invoices"]} == {"issued"}
    assert {each["account_id"] for each in report["invoices"]} == {
        each["account_id"] for each in report["charges"]
    }
    invoiced_minor = sum(each["net_minor"] + each["credit_minor"] for each in report["invoices"])
    later_minor = sum(each["amount_minor"] for each in report["unbilled"])
    charged_minor = sum(each["total_minor"] for each in report["charges"])
    assert invoiced_minor + later_minor == charged_minor
    pdf, html = (Path(report["opened_invoice"][kind]) for kind in ("pdf", "html"))
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert pdf.stem in html.read_text()
    _recompute_charges(settings)
    reconciled = report["reconciled"]
    assert (reconciled["holds"], reconciled["priced_again"]["not_recomputed"]) == (True, {})
    assert reconciled["priced_again"]["lines"] >= LINES
    assert len(reconciled["equations"]) > 20
    assert Path(report["savepoint"].removeprefix("file:")).is_dir()
    _run_what_the_readme_tells(settings, tmp_path / "demo")
    assert not _processes_of(tmp_path)


def _run_what_the_readme_tells(settings: Path, folder: Path) -> None:
    """Run the commands that the README has for the demo's tables: all is right with them."""
    told = [words for words in commands("README.md") if "config/demo.yaml" in words]
    assert len(told) >= PROGRAMS
    for _, _, module, *words in told:
        typed = [word.replace("config/demo.yaml", str(settings)) for word in words]
        typed = [word.replace(".run/demo", str(folder)) for word in typed]
        done = subprocess.run(
            [sys.executable, "-m", module, *typed], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (module, done.stdout, done.stderr)


def _recompute_charges(settings: Path) -> None:
    """Hold the charges of each pricing day against the oracle; what differs is told by line."""
    catalog = open_catalog(load_settings(settings, {}).catalog)
    compared = compare_runs(running.ACCOUNTS.parent, read_tables(catalog, "billing"))
    assert [difference for day in compared.values() for difference in day.differences] == []
    last = [*compared.values()][-1]
    assert (len(compared), len(last.kinds)) == (5, KINDS)
    assert (last.periods >= PERIODS, last.lines >= LINES) == (True, True)
