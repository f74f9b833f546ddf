"""Where things lie on this machine: what `make setup` made."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUN_DIR = ROOT / ".run"
FLINK_JARS = RUN_DIR / "jars"
BROKER_JARS = RUN_DIR / "broker-jars"
# Not resolved: the link inside the virtual environment is what makes its packages importable.
PYTHON = Path(sys.executable)


class SetupError(Exception):
    """Something that `make setup` provides is missing; the text is one line that says what."""


def java_home() -> Path:
    """Return the home of the Java to run: JAVA_HOME where it is set, else what set-up chose.

    Raises:
        SetupError: if there is no Java in it.
    """
    home = Path(os.environ.get("JAVA_HOME") or RUN_DIR / "java")
    if not (home / "bin" / "java").exists():
        raise SetupError(f"Java, {home}: expected bin/java, found none; run `make setup`")
    return home


def jars(folder: Path) -> tuple[Path, ...]:
    """Return the jars of a folder in name order.

    Raises:
        SetupError: if there are none.
    """
    found = tuple(sorted(folder.glob("*.jar")))
    if not found:
        raise SetupError(f"jars, {folder}: expected *.jar, found none; run `make setup`")
    return found
