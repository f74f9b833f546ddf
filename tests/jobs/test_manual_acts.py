"""Manual acts are kept: a row before each and one after it, or they do not happen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from iceberg.act_store import ActStore
from iceberg.creating import make_table
from iceberg.decided_tables import FREEZES, MANUAL_ACTS
from iceberg.writing import CommitConflictError
from jobs import freeze_billing, manual_acts
from jobs.manual_acts import file_facts, recorded
from jobs.settings import SettingsError, load_settings
from schemas.journal import ChainHead
from schemas.manual_act import ActEntry, ActKind, ActOutcome, AskedAct, Decision
from tests.documents.reading import ROOT
from tests.jobs.acting import ACTS, FROZEN, WHY, Act, entries_of
from tests.jobs.pricing_world import World
from udfs.recording import verify_acts

Output = pytest.CaptureFixture[str]
NOT_HERE = {ActKind.ERASE_SUBJECT, ActKind.READ_SUBJECT}
"""Acts of programs that bring tests of their own."""
FREEZE = AskedAct(
    ActKind.FREEZE_BILLING, "jobs.freeze_billing", Decision("Ada L", "why"), {"accounts": "all"}
)


def _prepared(kind: ActKind, request: pytest.FixtureRequest, patched: pytest.MonkeyPatch) -> Act:
    world = "unmetered" if kind is ActKind.APPLY_BACKFILL else "january"
    return ACTS[kind](request.getfixturevalue(world), patched)


def _folder(act: Act) -> Path:
    return Path(act.words[1]).parent


def _freeze(world: World) -> int:
    return freeze_billing.main(["--settings", str(world.settings), *FROZEN, *WHY], {})


def test_no_act_is_forgotten() -> None:
    """Each kind of the list is done in these tests."""
    assert set(ACTS) | NOT_HERE == set(ActKind)


@pytest.mark.parametrize("kind", ACTS)
def test_an_act_leaves_two_rows(
    kind: ActKind, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Begun and done, by whom and why, about what; the chain holds."""
    act = _prepared(kind, request, monkeypatch)
    before = entries_of(_folder(act))
    assert act.call([*act.words, *WHY]) == 0
    entries = entries_of(_folder(act))
    assert entries[: len(before)] == before
    begun, done = entries[len(before) :]
    assert (begun.outcome, done.outcome) == (ActOutcome.BEGUN, ActOutcome.DONE)
    assert begun.act_id == done.act_id
    for each in (begun, done):
        assert (each.kind, each.program) == (kind, act.program)
        assert (each.decided_by, each.reason) == ("Ada L", "the runbook says so")
        assert each.message is None
    assert act.about in begun.about
    assert act.came_to in done.about
    assert isinstance(verify_acts(entries), ChainHead)


@pytest.mark.parametrize("kind", ACTS)
@pytest.mark.parametrize("missing", ["--by", "--reason"])
def test_without_a_name_or_a_reason_nothing_is_done(
    kind: ActKind,
    missing: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Output,
) -> None:
    """One line, exit code 2, and no row in any table."""
    act = _prepared(kind, request, monkeypatch)
    world = World(_folder(act))
    before = world.snapshots()
    capsys.readouterr()
    given = [word for word in WHY if word != missing]
    del given[0 if missing == "--by" else -1]
    assert act.call([*act.words, *given]) == 2
    output = capsys.readouterr()
    assert (output.out, output.err.count("\n")) == ("", 1)
    assert f"missing option, command line: expected {missing} with a word" in output.err
    assert world.snapshots() == before


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (ActKind.FREEZE_BILLING, "freeze: expected none of the same scope, found "),
        (ActKind.LIFT_FREEZE, "freeze: expected "),
        (ActKind.BRING_BACK_USAGE, "row e0: "),
        (ActKind.VOID_INVOICE, "invoice "),
    ],
)
def test_a_refusal_is_kept(
    kind: ActKind,
    message: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Output,
) -> None:
    """What is asked for twice is refused: begun and failed, with the line that was printed."""
    act = _prepared(kind, request, monkeypatch)
    assert act.call([*act.words, *WHY]) == 0
    capsys.readouterr()
    assert act.call([*act.words, *WHY]) == 2
    begun, failed = entries_of(_folder(act))[-2:]
    assert (begun.outcome, failed.outcome) == (ActOutcome.BEGUN, ActOutcome.FAILED)
    assert begun.act_id == failed.act_id
    assert failed.message == capsys.readouterr().err.strip()
    assert failed.message.startswith(message)


def test_what_only_looks_leaves_no_row(january: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists, proposals and dry runs are none of an act; nor is an invoice that rules make."""
    before = entries_of(january.folder)
    rewind = ACTS[ActKind.REWIND_TABLES](january, monkeypatch)
    assert rewind.call([*rewind.words, "--dry-run"]) == 0
    accept = ACTS[ActKind.ACCEPT_COMMITS](january, monkeypatch)
    assert accept.call([*accept.words, "--list"]) == 1
    assert freeze_billing.main(["--settings", str(january.settings), "list"], {}) == 0
    assert entries_of(january.folder) == before
    invoices = ACTS[ActKind.VOID_INVOICE](january, monkeypatch)
    assert invoices.call([*invoices.words[:2], "show"]) == 0
    assert entries_of(_folder(invoices)) == ()


_KILLED = """
import os, signal, sys
from jobs import freeze_billing

freeze_billing.decide = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
freeze_billing.main(sys.argv[1:], {})
"""


def test_an_act_that_was_killed_has_begun(january: World) -> None:
    """Its row is there, without an end; the next one goes on behind it."""
    before = len(entries_of(january.folder))
    words = ["--settings", str(january.settings), *FROZEN, *WHY]
    done = subprocess.run([sys.executable, "-c", _KILLED, *words], cwd=ROOT, check=False)
    assert done.returncode == -9
    (begun,) = entries_of(january.folder)[before:]
    assert begun.outcome is ActOutcome.BEGUN
    assert _freeze(january) == 0
    entries = entries_of(january.folder)
    assert [each.outcome.value for each in entries[before:]] == ["begun", "begun", "done"]
    assert isinstance(verify_acts(entries, begun.entry_hash), ChainHead)


def test_an_interrupt_is_an_end(january: World) -> None:
    """Whoever stops a program by hand leaves a row that says so."""
    settings = load_settings(january.settings, {}).catalog
    with pytest.raises(KeyboardInterrupt), recorded(settings, FREEZE, lambda: 1):
        raise KeyboardInterrupt
    assert entries_of(january.folder)[-1].message == "KeyboardInterrupt"


def test_what_cannot_be_kept_is_not_done(
    january: World, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    """The first row comes first; without it nobody freezes."""

    def refuse(*_: object) -> ActEntry:
        raise CommitConflictError("others were faster")

    monkeypatch.setattr(ActStore, "append", refuse)
    assert _freeze(january) == 2
    assert capsys.readouterr().err == "others were faster\n"
    assert january.count(FREEZES) == 0


@pytest.mark.parametrize("refused", [False, True])
def test_an_end_that_cannot_be_kept_is_told(
    january: World, monkeypatch: pytest.MonkeyPatch, capsys: Output, refused: bool
) -> None:
    """What is done is done, and the line says so; what was refused says why it was."""
    if refused:
        assert _freeze(january) == 0
    before = entries_of(january.folder)

    def lose(*_: object) -> None:
        raise OSError("no space left\non the device")

    monkeypatch.setattr(manual_acts, "_end", lose)
    capsys.readouterr()
    assert _freeze(january) == 2
    (begun,) = entries_of(january.folder)[len(before) :]
    line = (
        f"manual_acts, act {begun.act_id}: it is done; expected the log to take its end, found no"
        " space left\n"
    )
    told = capsys.readouterr().err
    assert told.startswith("freeze: expected none of the same scope") if refused else told == line
    assert january.count(FREEZES) == 1


def test_a_warehouse_without_the_log_is_one_line(january: World, capsys: Output) -> None:
    """An older one: nothing is done before the table is there."""
    january.catalog.drop_table(("billing", MANUAL_ACTS.name))
    assert _freeze(january) == 2
    assert capsys.readouterr().err == (
        "table manual_acts, namespace billing: expected one, found none;"
        " run python -m jobs.create_tables\n"
    )
    make_table(january.catalog, "billing", MANUAL_ACTS)
    assert _freeze(january) == 0
    assert len(entries_of(january.folder)) == 2


def test_a_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    """Its name, and SHA-256 as other programs print it; one that is not there is one line."""
    path = tmp_path / "cards.yaml"
    path.write_bytes(b"abc")
    assert file_facts(str(path), "--rate-cards") == {
        "file": "cards.yaml",
        "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    }
    with pytest.raises(SettingsError, match="bad option, --rate-cards: expected a file to read"):
        file_facts(str(tmp_path / "none"), "--rate-cards")
