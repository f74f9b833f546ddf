"""What Polaris and Trino are told: privileges and rules of exactly a role's tables."""

import re
import shlex

import pytest

from iceberg.tables import TABLES
from jobs.roles.declared import ROLES
from jobs.roles.granting_polaris import polaris_commands
from jobs.roles.granting_trino import trino_rules
from jobs.roles.role import Role

# Of Polaris 1.2, page "Access Control".
READING = {"TABLE_READ_PROPERTIES", "TABLE_READ_DATA"}
WRITING = {"TABLE_WRITE_PROPERTIES", "TABLE_WRITE_DATA"}


def _commands(role: Role, catalog: str = "lake", namespace: str = "billing") -> list[list[str]]:
    text = polaris_commands(role, catalog, namespace)
    assert text.endswith("\n")
    return [shlex.split(line) for line in text.splitlines()]


def _option(words: list[str], name: str) -> str:
    return words[words.index(name) + 1]


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_polaris_gives_each_table_its_privileges(role: Role) -> None:
    """A line for each table and privilege, all of them the role's in one catalog."""
    granted: dict[str, set[str]] = {}
    for words in _commands(role):
        if words[1:4] == ["privileges", "table", "grant"]:
            assert _option(words, "--catalog-role") == role.granted_name
            assert _option(words, "--namespace") == "billing"
            granted.setdefault(_option(words, "--table"), set()).add(words[-1])
    assert granted == {
        table.name: READING | (WRITING if table in role.writes else set()) for table in role.reads
    }


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_polaris_gives_little_on_more_than_a_table(role: Role) -> None:
    """Names of tables may be listed; only the role that creates tables may do so."""
    wide = {
        (words[2], words[-1])
        for words in _commands(role)
        if words[1] == "privileges" and words[2] != "table"
    }
    creating = {("namespace", "TABLE_CREATE"), ("catalog", "NAMESPACE_CREATE")}
    assert wide == {("namespace", "TABLE_LIST")} | (creating if role.creates else set())


def test_polaris_names_are_words_of_the_shell() -> None:
    """A catalog with blanks, quotes and more stays one word."""
    name = "lake; rm -rf '$HOME'"
    commands = _commands(ROLES[0], name)
    assert {_option(words, "--catalog") for words in commands[1:]} == {name}


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_trino_lets_a_role_select_its_tables(role: Role) -> None:
    """The first rule that fits holds; nothing else in the catalog is given, nothing written."""
    rules = trino_rules(role, "lake.eu", "eu.billing")
    assert {each["allow"] for each in rules["catalogs"]} == {"read-only"}

    def privileges(catalog: str, schema: str, table: str) -> list[str]:
        place = {"catalog": catalog, "schema": schema, "table": table}
        for rule in rules["tables"]:
            assert rule["group"] == role.granted_name
            if all(re.fullmatch(rule.get(part, ".*"), text) for part, text in place.items()):
                found: list[str] = rule["privileges"]
                return found
        return ["other rules"]

    for table in TABLES:
        expected = ["SELECT"] if table in role.reads else []
        assert privileges("lake.eu", "eu.billing", table.name) == expected
        assert privileges("lake.eu", "eu.billing", f"{table.name}$files") == []
        assert privileges("lake.eu", "eu-billing", table.name) == []
        assert privileges("lake-eu", "eu.billing", table.name) == ["other rules"]
