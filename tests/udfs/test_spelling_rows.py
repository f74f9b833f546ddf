"""Rows of usage have one text, however they were read."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from hashlib import sha256

import pytest

from udfs.spelling_rows import ROW_COLUMNS, lines_hash, row_line, row_lines

ROW: dict[str, object] = {
    **dict.fromkeys(ROW_COLUMNS),
    "account_id": "Bücher",
    "dimensions": '{"origin":"JFK"}',
    "period_start": datetime(2013, 1, 1, tzinfo=UTC),
    "quantity": Decimal("12.500000000"),
    "revision": 0,
}


def test_a_row_is_canonical_json() -> None:
    """In ASCII, by name, without spaces; numbers without needless zeros, instants in UTC."""
    line = row_line(ROW)
    assert line.startswith('{"account_id":"B\\u00fccher","aggregation":null,"breakdown":null,')
    assert '"dimensions":"{\\"origin\\":\\"JFK\\"}"' in line
    assert '"period_start":"2013-01-01T00:00:00Z","quantity":"12.5"' in line


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("quantity", Decimal("12.5")),
        ("quantity", Decimal("125E-1")),
        ("period_start", datetime(2013, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))),
    ],
)
def test_one_value_has_one_text(column: str, value: object) -> None:
    """Whatever its scale or offset."""
    assert row_line({**ROW, column: value}) == row_line(ROW)


@pytest.mark.parametrize("column", ROW_COLUMNS)
def test_each_column_is_in_the_line(column: str) -> None:
    """A change of any one changes the text."""
    assert row_line({**ROW, column: "other"}) != row_line(ROW)


def test_the_order_of_rows_does_not_matter() -> None:
    """Lines are sorted, and hashed with their ends, as `sha256sum` does it."""
    rows = [{**ROW, "account_id": each} for each in "cab"]
    lines = row_lines(rows)
    assert lines == row_lines(rows[::-1])
    text = "".join(f"{line}\n" for line in lines)
    assert lines_hash(lines) == sha256(text.encode()).hexdigest()


def test_a_float_is_no_quantity() -> None:
    """It is refused, not written somehow."""
    with pytest.raises(AssertionError, match="expected a plain value"):
        row_line({**ROW, "quantity": 1.5})
