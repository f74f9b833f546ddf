"""Reads the payloads of single records, of the archive and of what was read again from Kafka."""

import duckdb
from pyiceberg.catalog import Catalog

from iceberg.decided_tables import BACKFILLED_EVENTS
from iceberg.scanning import batch_reader
from iceberg.tables import RAW_EVENTS


def load_payloads(
    rows: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    namespace: str,
    places: str,
    snapshot_id: int | None = None,
) -> None:
    """Copy the payloads of some records into the table `payloads`, one row for each place.

    Args:
        rows: From `open_rows`, which leaves payloads out: they would fill the memory.
        catalog: The same.
        namespace: The same.
        places: A table of `rows` that names the records, with the columns kafka_partition and
            kafka_offset.
        snapshot_id: As of which snapshot of the archive; None: the current one.
    """
    rows.execute(
        "CREATE OR REPLACE TEMP TABLE payloads"
        " (kafka_partition INT, kafka_offset BIGINT, payload BLOB)"
    )
    if not rows.execute(f"FROM {places} LIMIT 1").fetchall():
        return
    fields = ("kafka_partition", "kafka_offset", "payload")
    for table, as_of in ((RAW_EVENTS, snapshot_id), (BACKFILLED_EVENTS, None)):
        archive = catalog.load_table((namespace, table.name))
        scan = archive.scan(selected_fields=fields, snapshot_id=as_of)
        rows.register("archive", batch_reader(scan))
        rows.execute(
            "INSERT INTO payloads SELECT DISTINCT ON (kafka_partition, kafka_offset)"  # noqa: S608
            f" * FROM archive SEMI JOIN {places} USING (kafka_partition, kafka_offset)"
            " ANTI JOIN payloads USING (kafka_partition, kafka_offset)"
        )
        rows.unregister("archive")
