"""Checks what this machine runs the programs with: Python, packages, Java, Flink's jars."""

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from jobs.diagnosing.deployment import Deployment, UnmetError
from jobs.diagnosing.lines import failed
from jobs.local.places import ROOT
from schemas.finding import Finding, Verdict

PYTHON = (3, 11)
# What Flink 2.1 runs on.
JAVAS = ("11", "17", "21")
_LOCKED = re.compile(r"^([\w.-]+)==([^\s;\\]+)", re.MULTILINE)
_FLINK, _PYICEBERG = "apache-flink", "pyiceberg"
_NO_FLINK = "apache-flink is not installed here: no job is submitted from this machine"
_SHOWN = 10
_SETUP = "install what requirements.lock says: make setup"


def check_python(_: Deployment) -> Iterator[Finding]:
    """The version that everything is locked for."""
    found, expected = platform.python_version(), ".".join(map(str, PYTHON))
    if sys.version_info[:2] == PYTHON:
        yield Finding(Verdict.OK, found)
    else:
        yield Finding(Verdict.FAILED, found, f"{expected}.*", f"run it with Python {expected}")


def check_flink(_: Deployment) -> Iterator[Finding]:
    """Flink's Python package, in the locked version."""
    if _installed(_FLINK) is None:
        raise UnmetError(_NO_FLINK)
    yield _compare(_FLINK)


def check_pyiceberg(_: Deployment) -> Iterator[Finding]:
    """PyIceberg, in the locked version."""
    yield _compare(_PYICEBERG)


def check_packages(_: Deployment) -> Iterator[Finding]:
    """All other locked packages that are installed; those of tests may be missing."""
    locked = locked_versions()
    found = {name: _installed(name) for name in locked if name not in (_FLINK, _PYICEBERG)}
    others = {name: is_ for name, is_ in found.items() if is_ not in (None, locked[name])}
    missing = [name for name, is_ in found.items() if is_ is None]
    left_out = f"; not installed: {_list(missing)}" if missing else ""
    if others:
        names = _list([f"{name} {is_}" for name, is_ in others.items()])
        expected = _list([f"{name} {locked[name]}" for name in others])
        yield Finding(Verdict.WARNING, f"{names}{left_out}", expected, _SETUP)
    else:
        yield Finding(Verdict.OK, f"{len(found) - len(missing)} as locked{left_out}")


def check_java(deployment: Deployment) -> Iterator[Finding]:
    """The Java that Flink's client starts: JAVA_HOME's, or that on PATH."""
    expected = f"Java {' or '.join(JAVAS)}"
    java = _find_java(deployment.environ)
    if java is None:
        if find_spec("pyflink") is None:
            raise UnmetError(_NO_FLINK)
        yield Finding(Verdict.FAILED, "no java", expected, "install a JDK 17, or set JAVA_HOME")
        return
    told = subprocess.run(
        [java, "-XshowSettings:properties", "-version"],
        capture_output=True,
        text=True,
        check=False,
    )
    properties = dict(re.findall(r"^ *([\w.]+) = (.*)$", told.stderr + told.stdout, re.MULTILINE))
    found = f"{properties.get('java.version', 'no version')} ({java})"
    if properties.get("java.specification.version") in JAVAS:
        yield Finding(Verdict.OK, found)
    else:
        remedy = "set JAVA_HOME to a Java that Flink 2.1 runs on"
        yield Finding(Verdict.FAILED, found, expected, remedy)


def check_jars(deployment: Deployment) -> Iterator[Finding]:
    """The class path of the Flink that submits the job, as the job itself checks it."""
    if find_spec("pyflink") is None:
        raise UnmetError(_NO_FLINK)
    if _find_java(deployment.environ) is None:
        raise UnmetError("no java")
    # It takes seconds to import, and starts a Java.
    from jobs.flink.class_path import find_missing_jars  # noqa: PLC0415

    names = ("FLINK_LIB_DIR", "FLINK_HOME")
    where = next(
        (f"{name}={value}" for name in names if (value := deployment.environ.get(name))), ""
    )
    faults = [failed(error) for error in find_missing_jars(deployment.settings.catalog)]
    if not faults:
        yield Finding(Verdict.OK, f"all that the job asks for ({where or 'the Flink in pyflink'})")
    for fault in faults:
        if where:
            yield fault
        else:
            remedy = "set FLINK_HOME to the Flink that submits the job; else " + fault.remedy
            yield Finding(fault.verdict, fault.found, fault.expected, remedy)


def locked_versions() -> dict[str, str]:
    """Return the version of each package in requirements.lock, by its name.

    Raises:
        UnmetError: It does not lie beside the code.
    """
    path = ROOT / "requirements.lock"
    if not path.exists():
        raise UnmetError("requirements.lock is not beside the code")
    return dict(_LOCKED.findall(path.read_text()))


def _compare(name: str) -> Finding:
    expected, found = locked_versions()[name], _installed(name)
    if found == expected:
        return Finding(Verdict.OK, found)
    return Finding(Verdict.FAILED, found or "not installed", expected, _SETUP)


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _find_java(environ: Mapping[str, str]) -> str | None:
    home = environ.get("JAVA_HOME")
    if home:
        java = Path(home) / "bin" / "java"
        return str(java) if java.exists() else None
    return shutil.which("java", path=environ.get("PATH"))


def _list(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"
