"""The files of a deployment, each read as its program reads it: good, bad, and not given."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from jobs.diagnosing.checking_settings import (
    check_accounts,
    check_contracts,
    check_invoicing,
    check_meters,
    check_rate_cards,
    check_settings,
)
from jobs.diagnosing.deployment import Deployment, UnmetError
from jobs.local.places import ROOT
from schemas.finding import Finding, Verdict
from tests.iceberg.filling import LocalCatalog
from tests.jobs.diagnosing.examined import examined, only

CONFIG = ROOT / "config"
Check = Callable[[Deployment], Iterator[Finding]]
ASKED: list[tuple[Check, str, str]] = [
    (check_accounts, "accounts", "16 accounts"),
    (check_rate_cards, "rate_cards", "3 versions of rate cards"),
    (check_invoicing, "invoicing", "seller New York Airports Authority"),
]


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A folder with settings that name the demo's meters."""
    (tmp_path / "settings.yaml").write_text(
        "kafka: {bootstrap_servers: 'broker:9092'}\n"
        "catalog: {uri: catalog.db, warehouse: warehouse}\n"
        f"metering: {{meters_file: '{CONFIG / 'meters.yaml'}'}}\n"
        "flink: {checkpoint_dir: checkpoints}\n"
    )
    return tmp_path


def test_settings_and_meters_that_read_well(tmp_path: Path) -> None:
    """Both are said to be ok, with what they are."""
    deployment = examined(tmp_path)
    assert only(check_settings(deployment)) == Finding(Verdict.OK, str(tmp_path / "settings.yaml"))
    assert only(check_meters(deployment)).found.endswith("meters.yaml: 2 meters")


def test_settings_that_are_wrong(tmp_path: Path) -> None:
    """The finding takes the program's own line apart; what needs settings is left out."""
    (tmp_path / "settings.yaml").write_text("kafka: {bootstrap_server: b}\n")
    deployment = examined(tmp_path)
    finding = only(check_settings(deployment))
    assert finding.verdict is Verdict.FAILED
    assert finding.found.startswith("unknown setting, ")
    assert finding.found.endswith(" kafka: 'bootstrap_server'")
    assert finding.expected.startswith("one of bootstrap_servers, usage_topic")
    assert finding.remedy == "correct the file"
    with pytest.raises(UnmetError, match="the settings cannot be used"):
        only(check_meters(deployment))


def test_meters_that_are_wrong(tmp_path: Path) -> None:
    """What, where, expected and found."""
    deployment = examined(tmp_path)
    (tmp_path / "meters.yaml").write_text("meters: []\n")
    assert only(check_meters(deployment)).verdict is Verdict.FAILED


@pytest.mark.parametrize(("check", "name", "found"), ASKED, ids=[name for _, name, _ in ASKED])
def test_a_file_that_is_asked_for(check: Check, name: str, found: str, demo: Path) -> None:
    """The demo's file is good; an empty one is not; without any nothing is looked at."""
    good = only(check(examined(demo, files={name: CONFIG / f"{name}.yaml"})))
    assert (good.verdict, good.found.endswith(found)) == (Verdict.OK, True)
    empty = demo / "empty.yaml"
    empty.write_text("{}\n")
    bad = only(check(examined(demo, files={name: empty})))
    assert bad.verdict is Verdict.FAILED
    assert bad.expected
    assert bad.remedy == "correct the file"
    with pytest.raises(UnmetError, match=f"--{name.replace('_', '-')} FILE"):
        only(check(examined(demo)))


def test_contracts_need_their_rate_cards(demo: Path) -> None:
    """With the file of rate cards they are good; without it and tables, a card is unknown."""
    contracts = CONFIG / "contracts.yaml"
    cards = CONFIG / "rate_cards.yaml"
    good = only(
        check_contracts(examined(demo, files={"contracts": contracts, "rate_cards": cards}))
    )
    assert (good.verdict, good.found.endswith("17 contracts")) == (Verdict.OK, True)
    bad = only(check_contracts(examined(demo, files={"contracts": contracts})))
    assert bad.verdict is Verdict.FAILED
    assert "not in the tables, which are not there" in bad.remedy


def test_contracts_are_looked_up_in_the_tables(demo: Path) -> None:
    """Where there are tables, their rate cards count; new tables have none."""
    catalog = open_catalog(LocalCatalog(demo))
    missing = examined(demo, catalog=catalog, files={"contracts": CONFIG / "contracts.yaml"})
    assert "not in the tables" in only(check_contracts(missing)).remedy
    make_tables(catalog, "billing")
    assert "looked up in the tables, too" in only(check_contracts(missing)).remedy


def test_contracts_over_broken_files_are_left_out(demo: Path) -> None:
    """Rate cards, or meters, that cannot be used hide nothing: their own checks say so."""
    broken = demo / "broken.yaml"
    broken.write_text("rate_cards: 1\n")
    with pytest.raises(UnmetError, match="the rate cards cannot be used"):
        only(check_contracts(examined(demo, files={"contracts": broken, "rate_cards": broken})))
    settings = demo / "settings.yaml"
    settings.write_text(settings.read_text().replace("meters.yaml", "none.yaml"))
    with pytest.raises(UnmetError, match="the meters cannot be used"):
        only(check_rate_cards(examined(demo, files={"rate_cards": CONFIG / "rate_cards.yaml"})))
