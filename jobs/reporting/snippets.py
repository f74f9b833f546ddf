"""Programs to copy: how to query the tables with PyIceberg and DuckDB alone."""

import json

from iceberg.catalog import pyiceberg_options
from iceberg.decided_tables import BROUGHT_BACK_USAGE
from iceberg.tables import CLOSED_USAGE, USAGE_CORRECTIONS
from jobs.settings import CatalogSettings
from jobs.settings.shapes import mask_secret

_TOTALS = """
    SELECT account_id, meter_id, sum(quantity) AS quantity FROM (
        SELECT DISTINCT row_id, account_id, meter_id, aggregation, quantity FROM closed
        UNION ALL
        SELECT DISTINCT row_id, account_id, meter_id, aggregation, quantity_delta FROM late
        UNION ALL
        SELECT DISTINCT row_id, account_id, meter_id, aggregation, quantity FROM back)
    WHERE aggregation IN ('count', 'sum') GROUP BY ALL ORDER BY ALL"""


def pyiceberg_snippet(settings: CatalogSettings) -> str:
    """Return a Python program that reads closed usage; secrets are masked."""
    options = "".join(
        f"    {_text(name)}: {_text(str(mask_secret(name, value)))},\n"
        for name, value in sorted(pyiceberg_options(settings).items())
    )
    return f"""\
from pyiceberg.catalog import load_catalog

catalog = load_catalog({_text(settings.name)}, **{{
{options}}})
closed = catalog.load_table("{settings.namespace}.{CLOSED_USAGE.name}").scan().to_arrow()
print(closed.num_rows, closed.column_names)
"""


def _text(text: str) -> str:
    """Return text as a literal of Python, which ends where the text does."""
    return json.dumps(text, ensure_ascii=False)


def duckdb_snippet(settings: CatalogSettings) -> str:
    """Return its continuation: usage, corrections and what was brought back, each row once."""
    late = f"{settings.namespace}.{USAGE_CORRECTIONS.name}"
    back = f"{settings.namespace}.{BROUGHT_BACK_USAGE.name}"
    return f"""\
import duckdb

late = catalog.load_table("{late}").scan().to_arrow()
back = catalog.load_table("{back}").scan().to_arrow()
print(duckdb.sql('''{_TOTALS}'''))
"""
