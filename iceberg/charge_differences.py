"""Holds what a dry run would add against what was charged, and sums it up.

Lines that differ are kept in a database on disk: they may be more than fit into memory.
"""

from collections.abc import Iterator
from typing import Any

import duckdb

from iceberg.charge_rows import ChargeRows
from iceberg.charge_tables import CHARGES
from schemas.charge_difference import LineChange, MoneyChange, NamedChange
from schemas.statement import LineKind

_BATCH_ROWS = 10_000
_EMPTY = f"CREATE TABLE changes AS FROM charged.{CHARGES.name} LIMIT 0"
_BY_ACCOUNT = f"""
    CREATE OR REPLACE TABLE account_changes AS
    WITH before AS (
        SELECT account_id, currency, sum(amount_minor) AS minor FROM charged.{CHARGES.name}
        GROUP BY ALL
    ), added AS (
        SELECT account_id, currency, sum(amount_minor) AS minor, count(*) AS lines FROM changes
        GROUP BY ALL
    )
    SELECT account_id, currency, ifnull(before.minor, 0) AS before_minor,
        before_minor + ifnull(added.minor, 0) AS after_minor, ifnull(lines, 0) AS lines
    FROM before FULL JOIN added USING (account_id, currency)
"""  # noqa: S608 - no outside text
_CURRENCIES = """
    SELECT currency, sum(before_minor), sum(after_minor), sum(lines)
    FROM account_changes GROUP BY ALL ORDER BY ALL
"""
_PRODUCTS = f"""
    SELECT product, currency, sum(before_minor), sum(before_minor) + sum(added_minor), sum(lines)
    FROM (
        SELECT product, currency, amount_minor AS before_minor, 0 AS added_minor, 0 AS lines
        FROM charged.{CHARGES.name}
        UNION ALL SELECT product, currency, 0, amount_minor, 1 FROM changes
    ) GROUP BY ALL HAVING sum(lines) > 0 ORDER BY currency, product
"""  # noqa: S608 - no outside text
_RANKED = "currency, abs(after_minor - before_minor) DESC, account_id"
_ACCOUNTS = f"""
    SELECT account_id, currency, before_minor, after_minor, lines FROM account_changes
    ORDER BY {_RANKED}
"""  # noqa: S608 - no outside text
_LINES = f"""
    SELECT changes.account_id, epoch_us(changes.period_start), epoch_us(changes.period_end),
        changes.timezone, changes.kind, changes.line_id, changes.product, changes."group",
        epoch_us(changes.segment_start), changes.card_id, last.card_version, changes.card_version,
        last.quantity, changes.quantity, changes.total_minor - changes.amount_minor,
        changes.total_minor, changes.amount, changes.currency
    FROM changes JOIN account_changes USING (account_id, currency)
    LEFT JOIN charged.{CHARGES.name} AS last ON last.charge_id = changes.corrected_charge_id
    ORDER BY changes.currency, abs(account_changes.after_minor - account_changes.before_minor) DESC,
        changes.account_id, changes.period_start, changes.period_end, changes.kind, changes.line_id,
        changes.product, changes."group", changes.segment_start
"""  # noqa: S608 - no outside text


class ChargeDifferences:
    """Differences by line, and their sums; close it when done."""

    def __init__(self, charges_path: str, folder: str) -> None:
        """Open what was charged.

        Args:
            charges_path: Of a `iceberg.charge_store.ChargeStore` that has given its charges up.
            folder: A folder for a database.
        """
        self._rows = duckdb.connect(f"{folder}/differences.duckdb")
        self._rows.execute("SET TimeZone = 'UTC'")
        quoted = charges_path.replace("'", "''")
        self._rows.execute(f"ATTACH '{quoted}' AS charged (READ_ONLY)")
        self._rows.execute(_EMPTY)

    def close(self) -> None:
        """Give both up."""
        self._rows.close()

    def add(self, charges: ChargeRows) -> None:
        """Add charges that a run would add; each line comes once."""
        self._rows.register("added", charges)
        self._rows.execute("INSERT INTO changes BY NAME FROM added")
        self._rows.unregister("added")

    def finish(self) -> None:
        """Sum up, once all charges were added."""
        self._rows.execute(_BY_ACCOUNT)

    def currencies(self) -> tuple[MoneyChange, ...]:
        """Return the amounts of all accounts, by currency."""
        return tuple(
            MoneyChange(currency, int(before), int(after), int(lines))
            for currency, before, after, lines in self._rows.execute(_CURRENCIES).fetchall()
        )

    def products(self) -> tuple[NamedChange, ...]:
        """Return the amounts of the products with lines that differ, by currency and product."""
        return tuple(map(_named, self._rows.execute(_PRODUCTS).fetchall()))

    def accounts(self) -> Iterator[NamedChange]:
        """Yield all accounts with charges, by currency, those of the greatest change first."""
        return map(_named, self._fetch(_ACCOUNTS))

    def lines(self) -> Iterator[LineChange]:
        """Yield the lines that differ, account by account in the order of `accounts`."""
        for row in self._fetch(_LINES):
            yield LineChange(*(*row[:4], LineKind(row[4]), *row[5:]))

    def _fetch(self, sql: str) -> Iterator[tuple[Any, ...]]:
        # A cursor of its own: another may be read meanwhile.
        found = self._rows.cursor().execute(sql)
        while rows := found.fetchmany(_BATCH_ROWS):
            yield from rows


def _named(row: tuple[Any, ...]) -> NamedChange:
    name, currency, before, after, lines = row
    return NamedChange(name, MoneyChange(currency, int(before), int(after), int(lines)))
