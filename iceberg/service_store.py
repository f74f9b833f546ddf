"""The table of service levels: how a measurement is added to it, and its history read."""

from collections.abc import Sequence

from pyiceberg.catalog import Catalog

from iceberg.reading import BrokenRowsError, read_once
from iceberg.row_shapes import read_shapes, write_shape
from iceberg.service_tables import SERVICE_LEVELS
from iceberg.writing import CommitConflictError, append_rows
from schemas.service_level import ServiceLevel
from schemas.service_levels import LEVELS

_ATTEMPTS = 20


def append_levels(
    catalog: Catalog, namespace: str, levels: Sequence[ServiceLevel], job_version: str
) -> None:
    """Append the levels of one measurement in one commit, behind whatever others append.

    Nothing is decided from what the table holds, so a faster program only means to try again.

    Raises:
        CommitConflictError: Others were faster again and again.
        UnknownCommitError: The catalog gave no clear answer.
    """
    rows = [write_shape(each, job_version) for each in levels]
    for attempt in range(1, _ATTEMPTS + 1):
        existing = catalog.load_table((namespace, SERVICE_LEVELS.name))
        try:
            append_rows(existing, SERVICE_LEVELS, rows)
        except CommitConflictError:
            if attempt == _ATTEMPTS:
                raise
        else:
            return


def read_levels(catalog: Catalog, namespace: str) -> tuple[ServiceLevel, ...]:
    """Return the levels of all measurements, each once, the oldest run first, then as listed.

    Raises:
        BrokenRowsError: Two rows of one id differ, or one says what no row can say.
    """
    existing = catalog.load_table((namespace, SERVICE_LEVELS.name))
    rows = read_once(existing, SERVICE_LEVELS)
    try:
        levels = list(read_shapes(ServiceLevel, rows))
    except (KeyError, ValueError) as error:
        raise BrokenRowsError(
            f"{SERVICE_LEVELS.name}: expected words of closed lists, found {error}"
        ) from None
    places = {each.name: place for place, each in enumerate(LEVELS)}

    def order(each: ServiceLevel) -> tuple[int, str, int, str]:
        # A level of another version may be none of this one's list.
        return (each.measured_at_us, each.run_id, places.get(each.level, len(places)), each.part)

    return tuple(sorted(levels, key=order))
