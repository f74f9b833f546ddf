"""Names that would be SQL if anybody put them into a text of it: they are names, and nothing more.

What is tried goes through the programs themselves, in a folder whose name is one of these.
"""

import json

import pytest

from iceberg.creating import make_tables
from iceberg.tables import TABLES
from jobs import reconcile_charges, show_charges, show_usage, verify_ledger
from jobs.reporting.snippets import pyiceberg_snippet
from jobs.settings import CatalogSettings
from schemas.instant import to_us
from tests.jobs.pricing_rows import closed, day
from tests.jobs.pricing_world import CARDS, METERS, MONTHS, SETTINGS, World

Output = pytest.CaptureFixture[str]
EVIL = "'; DROP TABLE charges; --"
ACCOUNTS = (
    f"A{EVIL}",
    "B' OR '1'='1",
    'C"; DELETE FROM journal; --',
    "D*/ /* `E` \\",
    "F') UNION SELECT * FROM runs --",
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """January of all these accounts, closed and priced; the folder's name is as bad as theirs."""
    folder = tmp_path_factory.mktemp("injections") / f"o{EVIL} folder"
    folder.mkdir()
    (folder / "meters.yaml").write_text(METERS.replace("unit: flight}", f'unit: "{EVIL}"}}'))
    (folder / "settings.yaml").write_text(SETTINGS)
    world = World(folder)
    make_tables(world.catalog, "billing")
    contracts = [
        {"account_id": each, "version": 1, "effective_from": "2013-01-01T00:00:00Z"}
        | {"currency": "USD"}
        for each in ACCOUNTS
    ]
    world.load(CARDS, json.dumps({"contracts": contracts}))
    for offset, account_id in enumerate(ACCOUNTS):
        world.take_account(account_id, MONTHS, offset=offset)
    rows = [
        closed(each, 1, 8, dimensions=json.dumps({"origin": f"JFK{EVIL}"}), unit=EVIL)
        for each in ACCOUNTS
    ]
    world.meter(day(2, 2), closed_usage=rows)
    assert world.price().run_id is not None
    return world


def test_pricing_and_its_audit_take_names_as_they_are(world: World, capsys: Output) -> None:
    """Each is charged the same, the ledger holds, the second opinion agrees."""
    sums = world.sums(*ACCOUNTS)
    of_each = {each: {n[1:]: s for n, s in sums.items() if n[0] == each} for each in ACCOUNTS}
    assert len({json.dumps(sorted(map(str, each.items()))) for each in of_each.values()}) == 1
    # 5 flights at 2, 3 at 1.50, and the fee of support.
    assert sum(of_each[ACCOUNTS[0]].values()) >= 2450
    assert len(world.entries()) > 0
    words = ["--settings", str(world.settings)]
    assert verify_ledger.main(words, {}) == 0
    assert reconcile_charges.main([*words, "--json"], {}, lambda: to_us(day(2, 5))) == 0
    names = {name for _, name in world.catalog.list_tables("billing")}
    assert names == {table.name for table in TABLES}


@pytest.mark.parametrize("account_id", ACCOUNTS)
def test_an_account_is_asked_for_by_its_name(account_id: str, world: World, capsys: Output) -> None:
    """Its rows come, and of no other account."""
    words = ["--settings", str(world.settings), "--json", "--account", account_id]
    # 1: this archive has no events, so that they do not add up.
    assert show_usage.main(words, {}) == 1
    usage = json.loads(capsys.readouterr().out)["usage"]
    assert [(each["account_id"], each["unit"]) for each in usage] == [(account_id, EVIL)]
    assert show_charges.main(words, {}) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert len(rows) == len(world.charges(account_id)) == len(world.charges(*ACCOUNTS)) / 5


@pytest.mark.parametrize("name", ['x", **{}); import os #', "x\\", 'a"b'])
def test_a_program_to_copy_holds_names_as_texts(name: str) -> None:
    """What is printed for people to run calls nothing that a setting says."""
    settings = CatalogSettings("catalog.db", f"s3://{name}/tables", name)
    text = pyiceberg_snippet(settings)
    start, end = text.index("catalog = "), text.index("closed = ")
    code = text[start:end]
    compiled = compile(code, "snippet", "exec")
    assert compiled.co_names == ("load_catalog", "catalog")
    assert name in compiled.co_consts
