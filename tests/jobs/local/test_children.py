"""Children end with the program that started them, in whatever way it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from jobs.local.children import Child, ChildError
from jobs.local.places import ROOT
from jobs.local.waiting import wait_until

pytestmark = pytest.mark.integration

# A child with a child of its own, which writes both ids to its log.
FAMILY = ["sh", "-c", "sleep 1000 & echo $$ $!; wait"]

PARENT = f"""
import os, sys, time
from pathlib import Path
from jobs.local.children import Child
Child("family", {FAMILY!r}, os.environ, Path(sys.argv[1]))
if sys.argv[2] == "stay":
    time.sleep(1000)
"""


def gone(pid: int) -> bool:
    """Tell whether a process has ended, reaped or not."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def family(log_path: Path) -> list[int]:
    """Return the ids of the child and its own child once the log has them."""

    def written() -> list[int]:
        return [int(word) for word in log_path.read_text().split()] if log_path.exists() else []

    return wait_until(written, "ids in the log", 30)


def wait_gone(pids: list[int]) -> None:
    """Wait until these processes have ended."""
    wait_until(lambda: all(gone(pid) for pid in pids), f"end of {pids}", 30)


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    """A child that has a child."""
    child = Child("family", FAMILY, os.environ, tmp_path / "log")
    yield child
    child.kill()


def run_parent(tmp_path: Path, conduct: str) -> subprocess.Popen[bytes]:
    """Start a program that starts a child and then ends or stays."""
    command = [sys.executable, "-c", PARENT, str(tmp_path / "log"), conduct]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)})


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_children_die_with_a_parent_that_is_killed(tmp_path: Path, number: signal.Signals) -> None:
    """The whole family is gone after its program was killed, even by SIGKILL."""
    with run_parent(tmp_path, "stay") as parent:
        pids = family(tmp_path / "log")
        assert not any(gone(pid) for pid in pids)
        parent.send_signal(number)
    wait_gone(pids)


def test_children_die_with_a_parent_that_ends(tmp_path: Path) -> None:
    """A program that just ends leaves nothing running."""
    with run_parent(tmp_path, "end") as parent:
        assert parent.wait() == 0
    wait_until((tmp_path / "log").exists, "log", 30)
    wait_gone([int(word) for word in (tmp_path / "log").read_text().split()])


def test_kill_reaches_grandchildren(child: Child) -> None:
    """A killed child takes its own children with it."""
    pids = family(child.log_path)
    child.kill()
    assert not child.alive()
    wait_gone(pids)


def test_stop_lets_the_child_end_by_itself(tmp_path: Path) -> None:
    """A stopped child may still do its last work."""
    script = "trap 'echo last; exit' TERM; echo first; while :; do sleep 0.05; done"
    child = Child("tidy", ["sh", "-c", script], os.environ, tmp_path / "log")
    wait_until(lambda: child.log_tail() == "first", "first line", 30)
    child.stop()
    assert child.log_tail() == "first\nlast"
    assert not child.alive()


def test_check_tells_why_a_child_ended(tmp_path: Path) -> None:
    """The error names the child and ends with its last log lines."""
    command = ["sh", "-c", "echo no such disk >&2; exit 3"]
    child = Child("store", command, os.environ, tmp_path / "log")
    wait_until(lambda: not child.alive(), "end", 30)
    with pytest.raises(ChildError, match=r"(?s)^store ended.*\nno such disk$"):
        child.check()
    child.kill()
