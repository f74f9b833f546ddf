"""What this machine has, held against the lock; and machines that have something else."""

import platform
import re
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jobs.diagnosing import checking_machine as checking
from jobs.diagnosing.checking_machine import (
    JAVAS,
    PYTHON,
    check_flink,
    check_jars,
    check_java,
    check_packages,
    check_pyiceberg,
    check_python,
    locked_versions,
)
from jobs.diagnosing.deployment import Deployment, UnmetError
from jobs.flink import class_path
from jobs.flink.class_path import MissingJarError
from jobs.local.places import ROOT
from jobs.settings import CatalogSettings
from schemas.finding import Finding, Verdict
from tests.jobs.diagnosing.examined import examined, only

Patch = pytest.MonkeyPatch


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: Patch) -> Callable[[str], Deployment]:
    """Puts another lock beside the code."""

    def put(text: str) -> Deployment:
        monkeypatch.setattr(checking, "ROOT", tmp_path)
        (tmp_path / "requirements.lock").write_text(text)
        return examined(tmp_path)

    return put


def test_this_machine_is_as_locked(tmp_path: Path) -> None:
    """Python, Flink, PyIceberg and all packages: the tests run with what is locked."""
    deployment = examined(tmp_path)
    for check in (check_python, check_flink, check_pyiceberg, check_packages):
        assert only(check(deployment)).verdict is Verdict.OK
    assert only(check_flink(deployment)).found == locked_versions()["apache-flink"]


def test_what_is_expected_is_what_setup_installs() -> None:
    """Python's version is that of setup.py, Java's are those of setup/java.sh."""
    assert f'python_requires="=={PYTHON[0]}.{PYTHON[1]}.*"' in (ROOT / "setup.py").read_text()
    assert f"{' | '.join(JAVAS)})" in (ROOT / "setup" / "java.sh").read_text()
    assert len(locked_versions()) == len(
        re.findall(r"^\S+==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    )


def test_another_python(tmp_path: Path, monkeypatch: Patch) -> None:
    """It is named with the one that is expected."""
    monkeypatch.setattr(sys, "version_info", (3, 12, 1))
    monkeypatch.setattr(platform, "python_version", lambda: "3.12.1")
    wanted = Finding(Verdict.FAILED, "3.12.1", "3.11.*", "run it with Python 3.11")
    assert only(check_python(examined(tmp_path))) == wanted


def test_other_versions_than_locked(lock: Callable[[str], Deployment]) -> None:
    """Of Flink and PyIceberg a failure, of other packages a warning; tests' may be missing."""
    deployment = lock(
        "apache-flink==1.0 \\\n    --hash=sha256:0\npyiceberg==0.1\nmsgspec==0.1\nno-such==1.0\n"
    )
    flink, iceberg = only(check_flink(deployment)), only(check_pyiceberg(deployment))
    assert (flink.verdict, flink.expected) == (Verdict.FAILED, "1.0")
    assert (iceberg.verdict, iceberg.expected) == (Verdict.FAILED, "0.1")
    others = only(check_packages(deployment))
    assert (others.verdict, others.expected) == (Verdict.WARNING, "msgspec 0.1")
    assert others.found.endswith("; not installed: no-such")
    assert "make setup" in others.remedy


def test_a_machine_without_flink(tmp_path: Path, monkeypatch: Patch) -> None:
    """One that only prices has none: what is about Flink is left out, PyIceberg is not."""
    monkeypatch.setattr(checking, "_installed", lambda name: None)
    monkeypatch.setattr(checking, "find_spec", lambda name: None)
    deployment = examined(tmp_path, environ={"PATH": str(tmp_path)})
    for check in (check_flink, check_java, check_jars):
        with pytest.raises(UnmetError, match="no job is submitted from this machine"):
            only(check(deployment))
    assert only(check_pyiceberg(deployment)).found == "not installed"


def test_no_lock(tmp_path: Path, monkeypatch: Patch) -> None:
    """Without the lock nothing is said of packages."""
    monkeypatch.setattr(checking, "ROOT", tmp_path)
    with pytest.raises(UnmetError, match=r"requirements\.lock is not beside the code"):
        only(check_packages(examined(tmp_path)))


def _write_java(folder: Path, version: str) -> Path:
    java = folder / "home" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(
        "#!/bin/sh\n"
        f"echo '    java.specification.version = {version}' >&2\n"
        f"echo '    java.version = {version}.0.1' >&2\n"
    )
    java.chmod(java.stat().st_mode | stat.S_IXUSR)
    return java


@pytest.mark.parametrize(("version", "verdict"), [("17", Verdict.OK), ("8", Verdict.FAILED)])
def test_javas(version: str, verdict: Verdict, tmp_path: Path) -> None:
    """One that Flink runs on, and one that it does not; by JAVA_HOME and by PATH."""
    java = _write_java(tmp_path, version)
    for environ in ({"JAVA_HOME": str(tmp_path / "home")}, {"PATH": str(java.parent)}):
        finding = only(check_java(examined(tmp_path, environ=environ)))
        assert (finding.verdict, finding.found) == (verdict, f"{version}.0.1 ({java})")
        assert bool(finding.remedy) == (verdict is Verdict.FAILED)


def test_no_java(tmp_path: Path) -> None:
    """A wrong JAVA_HOME is not made good by another Java; jars are not looked for then."""
    _write_java(tmp_path, "17")
    environ = {"JAVA_HOME": "/no/such", "PATH": str(tmp_path / "home" / "bin")}
    deployment = examined(tmp_path, environ=environ)
    assert only(check_java(deployment)).found == "no java"
    with pytest.raises(UnmetError, match="no java"):
        only(check_jars(deployment))


@pytest.mark.parametrize("home", ["", "/opt/flink"])
def test_jars(home: str, tmp_path: Path, monkeypatch: Patch) -> None:
    """All are there, or each that is missing is a finding; and whose class path it was."""
    java = _write_java(tmp_path, "17")
    environ = {"PATH": str(java.parent)} | ({"FLINK_HOME": home} if home else {})
    deployment = examined(tmp_path, environ=environ)
    missing: list[str] = []

    def find(_: CatalogSettings) -> Iterator[MissingJarError]:
        for jar in missing:
            yield MissingJarError(
                f"missing jar, class path: expected {jar}, found none; put it in lib"
            )

    monkeypatch.setattr(class_path, "find_missing_jars", find)
    good = only(check_jars(deployment))
    assert (good.verdict, (home or "the Flink in pyflink") in good.found) == (Verdict.OK, True)
    missing += ["one-jar", "other-jar"]
    found = list(check_jars(deployment))
    assert [each.expected for each in found] == missing
    assert {each.verdict for each in found} == {Verdict.FAILED}
    assert ("set FLINK_HOME" in found[0].remedy) == (not home)
    assert found[0].remedy.endswith("put it in lib")
