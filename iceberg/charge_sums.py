"""What was charged, added up for people: by account, and of one account line by line."""

from typing import Any

from pyiceberg.catalog import Catalog
from pyiceberg.expressions.parser import parse

from iceberg.charge_tables import CHARGES
from iceberg.reading import load_once
from iceberg.scanning import batch_reader
from iceberg.scratch import open_scratch
from schemas.statement import LineKind

_BY_ACCOUNT = f"""
    SELECT account_id, currency,
        count(*) AS charges,
        sum(amount_minor) FILTER (kind = 'usage')::BIGINT AS usage_minor,
        sum(amount_minor) FILTER (kind IN ('recurring_fee', 'one_off_fee'))::BIGINT AS fees_minor,
        sum(amount_minor) FILTER (kind IN ('minimum', 'maximum', 'commitment'))::BIGINT
            AS bounds_minor,
        sum(amount_minor) FILTER (kind IN ('trial', 'discount'))::BIGINT AS discounts_minor,
        sum(amount_minor) FILTER (kind = 'credit')::BIGINT AS credits_minor,
        sum(amount_minor)::BIGINT AS total_minor,
        count(*) FILTER (revision > 0) AS corrections,
        sum(amount_minor) FILTER (revision > 0)::BIGINT AS corrected_minor
    FROM {CHARGES.name}
    GROUP BY account_id, currency ORDER BY account_id, currency
"""  # noqa: S608 - no outside text
_OF_ACCOUNT = f"""
    SELECT epoch_us(period_start) AS period_start_us, epoch_us(period_end) AS period_end_us,
        timezone, kind, line_id, product, "group", revision, quantity, unit, amount_minor,
        total_minor, currency, card_id, card_version, epoch_us(due) AS due_us
    FROM {CHARGES.name} WHERE account_id = ?
    ORDER BY period_start, period_end, kind, line_id, product, "group", segment_start, revision
"""  # noqa: S608 - no outside text


def sum_charges(catalog: Catalog, namespace: str) -> list[dict[str, Any]]:
    """Return what each account was charged, in minor units by kind, ordered by account.

    Raises:
        BrokenRowsError: Two charges of one id differ.
    """
    return _rows(catalog, namespace, _BY_ACCOUNT, [])


def list_charges(catalog: Catalog, namespace: str, account_id: str) -> list[dict[str, Any]]:
    """Return the charges of an account, ordered by period, line and revision.

    Raises:
        BrokenRowsError: Two charges of one id differ.
    """
    return _rows(catalog, namespace, _OF_ACCOUNT, [account_id])


def sum_draws(catalog: Catalog, namespace: str) -> dict[str, int]:
    """Return what charges have drawn on each grant of credit, in minor units."""
    existing = catalog.load_table((namespace, CHARGES.name))
    fields = ("charge_id", "line_id", "amount_minor")
    scan = existing.scan(parse(f"kind = '{LineKind.CREDIT}'"), fields)
    with open_scratch() as connection:
        connection.register("draws", batch_reader(scan))
        found = connection.execute(
            "SELECT line_id, -sum(amount_minor)::BIGINT FROM (SELECT DISTINCT * FROM draws)"
            " GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    return dict(found)


def _rows(catalog: Catalog, namespace: str, sql: str, values: list[str]) -> list[dict[str, Any]]:
    with open_scratch() as connection:
        load_once(connection, catalog.load_table((namespace, CHARGES.name)), CHARGES)
        found: list[dict[str, Any]] = (
            connection.sql(sql, params=values).to_arrow_table().to_pylist()
        )
    return found
