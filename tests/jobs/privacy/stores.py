"""Key stores for tests: a SQLite file, or a server of PostgreSQL where one is installed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jobs.local.ports import free_ports
from jobs.settings import PrivacySettings
from schemas.privacy import PrivacyRules

MASTER_KEY = "a master key of thirty-two bytes or more"


def sqlite_settings(folder: Path, master_key: str = MASTER_KEY) -> PrivacySettings:
    """Return the settings of a store in a folder."""
    return PrivacySettings(
        "intake", str(folder / "keys.db"), PrivacyRules({}), master_key=master_key
    )


@dataclass(frozen=True)
class Postgres:
    """A server that runs.

    Attributes:
        folder: Its files.
        address: Of its database.
    """

    folder: Path
    address: str

    def run(self, command: str) -> None:
        """Run a command of SQL."""
        subprocess.run(["psql", "-q", self.address, "-c", command], check=True)


def find_postgres() -> Path | None:
    """Return the folder of PostgreSQL's programs; None where it is not installed."""
    initdb = shutil.which("initdb")
    found = [Path(initdb).parent] if initdb else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return found[-1] if found else None


@contextmanager
def run_postgres(programs: Path, folder: Path) -> Iterator[Postgres]:
    """Run a server until the end."""
    # It refuses to run as root.
    as_other = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    prefix = as_other if os.getuid() == 0 else []
    if prefix:
        for each in (folder, *folder.parents[:2]):
            each.chmod(0o755)
        shutil.chown(folder, "postgres", "postgres")
    data, (port,) = folder / "data", free_ports(1)
    make = [str(programs / "initdb"), "--auth=trust", "--username=meterclose", "-D", str(data)]
    subprocess.run([*prefix, *make], check=True, stdout=subprocess.DEVNULL)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder}"
    control = [*prefix, str(programs / "pg_ctl"), "-D", str(data), "-w", "-s"]
    log = ["-l", str(folder / "log")]
    subprocess.run([*control, *log, "-o", options, "start"], check=True)
    try:
        yield Postgres(data, f"postgresql://meterclose@127.0.0.1:{port}/postgres")
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True)
