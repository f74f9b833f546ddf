"""The program that examines a deployment: what it prints, how it ends, and what it leaves."""

import json
from pathlib import Path

import pytest

from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from jobs.diagnosing import checking_machine
from jobs.diagnosing.diagnosing import CHECKS
from jobs.doctor import main
from jobs.local.ports import free_ports
from tests.iceberg.filling import LocalCatalog
from tests.jobs.metered_tables import write_settings

Output = pytest.CaptureFixture[str]
LOGIN = 'x.PlainLoginModule required username="me" password="hidden-1";'


@pytest.fixture
def without_broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Settings in a folder; an environment that names a port at which nobody listens."""
    write_settings(tmp_path)
    monkeypatch.setattr("jobs.kafka_clients._ANSWER_MS", 500)
    # A Java for the class path would outlive the test.
    monkeypatch.setattr(checking_machine, "find_spec", lambda name: None)
    (port,) = free_ports(1)
    return {"METERCLOSE_KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{port}"}


def examine(folder: Path, environ: dict[str, str], *options: str) -> int:
    """Run the program; return its exit code."""
    arguments = ["--settings", str(folder / "settings.yaml"), *options]
    return main(arguments, environ, lambda: 0, "probe")


def test_no_broker_hides_nothing_else(
    tmp_path: Path, without_broker: dict[str, str], capsys: Output
) -> None:
    """The tables are looked at all the same; every check tells something, in its place."""
    make_tables(open_catalog(LocalCatalog(tmp_path)), "billing")
    assert examine(tmp_path, without_broker, "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert set(told[0]) == {"check", "verdict", "found", "expected", "remedy"}
    assert list(dict.fromkeys(each["check"] for each in told)) == list(CHECKS)
    verdicts = {each["check"]: each["verdict"] for each in told}
    assert [name for name, verdict in verdicts.items() if verdict == "failed"] == ["broker"]
    assert verdicts["tables"] == verdicts["warehouse"] == "ok"
    assert verdicts["topics"] == verdicts["clock"] == "skipped"


def test_nothing_is_left_behind(tmp_path: Path, without_broker: dict[str, str]) -> None:
    """No catalog, no folder: what is not there is not made by looking."""
    before = sorted(tmp_path.rglob("*"))
    assert examine(tmp_path, without_broker) == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_the_table(tmp_path: Path, without_broker: dict[str, str], capsys: Output) -> None:
    """A row for each finding with what to do, in a hundred columns, and the sums."""
    examine(tmp_path, without_broker)
    told = capsys.readouterr().out
    assert max(map(len, told.splitlines())) <= 100
    assert "python -m jobs.create_tables" in told
    (catalog,) = [line for line in told.splitlines() if line.startswith("  catalog ")]
    assert " failed " in catalog
    assert told.splitlines()[-1].count(",") == 3
    assert " 2 failed, " in told.splitlines()[-1]


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_no_secret_is_printed(
    form: list[str], tmp_path: Path, without_broker: dict[str, str], capsys: Output
) -> None:
    """Whether the login is good or not, and wherever a password stands."""
    environ = without_broker | {
        "METERCLOSE_KAFKA_PROPERTY_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "METERCLOSE_KAFKA_PROPERTY_SASL_MECHANISM": "PLAIN",
        "METERCLOSE_KAFKA_PROPERTY_SASL_JAAS_CONFIG": LOGIN,
        "METERCLOSE_CATALOG_TYPE": "jdbc",
        "METERCLOSE_CATALOG_URI": f"jdbc:postgresql://me:hidden-2@127.0.0.1:{free_ports(1)[0]}/db",
        "METERCLOSE_CATALOG_PROPERTY_JDBC_PASSWORD": "hidden-3",
    }
    assert examine(tmp_path, environ, *form) == 1
    bad_login = {"METERCLOSE_KAFKA_PROPERTY_SASL_JAAS_CONFIG": "password=hidden-4"}
    assert examine(tmp_path, environ | bad_login, *form) == 1
    bad_uri = {"METERCLOSE_CATALOG_URI": "postgresql://me:hidden-5@host/db"}
    assert examine(tmp_path, environ | bad_uri, *form) == 1
    printed = capsys.readouterr()
    assert "hidden" not in printed.out + printed.err


def test_bad_usage_is_2(capsys: Output) -> None:
    """Without settings there is nothing to examine."""
    with pytest.raises(SystemExit) as ended:
        main([], {}, lambda: 0, "probe")
    assert ended.value.code == 2
    assert "--settings" in capsys.readouterr().err
