"""Every command that a document tells the reader to type: it exists, with the options given."""

import importlib.util
import re
import runpy
import shlex
import subprocess
import sys
import warnings
from contextlib import redirect_stdout
from functools import cache
from io import StringIO

import pytest

from jobs.local import flink_cluster
from tests.documents.reading import NOT_RUN, ROOT, command_lines, documents

PYTHONS = ("python", ".venv/bin/python")
# Programs of others: no test knows their options, so a command of theirs has to say so.
FOREIGN = ("flink", "kubectl", "curl", "psql", "kafka-configs.sh", "kafka-get-offsets.sh")
ALL = [(document, line) for document in documents() for line in command_lines(document)]


@cache
def _help_of(module: str, *words: str) -> str:
    """Return what a program says of itself; within this process, as starting one takes seconds."""
    told = StringIO()
    with pytest.MonkeyPatch.context() as patched, warnings.catch_warnings():
        patched.setattr(sys, "argv", [module, *words, "--help"])
        warnings.simplefilter("ignore", RuntimeWarning)  # it may have been imported before
        with redirect_stdout(told), pytest.raises(SystemExit) as ended:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    assert ended.value.code == 0, module
    return told.getvalue()


def _check_program(module: str, arguments: list[str]) -> None:
    assert importlib.util.find_spec(module) is not None, module
    told = _help_of(module)
    parts = re.search(r"\{([\w,]+)\} \.\.\.", told)
    for part in sorted(set(parts[1].split(",")) & set(arguments)) if parts else ():
        told += _help_of(module, "--settings", "none", part)
    for option in (word for word in arguments if word.startswith("-")):
        assert re.search(rf"(?<![\w-]){option}(?![\w-])", told), option
    for word in arguments:
        if word.startswith(("config/", "jobs/")):
            assert (ROOT / word).exists(), word


@pytest.mark.parametrize(("document", "line"), ALL, ids=lambda value: value[:60])
def test_commands_exist(document: str, line: str) -> None:
    """A make target, a program of ours, `flink run` as the demo does it, or marked as not run."""
    words = shlex.split(line, comments=True)
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
        case [program, *_] if program in FOREIGN:
            assert NOT_RUN in line, line
        case _:
            pytest.fail(f"{document}: nobody checks {words}")


def test_make_lists_its_targets() -> None:
    """`make help` runs, and names what the README says to type."""
    told = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"demo", "test", "check"} <= set(re.findall(r"^make (\w+)", told.stdout, re.MULTILINE))
