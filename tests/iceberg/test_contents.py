"""Each table says what it holds, so that nobody is given read on bytes by mistake."""

import pytest

from iceberg.table import Table
from iceberg.tables import TABLES
from schemas.content import Content

# What is kept as it was received, or names a single event by its own id.
AS_RECEIVED = {"payload", "record_key", "terms", "event_id", "retracted_id"}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_has_one_class(table: Table) -> None:
    """None is without one: roles go by it."""
    assert isinstance(table.content, Content)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_what_was_received_is_records(table: Table) -> None:
    """Bytes, and ids of single events, stand in tables of records, and records hold such."""
    is_binary = any(column.type == "binary" for column in table.columns)
    holds_received = is_binary or bool(AS_RECEIVED & set(table.names))
    assert holds_received == (table.content is Content.RECORDS)


def test_every_class_is_used_and_said() -> None:
    """A class without tables, or without a meaning, would be a mistake."""
    assert {table.content for table in TABLES} == set(Content)
    assert len({content.meaning for content in Content}) == len(Content)
