"""A program that runs a job in its own process finds Flink with our jars."""

from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.local.mini_cluster import CHOSEN, WORKERS, provide_flink
from jobs.local.places import FLINK_JARS, java_home


@pytest.mark.parametrize("name", CHOSEN)
def test_a_chosen_flink_stays(name: str) -> None:
    """Such as that of `flink run`."""
    environ = {name: "there"}
    provide_flink(environ)
    assert environ == {name: "there"}


def test_flink_is_provided(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jars, Java, workers of their own; nothing is logged to the terminal, and no folder stays."""
    at_exit: list[Callable[[], object]] = []

    def register(call: Callable[..., object], *arguments: object, **options: object) -> None:
        at_exit.append(lambda: call(*arguments, **options))

    monkeypatch.setattr("atexit.register", register)
    monkeypatch.delenv(WORKERS, raising=False)
    environ: dict[str, str] = {}
    provide_flink(environ)
    assert environ["JAVA_HOME"] == str(java_home())
    assert environ[WORKERS] == "process"
    lib, conf = Path(environ["FLINK_LIB_DIR"]), Path(environ["FLINK_CONF_DIR"])
    assert {jar.name for jar in FLINK_JARS.glob("*.jar")} <= {each.name for each in lib.iterdir()}
    assert "appenderRef.console" not in (conf / "log4j-cli.properties").read_text()
    (leave,) = at_exit
    leave()
    assert not lib.exists()
    assert not conf.parent.exists()
