"""The program: what it prints, writes and keeps of the small live world, and how it ends."""

from __future__ import annotations

import json
import threading
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from iceberg.service_store import read_levels
from jobs.describe_metrics import CATALOGUE
from jobs.measure_service import main
from schemas.instant import SECOND_US, to_us
from schemas.service_levels import LEVELS
from tests.jobs.metered_tables import write_settings
from tests.jobs.service_levels.exposed import read_exposed
from tests.jobs.service_world import make_live_world, open_world, second

Output = pytest.CaptureFixture[str]
NOW_US = to_us(second(86_400))


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings of the small live world; tests only add runs."""
    return make_live_world(tmp_path_factory.mktemp("live"))


def _run(settings: Path, *words: str, now_us: int = NOW_US) -> int:
    return main(["--settings", str(settings), *words], {}, lambda: now_us)


def _levels(settings: Path, capsys: Output, *words: str) -> dict[str, dict[str, Any]]:
    """Return the levels that are printed, without parts."""
    assert _run(settings, "--json", *words) == 0
    shown = json.loads(capsys.readouterr().out)
    return {each["level"]: each for each in shown["levels"] if not each["part"]}


def test_the_small_world_by_hand(live: Path, capsys: Output) -> None:
    """Exact numbers; one of eleven events is a repeat, and one of twelve records was refused."""
    levels = _levels(live, capsys)
    found = {
        name: (levels[name]["numerator"], levels[name]["denominator"], levels[name]["verdict"])
        for name in (
            "ingestion_delay_p50",
            "ingestion_delay_p95",
            "completeness",
            "duplicate_rate",
            "conflict_rate",
            "reject_rate",
            "late_rate",
        )
    }
    assert found == {
        "ingestion_delay_p50": (5 * SECOND_US, SECOND_US, "no_target"),
        "ingestion_delay_p95": (120 * SECOND_US, SECOND_US, "missed"),
        "completeness": (10, 10, "met"),
        "duplicate_rate": (1, 11, "missed"),
        "conflict_rate": (1, 11, "no_target"),
        "reject_rate": (1, 12, "no_target"),
        "late_rate": (0, 10, "no_target"),
    }
    assert levels["pricing_error"]["reason"] == "never_reconciled"
    assert levels["commit_age"]["unit"] == "seconds"


def test_a_window_is_told_and_kept_to(live: Path, capsys: Output) -> None:
    """Received from the fourth second on, before the seventh; nothing in it misses a target."""
    since, until = "2026-11-01T00:00:03+00:00", "2026-11-01T01:00:06+01:00"
    levels = _levels(live, capsys, "--from", since, "--until", until, "--must-meet")
    assert levels["duplicate_rate"]["denominator"] == 3
    assert levels["completeness"]["verdict"] == "not_measured"


def test_each_run_is_kept_once_with_its_parts(live: Path, capsys: Output) -> None:
    """Every level of the list, the newest run last; the same run again is taken once."""
    last_us = NOW_US + 5
    for _ in range(2):
        assert _run(live, now_us=last_us) == 0
    kept = read_levels(open_world(live), "billing")
    of_run = [each for each in kept if each.measured_at_us == last_us]
    assert [each.level for each in of_run if each.part == "{}"] == [each.name for each in LEVELS]
    assert len({each.row_id for each in of_run}) == len(of_run)
    assert kept[-1] == of_run[-1]
    assert '{"partition":"0"}' in {each.part for each in of_run}
    shown = capsys.readouterr().out
    assert "Targets: 2 met, 3 missed" in shown
    assert max(map(len, shown.splitlines())) <= 100


def test_files_are_written_at_once(live: Path, tmp_path: Path) -> None:
    """What was there is replaced, nothing else is left; 1 is that a target had to be met."""
    page, metrics = tmp_path / "levels.html", tmp_path / "levels.prom"
    metrics.write_text("old")
    words = ["--html", str(page), "--prometheus", str(metrics), "--must-meet"]
    assert _run(live, *words) == 1
    families = read_exposed(metrics.read_text())
    assert families["meterclose_service_completeness_ratio"].samples == {(): "1"}
    assert "Ingestion delay of the events that counted" in page.read_text()
    assert sorted(tmp_path.iterdir()) == [page, metrics]


def test_the_catalogue_has_every_metric(live: Path, tmp_path: Path) -> None:
    """Levels, their parts and commits, with the labels that stand there."""
    metrics = tmp_path / "levels.prom"
    assert _run(live, "--prometheus", str(metrics)) == 0
    known = {each.name: set(each.labels) for each in CATALOGUE}
    families = read_exposed(metrics.read_text())
    assert "meterclose_commit_age_seconds" in families
    for name, family in families.items():
        for labels in family.samples:
            assert {label for label, _ in labels} == known[name]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--from", "yesterday"], "bad option, --from: expected a day of UTC or an instant"),
        (["--until", "2026-11-01T00:00:00"], "bad option, --until: expected a day of UTC or"),
        (["--from", "2026-12-01"], "bad option, --from: expected an instant before the window's"),
        (["--serve", "0", "--json"], "bad option, --serve: expected no --until, --json or"),
        (["--every", "0"], "bad option, --every: expected 1 or more seconds, found 0"),
        (["--html", "none/x.html"], "bad option, --html: expected a file in a folder that is"),
        (["--serve", "70000"], "bad option, --serve: expected an address and port that are free"),
    ],
)
def test_mistakes_are_one_line(
    live: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch, words: list[str], error: str
) -> None:
    """What, where, expected, found; exit code 2."""
    monkeypatch.chdir(live.parent)
    assert _run(live, *words) == 2
    told = capsys.readouterr()
    assert told.err.startswith(error)
    assert (told.err.count("\n"), told.out) == (1, "")


def test_without_tables_it_says_so(tmp_path: Path, capsys: Output) -> None:
    """Settings that are not there, and tables that are missing; exit code 2."""
    assert _run(tmp_path / "none.yaml") == 2
    assert _run(write_settings(tmp_path)) == 2
    assert capsys.readouterr().err.endswith("run python -m jobs.create_tables\n")


def test_it_serves_until_it_is_told_to_stop(live: Path, capsys: Output) -> None:
    """A measurement before it begins; metrics and page over HTTP; then an end with 0."""
    stopped, codes = threading.Event(), []
    words = ["--settings", str(live), "--serve", "0"]
    served = threading.Thread(
        target=lambda: codes.append(main(words, {}, lambda: NOW_US + 9, stopped))
    )
    served.start()
    told = ""
    while "\n" not in told:
        assert served.is_alive(), capsys.readouterr().err
        served.join(0.05)
        told += capsys.readouterr().out
    port = int(told.rsplit(":", 1)[1])
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/metrics")
    families = read_exposed(connection.getresponse().read().decode())
    connection.close()
    stopped.set()
    served.join()
    assert families["meterclose_service_completeness_ratio"].samples == {(): "1"}
    assert codes == [0]
