"""What the manifests tell a program is what the program takes."""

import importlib
import inspect
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any, NoReturn

import pytest

from tests.k8s.manifests import OVERLAYS, named, program_pods

ALL = [(overlay, pod) for overlay in OVERLAYS for pod in program_pods(overlay)]


class _Parsed(Exception):
    """The program has read its command line; nothing else of it runs."""

    def __init__(self, options: Namespace) -> None:
        super().__init__("parsed")
        self.options = options


def parse(module: str, arguments: Sequence[str]) -> Namespace:
    """Return what a program reads from its command line, by its own parser.

    `main` of every program reads the command line first: it is stopped behind that.

    Raises:
        SystemExit: The program refuses the arguments.
    """
    original = ArgumentParser.parse_args

    def stop(parser: ArgumentParser, *given: Any) -> NoReturn:
        raise _Parsed(original(parser, *given))

    program = importlib.import_module(module)
    # What else `main` takes, clocks and the environment, is not looked at before.
    others = [None] * (len(inspect.signature(program.main).parameters) - 1)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ArgumentParser, "parse_args", stop)
        with pytest.raises(_Parsed) as stopped:
            program.main(arguments, *others)
    return stopped.value.options


@pytest.mark.parametrize(
    ("overlay", "owner", "arguments"),
    [(overlay, pod.owner, pod.container["args"]) for overlay, pod in ALL],
    ids=[f"{overlay}-{pod.owner}" for overlay, pod in ALL],
)
def test_programs_take_their_arguments(overlay: str, owner: str, arguments: list[str]) -> None:
    """Jobs, cron jobs and deployments start a module of ours with options that it has."""
    flag, module, *options = arguments
    assert flag == "-m", f"{overlay} {owner}"
    assert module.startswith("jobs.")
    parsed = parse(module, options)
    assert str(parsed.settings) == "/etc/meterclose/settings.yaml"


def test_a_wrong_argument_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    """The parsers that are asked are the programs' own."""
    with pytest.raises(SystemExit):
        parse("jobs.check_commits", ["--settings", "x", "--max-age", "many"])
    assert "--max-age" in capsys.readouterr().err


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_job_takes_its_arguments(overlay: str) -> None:
    """Flink's arguments stand before the module, the program's own behind it."""
    job = named(overlay, "FlinkDeployment", "meterclose")["spec"]["job"]
    place = job["args"].index("-pym")
    python = "/opt/meterclose/venv/bin/python"
    assert job["args"][:place] == ["-pyclientexec", python, "-pyexec", python]
    module, *options = job["args"][place + 1 :]
    assert module == "jobs.meter_usage"
    assert parse(module, options).adopt_tables is False


def test_work_fits_the_container() -> None:
    """What an argument says of processes and memory is in what the container has."""
    pods = {pod.owner: pod.container for pod in program_pods("prod")}
    pricing, reconciling = pods["CronJob price-usage"], pods["CronJob reconcile-usage"]
    workers = pricing["args"][pricing["args"].index("--workers") + 1]
    assert workers == pricing["resources"]["limits"]["cpu"]
    memory_mb = int(reconciling["args"][reconciling["args"].index("--memory-mb") + 1])
    assert memory_mb / 1024 <= int(reconciling["resources"]["limits"]["memory"][:-2]) - 2
