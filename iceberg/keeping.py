"""Keeps, with the tables, what the job must know of its earlier runs when it starts again.

State is found again only under the settings it was laid out by, and Flink does not know them all;
and what state has forgotten, it cannot tell. The tables live as long as the state does, so each
start notes its settings in properties of one of them, and is held against those of before.
"""

import json
from collections.abc import Callable, Mapping

from pyiceberg.catalog import Catalog

from iceberg.tables import CLOSED_USAGE, RAW_EVENTS, USAGE_TABLES

LAYOUT_PROPERTY = "meterclose.layout."
REACH_PROPERTY = "meterclose.reach."
PARALLELISM_PROPERTY = "meterclose.parallelism"

Reaches = tuple[tuple[int, int], ...]
"""What was configured before: until when (log time), and a reach, both microseconds; in order."""


class LayoutChangedError(Exception):
    """A setting is not the one that the job's state was laid out by; one line that says both."""


class UnreadPartitionsError(Exception):
    """The job would restore with more readers than partitions it knows; one line."""


def keep_layout(catalog: Catalog, namespace: str, layout: Mapping[str, int]) -> None:
    """Note the layout at the first start; check it at each later one.

    While no table was written to there is no state to lose, so another layout takes its place.

    Args:
        catalog: Has all tables.
        namespace: Where they are.
        layout: Settings by name.

    Raises:
        LayoutChangedError: The job has run with another value.
    """
    table = catalog.load_table((namespace, CLOSED_USAGE.name))
    wanted = {f"{LAYOUT_PROPERTY}{name}": str(value) for name, value in layout.items()}
    changed = {key: value for key, value in wanted.items() if table.properties.get(key) != value}
    if not changed:
        return
    if _were_written(catalog, namespace):
        for key, value in changed.items():
            if key in table.properties:
                raise _refusal(namespace, key, table.properties[key], value)
    with table.transaction() as transaction:
        transaction.set_properties(changed)


def keep_reaches(
    catalog: Catalog, namespace: str, reach_us: Mapping[str, int], read_now_us: Callable[[], int]
) -> dict[str, Reaches]:
    """Note how long after its end each meter's period takes usage; return what it was before.

    Args:
        catalog: Has all tables.
        namespace: Where they are.
        reach_us: Grace and correction horizon together, by meter_id.
        read_now_us: Reads a log time that no earlier run has gone beyond, and no period it has
            opened begins after; called only where a reach changed.

    Returns:
        By meter_id, the earlier reaches of meters that had others.
    """
    table = catalog.load_table((namespace, CLOSED_USAGE.name))
    were_written = _were_written(catalog, namespace)
    earlier: dict[str, Reaches] = {}
    changed: dict[str, str] = {}
    for meter_id, reach in reach_us.items():
        key = f"{REACH_PROPERTY}{meter_id}"
        kept = json.loads(table.properties.get(key, "null"))
        if kept is None or not were_written:
            kept = {"earlier": [], "reach_us": reach}
        if kept["reach_us"] != reach:
            kept = {
                "earlier": [*kept["earlier"], [read_now_us(), kept["reach_us"]]],
                "reach_us": reach,
            }
        if kept["earlier"]:
            earlier[meter_id] = tuple((until, before) for until, before in kept["earlier"])
        text = json.dumps(kept, sort_keys=True)
        if table.properties.get(key) != text:
            changed[key] = text
    if changed:
        with table.transaction() as transaction:
            transaction.set_properties(changed)
    return earlier


def keep_parallelism(catalog: Catalog, namespace: str, parallelism: int) -> None:
    """Check that every reader of a restored job gets a partition out of its state.

    A restore deals the partitions that state knows to all readers; those found afterwards go where
    their number says. A reader that is left without any would hold time for ever.

    Args:
        catalog: Has all tables.
        namespace: Where they are.
        parallelism: Of the job; the usage topic has as many partitions.

    Raises:
        UnreadPartitionsError: The job has not read from so many partitions yet.
    """
    table = catalog.load_table((namespace, CLOSED_USAGE.name))
    known = int(table.properties.get(PARALLELISM_PROPERTY, 0))
    if parallelism <= known:
        return
    if _were_written(catalog, namespace) and not _has_read(catalog, namespace, parallelism - 1):
        raise UnreadPartitionsError(
            f"flink.parallelism, settings: expected at most the number of partitions that the job "
            f"has read from, found {parallelism}, and no record of partition {parallelism - 1} in "
            f"{RAW_EVENTS.name}; restore with the former value, and raise it when there is one"
        )
    with table.transaction() as transaction:
        transaction.set_properties({PARALLELISM_PROPERTY: str(parallelism)})


def _has_read(catalog: Catalog, namespace: str, partition: int) -> bool:
    """Tell whether the archive has records of a partition, by the bounds of its files alone."""
    wanted = f"kafka_partition >= {partition}"
    scan = catalog.load_table((namespace, RAW_EVENTS.name)).scan(row_filter=wanted)
    return any(True for _ in scan.plan_files())


def _were_written(catalog: Catalog, namespace: str) -> bool:
    """Tell whether the job has written; prices may be loaded before its first start."""
    return any(
        catalog.load_table((namespace, table.name)).current_snapshot() is not None
        for table in USAGE_TABLES
    )


def _refusal(namespace: str, key: str, kept: str, value: str) -> LayoutChangedError:
    name = key.removeprefix(LAYOUT_PROPERTY)
    return LayoutChangedError(
        f"{name}, settings: expected {kept}, as the state behind the tables of namespace "
        f"{namespace} is laid out by it, found {value}; set it back, or start from the topic's "
        "begin with new tables"
    )
