"""Reads which gaps in the archive's offsets reconciliations have explained."""

import json

from pyiceberg.catalog import Catalog

from iceberg.reconciliation_tables import RECONCILIATIONS
from iceberg.scanning import batch_reader
from schemas.explained_gaps import ExplainedGaps
from schemas.instant import to_us

_FIELDS = ("run_id", "at", "explained_gaps", "looked_at")


def read_explained_gaps(catalog: Catalog, namespace: str) -> ExplainedGaps:
    """Return what all reconciliations together have explained.

    Those of accounts or periods count, too: gaps are judged whatever is compared. Runs of builds
    that did not keep it are passed over.

    Raises:
        NoSuchTableError: The table does not exist.
    """
    existing = catalog.load_table((namespace, RECONCILIATIONS.name))
    rows = batch_reader(existing.scan(selected_fields=_FIELDS)).read_all().to_pylist()
    told = [row for row in rows if row["looked_at"] is not None]
    runs = sorted(told, key=lambda row: (row["at"], row["run_id"]))
    if not runs:
        return ExplainedGaps()
    gaps = {tuple(gap) for run in runs for gap in json.loads(run["explained_gaps"])}
    looked_at = json.loads(runs[-1]["looked_at"])
    return ExplainedGaps(
        tuple(sorted(gaps)),
        {int(partition): end for partition, end in looked_at.items()},
        to_us(runs[-1]["at"]),
    )
