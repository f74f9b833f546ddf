"""The demo's program around its run: what it refuses, and how it tells that something broke."""

from collections.abc import Callable
from pathlib import Path
from typing import Never

import pytest

from jobs.demo import __main__ as demo
from jobs.local.flink_rest import FlinkError

Output = pytest.CaptureFixture[str]


def _main(folder: Path, **environ: str) -> int:
    return demo.main([], environ, lambda: 0, folder)


def _raise(error: BaseException) -> Callable[..., Never]:
    def run(*arguments: object) -> Never:
        raise error

    return run


@pytest.mark.parametrize("variable", ["METERCLOSE_CATALOG_URI", "METERCLOSE_KAFKA_USAGE_TOPIC"])
def test_somebodys_own_places_are_refused(variable: str, tmp_path: Path, capsys: Output) -> None:
    """Variables meant for the real job must not send the demo's rows there."""
    assert _main(tmp_path / "demo", **{variable: "secret"}) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert variable in told[0]
    assert "secret" not in told[0]


def test_two_demos_at_a_time_are_refused(tmp_path: Path, capsys: Output) -> None:
    """The second one ends before it deletes anything."""
    kept = tmp_path / "demo" / "kafka"
    kept.mkdir(parents=True)
    with demo._alone(tmp_path / "demo"):
        assert _main(tmp_path / "demo") == 2
    assert "wait for its end" in capsys.readouterr().err
    assert kept.exists()


def test_a_failure_of_flink_is_told_in_one_line(
    tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Java's trace is left to the logs."""
    trace = "flink run, exit code 1:\n\tat a.b(C.java)\nCaused by: java.net.BindException: in use\n"
    monkeypatch.setattr(demo, "run_year", _raise(FlinkError(trace)))
    assert _main(tmp_path / "demo") == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == "demo, start: java.net.BindException: in use"
    assert str(tmp_path) in second


def test_a_refusal_of_the_job_is_told_as_it_is(
    tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the submitted program said is worth more than Java's words about its end."""
    said = "meter_usage: missing table, billing: expected raw_events, found none"
    trace = f"flink run, exit code 1:\n{said}\nCaused by: ProgramAbortException: exit code 2\n"
    monkeypatch.setattr(demo, "run_year", _raise(FlinkError(trace)))
    assert _main(tmp_path / "demo") == 1
    assert capsys.readouterr().err.splitlines()[0] == f"demo, start: {said}"


def test_an_interrupt_ends_it_quietly(
    tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C is no error with a traceback."""
    monkeypatch.setattr(demo, "run_year", _raise(KeyboardInterrupt()))
    assert _main(tmp_path / "demo") == 130
    assert capsys.readouterr().err == "demo: stopped while at: start; nothing is left running\n"
