"""setup/jars.sh: jars are those of the lock or none; another, a missing or a new one is refused."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree

import pytest

from jobs.local.places import ROOT

POMS = sorted((ROOT / "jars").glob("*/pom.xml"))
MAVEN = """\
#!/bin/sh
for word in "$@"; do
    case "$word" in
        -DoutputDirectory=*) cp "$JARS"/*.jar "${word#*=}" ;;
        -DoutputFile=*) cp "$JARS/list" "${word#*=}" ;;
    esac
done
"""
LIST = """
The following files have been resolved:
   org.example:one:jar:1.0:compile -- module one (auto)
   org.example.deep:two:jar:linux-x86_64:2.0-1:runtime
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the script, a pom, and a Maven that copies what lies in `repository`."""
    for folder in ("setup", "jars/own", ".run", "bin", "repository"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(ROOT / "setup" / "jars.sh", tmp_path / "setup")
    (tmp_path / "jars/own/pom.xml").write_text("<project/>")
    (tmp_path / "bin" / "mvn").write_text(MAVEN)
    (tmp_path / "bin" / "mvn").chmod(0o755)
    (tmp_path / "repository" / "list").write_text(LIST)
    (tmp_path / "repository" / "one-1.0.jar").write_bytes(b"one")
    (tmp_path / "repository" / "two-2.0-1-linux-x86_64.jar").write_bytes(b"two")
    return tmp_path


def fetch(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the script."""
    environ = {"PATH": f"{project / 'bin'}:{os.environ['PATH']}", "JARS": f"{project}/repository"}
    return subprocess.run(
        ["setup/jars.sh", "jars/own/pom.xml", ".run/own", *options],
        cwd=project,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_lock_is_made_and_then_held_to(project: Path) -> None:
    """It names hash, coordinates and file of each jar; a second run has nothing to do."""
    assert fetch(project, "--renew").returncode == 0
    one, two = sha256(b"one").hexdigest(), sha256(b"two").hexdigest()
    assert (project / "jars/own/jars.lock").read_text() == (
        f"{two} org.example.deep:two:2.0-1 two-2.0-1-linux-x86_64.jar\n"
        f"{one} org.example:one:1.0 one-1.0.jar\n"
    )
    assert fetch(project).stdout == ""
    shutil.rmtree(project / ".run/own")
    assert fetch(project).returncode == 0
    assert {path.name for path in (project / ".run/own").iterdir()} == {
        "one-1.0.jar",
        "two-2.0-1-linux-x86_64.jar",
        "made-from",
    }


def _change(repository: Path) -> str:
    (repository / "one-1.0.jar").write_bytes(b"other")
    return "one-1.0.jar: FAILED"


def _add(repository: Path) -> str:
    (repository / "three-1.0.jar").write_bytes(b"three")
    return "< three-1.0.jar"


def _take_away(repository: Path) -> str:
    (repository / "one-1.0.jar").unlink()
    return "> one-1.0.jar"


@pytest.mark.parametrize("spoil", [_change, _add, _take_away])
def test_other_jars_are_refused(spoil: Callable[[Path], str], project: Path) -> None:
    """One line that names it, and no folder: neither a new one nor half a one."""
    assert fetch(project, "--renew").returncode == 0
    shutil.rmtree(project / ".run/own")
    found = spoil(project / "repository")
    done = fetch(project)
    assert done.returncode == 1
    assert done.stderr == (
        f"setup: .run/own: expected the jars of jars/own/jars.lock, found {found}; if the pom was"
        " changed: setup/jars.sh jars/own/pom.xml .run/own --renew\n"
    )
    assert list((project / ".run").iterdir()) == []


def test_without_a_lock_nothing_is_taken(project: Path) -> None:
    """Nobody has said which jars are right."""
    done = fetch(project)
    assert done.returncode == 1
    assert "expected the jars of jars/own/jars.lock" in done.stderr


@pytest.mark.parametrize("pom", POMS, ids=lambda pom: str(pom.parent.name))
def test_the_lock_is_that_of_the_pom(pom: Path) -> None:
    """Every jar that a pom asks for stands in its lock, in that version, each file once."""
    lines = (pom.parent / "jars.lock").read_text().splitlines()
    assert all(re.fullmatch(r"[0-9a-f]{64} \S+:\S+:\S+ \S+\.jar", line) for line in lines)
    files = [line.split()[2] for line in lines]
    assert len(files) == len(set(files))
    space = "{http://maven.apache.org/POM/4.0.0}"
    root = ElementTree.parse(pom).getroot()  # noqa: S314 - our own pom
    asked = root.findall(f"{space}dependencies/{space}dependency")
    assert asked
    for each in asked:
        names = ("groupId", "artifactId", "version")
        coordinates = ":".join(str(each.findtext(f"{space}{name}")) for name in names)
        assert any(line.split()[1] == coordinates for line in lines), coordinates
