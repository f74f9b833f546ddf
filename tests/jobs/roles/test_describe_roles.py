"""The program that prints roles and grants: its forms, what it refuses, and the pages it fills."""

import json
import re
from pathlib import Path

import pytest

from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from iceberg.locating import expect_locations, read_locations
from iceberg.tables import CLOSED_USAGE, TABLES
from jobs.describe_roles import main
from jobs.local.places import ROOT
from jobs.roles.describing import describe_readers, describe_roles, describe_writers
from jobs.settings import load_settings
from tests.iceberg.filling import LocalCatalog
from tests.jobs.metered_tables import write_settings

Output = pytest.CaptureFixture[str]
LIVE = ["--settings", str(ROOT / "config" / "live.yaml"), "--role", "analyst"]
JDBC = {
    "METERCLOSE_CATALOG_TYPE": "jdbc",
    "METERCLOSE_CATALOG_URI": "jdbc:postgresql://db.example.com/catalog",
    "METERCLOSE_CATALOG_PROPERTY_JDBC_PASSWORD": "hidden",
}


def test_a_rest_catalog_on_s3(capsys: Output) -> None:
    """Polaris, S3 and Trino; a database is none of its business."""
    assert main([*LIVE, "--json"], {}) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["postgres"] is None
    assert told["polaris"].startswith("polaris principal-roles create meterclose_analyst\n")
    assert told["s3"]["Version"] == "2012-10-17"
    assert told["trino"]["catalogs"][0]["allow"] == "read-only"
    assert main(LIVE, {}) == 0
    text = capsys.readouterr().out
    assert re.findall("^== (.+)$", text, re.MULTILINE) == [
        "postgres: does not fit these settings",
        "s3",
        "polaris",
        "trino",
    ]


def test_a_jdbc_catalog(capsys: Output) -> None:
    """SQL instead of Polaris, without the settings' secrets."""
    assert main([*LIVE, "--form", "postgres"], JDBC) == 0
    sql = capsys.readouterr().out
    assert sql.startswith("-- Role analyst.")
    assert sql.count("BEGIN;") == sql.count("COMMIT;") == 1
    assert "hidden" not in sql
    assert main([*LIVE, "--form", "polaris"], JDBC) == 2
    assert capsys.readouterr().err == (
        "bad option, --form: expected one of postgres, s3, trino here, found polaris\n"
    )


def test_one_form_is_printed_as_it_is_used(capsys: Output) -> None:
    """JSON that can be given to the AWS command line; another name of the catalog for Trino."""
    assert main([*LIVE, "--form", "s3"], {}) == 0
    assert json.loads(capsys.readouterr().out)["Statement"]
    assert main([*LIVE, "--form", "trino", "--catalog", "lake"], {}) == 0
    assert json.loads(capsys.readouterr().out)["tables"][0]["catalog"] == "lake"


def test_tables_lie_where_they_are_expected(tmp_path: Path) -> None:
    """The rule is what tables that were made say of themselves."""
    settings = LocalCatalog(tmp_path, namespace="eu.billing")
    catalog = open_catalog(settings)
    make_tables(catalog, "eu.billing")
    assert read_locations(catalog, "eu.billing", TABLES) == expect_locations(settings, TABLES)


def test_the_catalog_can_be_asked(tmp_path: Path, capsys: Output) -> None:
    """Its folders are those of the tables, those that properties name included."""
    settings = write_settings(tmp_path)
    catalog = open_catalog(LocalCatalog(tmp_path))
    words = ["--settings", str(settings), "--role", "analyst", "--from-catalog", "--json"]
    catalog.create_namespace("billing")
    assert main(words, {}) == 2
    assert "table raw_events, namespace billing: expected one" in capsys.readouterr().err
    make_tables(catalog, "billing")
    with catalog.load_table(("billing", CLOSED_USAGE.name)).transaction() as transaction:
        transaction.set_properties({"write.data.path": "s3://fast/closed/"})
    found = read_locations(catalog, "billing", TABLES)[CLOSED_USAGE.name]
    assert found == (f"{tmp_path.as_uri()}/warehouse/billing/closed_usage", "s3://fast/closed")
    assert main(words, {}) == 0
    assert json.loads(capsys.readouterr().out)["s3"] is None


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--role", "analyst"], "missing option, --role: expected --settings beside it"),
        (["--form", "s3"], "bad option, --form: expected --role beside it"),
        (["--from-catalog"], "bad option, --from-catalog: expected --role beside it"),
    ],
)
def test_options_that_need_others(words: list[str], expected: str, capsys: Output) -> None:
    """One line each."""
    assert main(words, {}) == 2
    told = capsys.readouterr().err
    assert told.startswith(expected)
    assert told.count("\n") == 1


def test_the_pages_have_the_tables(capsys: Output) -> None:
    """If this fails: put what `python -m jobs.describe_roles` prints into both pages."""
    assert main([], {}) == 0
    printed = capsys.readouterr().out
    page = (ROOT / "docs" / "roles.md").read_text()
    for text in (describe_roles(), describe_writers(), describe_readers()):
        assert text in printed
        assert text in page


def test_the_live_example_can_be_written() -> None:
    """An example that is copied is not closed by mistake."""
    assert load_settings(ROOT / "config" / "live.yaml", {}).catalog.read_only is False
