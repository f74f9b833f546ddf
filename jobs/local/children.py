"""Child processes that never outlive the program that started them, even when it is killed -9."""

import atexit
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from jobs.local import guard
from jobs.local.waiting import wait_until

_STOP_SECONDS = 30
_LOG_LINES = 15


class ChildError(Exception):
    """A child process ended unasked; the text names it and ends with its last log lines."""


class Child:
    """One running process, leader of its own process group, with its output in a file.

    Its descendants (such as the Python workers of a TaskManager) stay in its group and end with it.

    Attributes:
        name: how messages call it.
        pid: process id, and id of its group.
        log_path: file with its standard output and error, appended to.
    """

    __slots__ = ("_process", "log_path", "name", "pid")

    def __init__(
        self, name: str, command: Sequence[str], env: Mapping[str, str], log_path: Path
    ) -> None:
        """Start `command` with exactly the environment `env`."""
        self.name = name
        self.log_path = log_path
        log_path.parent.mkdir(parents=True, exist_ok=True)
        with log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._process.pid
        _tell_guard(f"+{self.pid}")

    def alive(self) -> bool:
        """Tell whether the process still runs."""
        if self._process.returncode is not None:
            return False
        # Looks without reaping: until `kill` reaps, nobody else can be given the group's id.
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, options) is None

    def check(self) -> None:
        """Raise ChildError if the process has ended."""
        if not self.alive():
            raise ChildError(f"{self.name} ended, log {self.log_path}:\n{self.log_tail()}")

    def log_tail(self) -> str:
        """Return the last lines of the log."""
        lines = self.log_path.read_text(errors="replace").splitlines()
        return "\n".join(lines[-_LOG_LINES:])

    def kill(self) -> None:
        """Kill the process and its descendants at once (SIGKILL). Does nothing the second time."""
        if self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        _tell_guard(f"-{self.pid}")

    def stop(self) -> None:
        """Ask the process to end, wait for it, and kill what is left of its group."""
        if self.alive():
            os.kill(self.pid, signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                wait_until(lambda: not self.alive(), f"end of {self.name}", _STOP_SECONDS)
        self.kill()


_guard: subprocess.Popen[str] | None = None


def _tell_guard(line: str) -> None:
    global _guard  # noqa: PLW0603  one guard for the whole program, started with its first child
    if _guard is None:
        # -I -S: starts fast and imports nothing of ours. Own session: Ctrl-C must not reach it.
        _guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        # Its input ends, so it kills what is left, and ends.
        atexit.register(_guard.communicate)
    assert _guard.stdin is not None
    _guard.stdin.write(f"{line}\n")
    _guard.stdin.flush()
