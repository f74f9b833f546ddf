"""What set-up provides is found, or one line says that it is missing."""

from pathlib import Path

import pytest

from jobs.local.places import SetupError, jars, java_home


def test_missing_jars_are_named(tmp_path: Path) -> None:
    """The error says where jars were expected and what to do."""
    with pytest.raises(SetupError, match=rf"^jars, {tmp_path}: .*; run `make setup`$"):
        jars(tmp_path)


def test_java_home_of_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """JAVA_HOME is taken where it is set."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").touch()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert java_home() == tmp_path


def test_java_home_without_java_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A JAVA_HOME without Java is an error, not a reason to take another."""
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(SetupError, match=rf"^Java, {tmp_path}: "):
        java_home()
