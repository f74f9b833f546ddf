"""The catalog over a network: it loses answers and lets commits land late, as it is told to."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.table import Table

from jobs.local.waiting import wait_until
from tests.faults.rest_catalog import RestCatalog

NAME = ("billing", "numbers")


@pytest.fixture
def behind(tmp_path: Path) -> Catalog:
    """The catalog itself, with a table."""
    uri = f"sqlite:///{tmp_path}/catalog.db"
    catalog = load_catalog("c", type="sql", uri=uri, warehouse=tmp_path.as_uri())
    catalog.create_namespace("billing")
    catalog.create_table(NAME, pa.schema([("number", pa.int64())]))
    return catalog


@pytest.fixture
def network(behind: Catalog) -> Iterator[RestCatalog]:
    """What is in front of it."""
    served = RestCatalog(behind)
    yield served
    served.close()


def client(network: RestCatalog) -> Table:
    """Return the table as a client sees it."""
    return load_catalog("c", type="rest", uri=network.uri).load_table(NAME)


def append(table: Table, number: int) -> None:
    """Append a row."""
    table.append(pa.table({"number": [number]}))


def numbers(behind: Catalog) -> list[int]:
    """Return what the table really holds."""
    found: list[int] = behind.load_table(NAME).scan().to_arrow()["number"].to_pylist()
    return sorted(found)


def test_commits_pass(behind: Catalog, network: RestCatalog) -> None:
    """Nothing is lost while nobody asks for it."""
    table = client(network)
    append(table, 1)
    append(table, 2)
    assert numbers(behind) == [1, 2]
    assert client(network).scan().to_arrow().num_rows == 2


def test_an_outdated_commit_is_refused(behind: Catalog, network: RestCatalog) -> None:
    """What it requires is looked at, as the protocol has it; the client tries again."""
    first, second = client(network), client(network)
    append(first, 1)
    append(second, 2)
    assert network.outdated == 1
    assert numbers(behind) == [1, 2]


def test_an_answer_is_lost(behind: Catalog, network: RestCatalog) -> None:
    """The commit lands, its client does not hear of it, and the next one passes."""
    network.lose_answers(1)
    with pytest.raises(OSError, match="Connection"):
        append(client(network), 1)
    assert numbers(behind) == [1]
    assert network.lost == 1
    append(client(network), 2)
    assert numbers(behind) == [1, 2]


def test_a_commit_lands_just_before_the_next_one(behind: Catalog, network: RestCatalog) -> None:
    """So the next one is outdated, though it was not when it was sent, and tried again."""
    network.hold_back(1)
    with ThreadPoolExecutor() as aside:
        first = aside.submit(append, client(network), 1)
        wait_until(lambda: network.held, "a commit that is held back", 60)
        assert numbers(behind) == []
        append(client(network), 1)
        with pytest.raises(OSError, match="Connection"):
            first.result()
    assert numbers(behind) == [1, 1]
    assert (network.held, network.landed_late, network.outdated) == (1, 1, 1)
