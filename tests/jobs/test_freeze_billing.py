"""Billing is frozen and lifted: what waits is neither priced nor invoiced, and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from iceberg.freezes import FreezeStore
from jobs.freeze_billing import main
from jobs.price_usage import main as price_main
from jobs.pricing.account_inputs import HeldAccount
from schemas.freeze import FreezeDecision
from tests.jobs.invoiced_tables import (
    change,
    charged_tables,
    numbers,
    read_invoices,
    standing,
)
from tests.jobs.invoiced_tables import january as january_charges
from tests.jobs.january import JANUARY
from tests.jobs.pricing_world import World

Output = pytest.CaptureFixture[str]
WHY = ("--by", "Ada L", "--reason", "usage was lost")


def _decide(settings: Path, capsys: Output, *words: str) -> list[dict[str, Any]]:
    assert main(["--settings", str(settings), *words, "--json"], {}) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["decisions"]
    return found


def _refused(settings: Path, capsys: Output, *words: str) -> str:
    assert main(["--settings", str(settings), *words], {}) == 2
    output = capsys.readouterr()
    assert (output.out, output.err.count("\n")) == ("", 1)
    return output.err.strip()


def test_a_frozen_account_is_left_out_and_lifted(january: World, capsys: Output) -> None:
    """The rest is priced; the run says whose charges wait. Lifted, all is as it would have been."""
    (frozen,) = _decide(january.settings, capsys, "freeze", "--account", "A", *WHY)
    report = january.price()
    assert january.sums() == {name: each for name, each in JANUARY.items() if name[0] == "B"}
    assert report.frozen == (HeldAccount("A", 2),)
    before = january.snapshots()
    words = ["--settings", str(january.settings), "--workers", "1"]
    assert price_main(words, {}) == 0
    assert "frozen: 2 billing periods of 1 accounts wait: A (2)" in capsys.readouterr().out
    assert price_main([*words, "--dry-run", "--as-of", "now"], {}) == 0
    told = capsys.readouterr().out
    assert "frozen: 2 billing periods of 1 accounts wait: A (2)" in told
    assert "No line differs." in told
    assert january.snapshots() == before
    _decide(january.settings, capsys, "lift", "--freeze", frozen["freeze_id"], *WHY)
    report = january.price(at_us=3)
    assert january.sums() == JANUARY
    assert report.frozen == ()
    january.entries()
    # A dry run of a past one leaves out what that one did.
    first = january.runs()[0].run_id
    assert price_main([*words, "--dry-run", "--as-of", first, "--must-match"], {}) == 0
    assert "A (2)" in capsys.readouterr().out


def test_a_frozen_period_waits_alone(january: World, capsys: Output) -> None:
    """A's January is frozen, its February is not; of B, which has credit, both wait."""
    until = ("--period-until", "2013-02-01T00:00:00Z", "--meter", "flights")
    _decide(january.settings, capsys, "freeze", "--all-accounts", *until, *WHY)
    report = january.price()
    assert january.sums() == {name: JANUARY[name] for name in JANUARY if name[:2] == ("A", "02-01")}
    assert report.frozen == (HeldAccount("A", 1), HeldAccount("B", 2))


def test_decisions_are_listed(january: World, capsys: Output) -> None:
    """Those that stand, or all; with who and why."""
    assert _decide(january.settings, capsys, "list") == []
    (frozen,) = _decide(january.settings, capsys, "freeze", "--account", "A", *WHY)
    assert _decide(january.settings, capsys, "list") == [frozen]
    assert main(["--settings", str(january.settings), "list"], {}) == 0
    told = capsys.readouterr().out
    assert "freeze by Ada L at" in told
    assert "periods of accounts A" in told
    line = _refused(january.settings, capsys, "freeze", "--account", "A", *WHY)
    assert line.startswith(f"freeze: expected none of the same scope, found {frozen['freeze_id']}")
    (lifted,) = _decide(january.settings, capsys, "lift", "--freeze", frozen["freeze_id"], *WHY)
    assert _decide(january.settings, capsys, "list") == []
    assert _decide(january.settings, capsys, "list", "--all") == [frozen, lifted]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("freeze", *WHY), "missing option, command line: expected --account or --all-accounts"),
        (("freeze", "--account", "A", "--by", "x"), "missing option, command line: expected --re"),
        (("lift", "--freeze", "x", *WHY), "freeze: expected a freeze x, found none"),
        (("freeze", "--account", "A", "--period-from", "1", *WHY), "bad value, --period-from: ex"),
    ],
)
def test_a_mistake_is_one_line(
    january: World, capsys: Output, words: tuple[str, ...], line: str
) -> None:
    """What, where, expected and found."""
    assert _refused(january.settings, capsys, *words).startswith(line)


@pytest.mark.slow
def test_two_at_once_freeze_once(
    january: World, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have read that nothing stands; the second reads again, and is told of the first."""
    both_have_read = Barrier(2, timeout=60)
    read, firsts = FreezeStore.decisions, iter(range(2))

    def read_together(store: FreezeStore) -> tuple[FreezeDecision, ...]:
        found = read(store)
        if next(firsts, None) is not None:
            both_have_read.wait()
        return found

    monkeypatch.setattr(FreezeStore, "decisions", read_together)
    words = ["--settings", str(january.settings), "freeze", "--account", "A", *WHY]
    codes: list[int] = []
    threads = [Thread(target=lambda: codes.append(main(words, {}))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [0, 2]
    assert "expected none of the same scope" in capsys.readouterr().err
    assert len(_decide(january.settings, capsys, "list", "--all")) == 1


def test_nothing_frozen_is_invoiced(tmp_path: Path, capsys: Output) -> None:
    """No draft is made, and none that stands is approved or issued, until it is lifted."""
    tables = charged_tables(tmp_path, january_charges())
    settings = tmp_path / "settings.yaml"
    (frozen,) = _decide(settings, capsys, "freeze", "--account", "AA", *WHY)
    done = change(tmp_path, tables, "run")
    assert done.frozen == ("AA",)
    assert numbers(done.issued) == [("B6", "INV-2013-000001", "issued")]
    _decide(settings, capsys, "lift", "--freeze", frozen["freeze_id"], *WHY)
    change(tmp_path, tables, "draft")
    (again,) = _decide(settings, capsys, "freeze", "--account", "AA", *WHY)
    for command in ("approve", "issue", "run"):
        assert change(tmp_path, tables, command).frozen == ("AA",)
        assert ("AA", "", "draft") in standing(tables)
    assert change(tmp_path, tables, "void", "--number", _draft_id(tables), "--reason", "x").voided
    _decide(settings, capsys, "lift", "--freeze", again["freeze_id"], *WHY)
    assert numbers(change(tmp_path, tables, "run").issued) == [("AA", "INV-2013-000002", "issued")]


def _draft_id(tables: Any) -> str:
    (draft,) = (each for each in read_invoices(tables) if each.terms.account_id == "AA")
    return draft.invoice_id
