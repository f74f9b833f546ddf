"""Appends reconciliations of charges to their table."""

from collections.abc import Mapping, Sequence

from pyiceberg.catalog import Catalog

from iceberg.charge_reconciliation_table import CHARGE_RECONCILIATIONS
from iceberg.writing import CommitConflictError, append_rows
from schemas.instant import EPOCH, MICROSECOND

_ATTEMPTS = 5
_INSTANTS = ("at", "period_start", "period_end")


def append_reconciliation(
    catalog: Catalog, namespace: str, rows: Sequence[Mapping[str, object]]
) -> None:
    """Append the rows of one reconciliation in one commit; others may commit meanwhile.

    Args:
        catalog: Has the table.
        namespace: Its own.
        rows: By column, instants in microseconds; a column that is not named is null.

    Raises:
        CommitConflictError: Others were faster again and again.
        UnknownCommitError: The catalog gave no clear answer.
    """
    full = [_full(row) for row in rows]
    for attempt in range(1, _ATTEMPTS + 1):
        existing = catalog.load_table((namespace, CHARGE_RECONCILIATIONS.name))
        try:
            append_rows(existing, CHARGE_RECONCILIATIONS, full)
            return
        except CommitConflictError:
            # What others have appended changes nothing of what is said here.
            if attempt == _ATTEMPTS:
                raise


def _full(row: Mapping[str, object]) -> dict[str, object]:
    found: dict[str, object] = {name: row.get(name) for name in CHARGE_RECONCILIATIONS.names}
    for name in _INSTANTS:
        value = found[name]
        if isinstance(value, int):
            found[name] = EPOCH + value * MICROSECOND
    return found
