"""Whoever may only read: programs that read work, those that write end with one clear line."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from iceberg.catalog import ReadOnlyCatalogError, open_catalog, open_to_read
from iceberg.creating import iceberg_schema
from iceberg.tables import CLOSED_USAGE, TABLES
from iceberg.writing import append_rows
from jobs.local.places import ROOT
from jobs.roles.declared import PROGRAMS
from jobs.settings import load_settings
from tests.iceberg.rows import row_of
from tests.jobs.proofs.proved_world import make_proved_world, price_and_invoice
from tests.jobs.roles.running import WHY, run, writing_commands

_JANUARY = (
    "--period-from",
    "2013-01-01T00:00:00Z",
    "--period-until",
    "2013-02-01T00:00:00Z",
)
READING: dict[str, list[list[str]]] = {
    "show_usage": [[]],
    "show_charges": [[], ["--account", "A"]],
    "show_ledger": [[]],
    "verify_ledger": [[]],
    "export_focus": [["--output", "{out}/focus.csv", "--provider", "Us"]],
    "explain_charge": [["--invoice", "INV-2013-000001"]],
    "recompute_usage": [["--period", "2013-01-01T00:00:00Z", "--account", "A"]],
    "list_acts": [[], ["--verify"]],
    "list_conflicts": [[]],
    "check_commits": [["--max-age-s", "1"]],
    "describe_roles": [["--role", "analyst", "--from-catalog"]],
    "issue_invoices": [["show"], ["render", "--number", "INV-2013-000001", "--out", "{out}"]],
    "freeze_billing": [["list"]],
    "bring_back_usage": [["--list"]],
    "accept_commits": [["--list"]],
    "seal_usage": [["--verify"]],
    "price_usage": [["--dry-run", "--as-of", "now", "--workers", "1"]],
    "maintain_tables": [["--compact", "--dry-run"]],
    "backfill_usage": [["--account", "A", *_JANUARY, "--propose", "{out}/proposal.json"]],
}
"""What reads, and how: some of these write with other arguments."""

WITH_KEYS = {"erase_subject", "show_pseudonym"}
"""What needs a store of keys: tests/jobs/privacy/test_programs.py tries it."""
WITHOUT_RIGHTS = "--bounding-set=-dac_override,-dac_read_search,-fowner"


@dataclass(frozen=True)
class Kept:
    """Tables whose catalog's file no process has open.

    Attributes:
        folder: Of the settings, and of what programs put out.
        catalog: Folder of the catalog's file.
        warehouse: Folder of the tables.
    """

    folder: Path
    catalog: Path
    warehouse: Path

    def settings(self, **catalog: object) -> Path:
        """Write settings, those of the catalog changed; return their path."""
        own = {"uri": str(self.catalog / "catalog.db"), "warehouse": str(self.warehouse)}
        sections = {
            "kafka": {"bootstrap_servers": "broker:9092", "partitions": 1},
            "catalog": {**own, **catalog},
            "metering": {"meters_file": "meters.yaml"},
            "flink": {"checkpoint_dir": "checkpoints"},
        }
        path = self.folder / "settings.yaml"
        path.write_text(yaml.safe_dump(sections))
        return path

    def writing(self) -> dict[str, list[str]]:
        """Return what makes programs write; a proposal is there."""
        (proposing,) = self.reading("backfill_usage")
        assert run("backfill_usage", self.settings(read_only=True), proposing)["code"] == 0
        accounts = ["--accounts", str(ROOT / "config" / "accounts.yaml"), *WHY]
        others = {"meter_usage": [], "publish_accounts": accounts}
        return {**writing_commands(self.folder), **others}

    def reading(self, name: str) -> list[list[str]]:
        """Return the arguments with which a program reads."""
        return [[word.format(out=self.folder) for word in words] for words in READING[name]]

    def state(self) -> tuple[bytes, list[str]]:
        """Return what a program that writes would change."""
        files = sorted(str(path) for path in self.warehouse.rglob("*"))
        return (self.catalog / "catalog.db").read_bytes(), files


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """January, metered, sealed, priced and invoiced."""
    world = make_proved_world(tmp_path_factory.mktemp("reading"))
    assert run("seal_usage", world.settings, [])["code"] == 0
    price_and_invoice(world)
    folder = world.folder / "catalog"
    folder.mkdir()
    source, copy = (sqlite3.connect(each / "catalog.db") for each in (world.folder, folder))
    with closing(source), closing(copy):
        source.backup(copy)
    return Kept(world.folder, folder, world.folder / "warehouse")


@pytest.fixture
def closed_folders(kept: Kept) -> Iterator[Kept]:
    """The same, with catalog and tables that a process without rights cannot write."""
    modes: dict[Path, int] = {}
    for top in (kept.catalog, kept.warehouse):
        for path in (top, *top.rglob("*")):
            modes[path] = path.stat().st_mode
            path.chmod(0o555 if path.is_dir() else 0o444)
    yield kept
    for path, mode in modes.items():
        path.chmod(mode)


def _run_without_rights(
    settings: Path, commands: Sequence[tuple[str, Sequence[str]]]
) -> list[dict[str, Any]]:
    """Run programs in a process of this user that has no rights beyond those of files."""
    words = [sys.executable, "-m", "tests.jobs.roles.running"]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root without setpriv: nothing is closed to it")
        words = ["setpriv", WITHOUT_RIGHTS, "--", *words]
    asked = json.dumps([(name, str(settings), each) for name, each in commands])
    done = subprocess.run(words, input=asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def _check_read(done: dict[str, Any]) -> None:
    # With 1, one of them tells that something in this world is not as it should be.
    assert done["code"] in (0, 1), done
    assert done["out"] or done["program"] in ("list_conflicts", "export_focus"), done
    assert "read" not in done["err"].lower(), done


def _check_refused(done: dict[str, Any], expected: str) -> None:
    assert (done["code"], done["out"]) == (2, ""), done
    assert done["err"].count("\n") == 1, done
    assert expected in done["err"]


def test_every_program_that_only_reads_is_tried() -> None:
    """The doctor has tests of its own."""
    reading = {each.name for each in PROGRAMS if not each.writes}
    assert reading - {"doctor"} <= READING.keys()


def test_programs_that_write_refuse_read_only_settings(kept: Kept) -> None:
    """All of them, before they do anything; the line says which setting it is."""
    commands = kept.writing()
    assert commands.keys() | WITH_KEYS == {each.name for each in PROGRAMS if each.writes}
    settings, before = kept.settings(read_only=True), kept.state()
    for name, words in commands.items():
        _check_refused(run(name, settings, words), "found catalog.read_only: true; nothing was")
        assert kept.state() == before, name


@pytest.mark.parametrize("name", READING)
def test_programs_that_read_take_read_only_settings(kept: Kept, name: str) -> None:
    """They do as always."""
    before = kept.state()
    for words in kept.reading(name):
        _check_read(run(name, kept.settings(read_only=True), words))
    assert kept.state() == before


def test_the_environment_can_close_the_catalog(kept: Kept) -> None:
    """As every setting, this one can come from there."""
    environ = {"METERCLOSE_CATALOG_READ_ONLY": "true"}
    with pytest.raises(ReadOnlyCatalogError):
        open_catalog(load_settings(kept.settings(), environ).catalog)


def test_a_program_that_reads_cannot_commit(kept: Kept) -> None:
    """Whatever it tries: the catalog that it has opened takes no change."""
    settings = load_settings(kept.settings(), {}).catalog
    catalog, before = open_to_read(settings), kept.state()[0]
    existing = catalog.load_table(("billing", CLOSED_USAGE.name))
    tried = (
        lambda: append_rows(existing, CLOSED_USAGE, [row_of(CLOSED_USAGE)]),
        lambda: catalog.create_table(("billing", "own"), iceberg_schema(CLOSED_USAGE)),
        lambda: catalog.drop_table(("billing", CLOSED_USAGE.name)),
        lambda: catalog.create_namespace_if_not_exists("own"),
        lambda: catalog.rename_table(("billing", "charges"), ("billing", "other")),
    )
    for step in tried:
        with pytest.raises(ReadOnlyCatalogError, match="expected only to be read, found a change"):
            step()
    assert kept.state()[0] == before
    assert len(catalog.list_tables("billing")) == len(TABLES)


def test_without_rights_programs_read(closed_folders: Kept) -> None:
    """A process that can write neither the catalog nor the tables runs all that only reads."""
    commands = [(name, words) for name in READING for words in closed_folders.reading(name)]
    before = closed_folders.state()
    for done in _run_without_rights(closed_folders.settings(), commands):
        _check_read(done)
    assert closed_folders.state() == before


def test_without_rights_programs_read_beside_a_writer(closed_folders: Kept) -> None:
    """A catalog that another process has open is read with what it has committed."""
    with closing(sqlite3.connect(closed_folders.catalog / "catalog.db")) as writer:
        writer.execute("SELECT count(*) FROM iceberg_tables").fetchone()
        if not (closed_folders.catalog / "catalog.db-wal").exists():
            pytest.skip("this user's connection could not open the file to write either")
        commands: list[tuple[str, list[str]]] = [("show_charges", []), ("verify_ledger", [])]
        for done in _run_without_rights(closed_folders.settings(), commands):
            _check_read(done)


def test_without_rights_programs_that_write_are_refused(closed_folders: Kept) -> None:
    """One line and exit code 2, before anything is read or written."""
    commands = [*closed_folders.writing().items()]
    before = closed_folders.state()
    for done in _run_without_rights(closed_folders.settings(), commands):
        _check_refused(done, "expected rights to write, found none for ")
    assert closed_folders.state() == before
