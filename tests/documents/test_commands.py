"""Every command that a document tells the reader to type: it exists, with the options given."""

import importlib.util
import re
import runpy
import subprocess
import sys
import warnings
from contextlib import redirect_stdout
from functools import cache
from io import StringIO

import pytest

from jobs.local import flink_cluster
from tests.documents.reading import ROOT, commands, documents

PYTHONS = ("python", ".venv/bin/python")
ALL = [(document, words) for document in documents() for words in commands(document)]


@cache
def _help_of(module: str) -> str:
    """Return what a program says of itself; within this process, as starting one takes seconds."""
    told = StringIO()
    with pytest.MonkeyPatch.context() as patched, warnings.catch_warnings():
        patched.setattr(sys, "argv", [module, "--help"])
        warnings.simplefilter("ignore", RuntimeWarning)  # it may have been imported before
        with redirect_stdout(told), pytest.raises(SystemExit) as ended:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    assert ended.value.code == 0, module
    return told.getvalue()


def _check_program(module: str, arguments: list[str]) -> None:
    assert importlib.util.find_spec(module) is not None, module
    for option in (word for word in arguments if word.startswith("-")):
        assert re.search(rf"(?<![\w-]){option}(?![\w-])", _help_of(module)), option
    for word in arguments:
        if word.startswith(("config/", "jobs/")):
            assert (ROOT / word).exists(), word


@pytest.mark.parametrize(("document", "words"), ALL, ids=lambda value: " ".join(value)[:60])
def test_commands_exist(document: str, words: list[str]) -> None:
    """A make target, a program of ours with its options, or `flink run` as the demo does it."""
    if ">" in words:
        words = words[: words.index(">")]
    match words:
        case ["make", target]:
            assert re.search(rf"^{target}:.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
        case [python, "-m", "pytest", *_] if python in PYTHONS:
            pass
        case [python, "-m", module, *arguments] if python in PYTHONS:
            assert module.startswith(("jobs.", "tests."))
            _check_program(module, arguments)
        case ["flink", "run", *rest]:
            module = rest[rest.index("-pym") + 1]
            ours, flinks = rest[rest.index(module) + 1 :], rest[: rest.index(module)]
            source = (ROOT / "jobs/local/flink_cluster.py").read_text()
            assert flink_cluster.FlinkCluster.submit.__module__ == "jobs.local.flink_cluster"
            assert all(f'"{word}"' in source for word in flinks if word.startswith("-"))
            _check_program(module, ours)
        case _:
            pytest.fail(f"{document}: nobody checks {words}")


def test_make_lists_its_targets() -> None:
    """`make help` runs, and names what the README says to type."""
    told = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"demo", "test", "check"} <= set(re.findall(r"^make (\w+)", told.stdout, re.MULTILINE))
