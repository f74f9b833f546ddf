"""Bugs that are planted into the job, or its tables, to show that the judge finds them.

The product knows nothing of them: the job is submitted through this module, which changes parts of
it in the client that builds the plan.
"""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from pyiceberg.table import Table as IcebergTable

from iceberg.catalog import open_catalog
from iceberg.tables import CLOSED_USAGE
from iceberg.writing import append_rows
from tests.faults.running import Run

_REST_OF_A_THOUSAND = 7


def _forget_identities(name: str, text: str) -> str:
    """A dedupe that forgets at a restore: each submission knows identities by another name."""
    number = os.environ["SUBMISSION"]
    parts = ("PARTITION BY event_source, event_id", f"CONCAT(event_id, '#{number}')")
    return text.replace(parts[0], f"PARTITION BY event_source, {parts[1]}")


def _lose_records(name: str, text: str) -> str:
    """A source that loses a record in a thousand, from the archive too."""
    if name != "records":
        return text
    return f"{text.rstrip()} WHERE MOD(kafka_offset, 1000) <> {_REST_OF_A_THOUSAND}\n"


def _lose_late_usage(name: str, text: str) -> str:
    """A rule that loses usage of some hours ago."""
    if name != "keyed_usage":
        return text
    return f"{text.rstrip()}\nWHERE last_log_ms * 1000 - event_window_start_us < 7200000000\n"


def _count_one_too_many(name: str, text: str) -> str:
    """A meter that rounds units up."""
    return text.replace("CAST(units_sum AS STRING)", "CAST(CEIL(units_sum) AS STRING)")


SQL_BUGS: dict[str, Callable[[str, str], str]] = {
    "forgets-duplicates": _forget_identities,
    "loses-records": _lose_records,
    "loses-late-usage": _lose_late_usage,
    "rounds-units": _count_one_too_many,
}
"""Bugs in the plan: each changes the SQL of a section."""


def _closed_usage(run: Run) -> IcebergTable:
    settings = run.world.settings.catalog
    return open_catalog(settings).load_table((settings.namespace, CLOSED_USAGE.name))


def _drop_a_file(run: Run) -> None:
    """A sink that drops one file: one of the table's files is in it no more."""
    table = _closed_usage(run)
    files = [task.file for task in table.scan().plan_files()]
    with table.transaction() as change, change.update_snapshot().overwrite() as snapshot:
        snapshot.delete_data_file(run.chance.choice(files))


def _commit_twice(run: Run) -> None:
    """A sink that writes rows a second time, and tells nobody."""
    table = _closed_usage(run)
    append_rows(table, CLOSED_USAGE, table.scan(limit=3).to_arrow().to_pylist())


TABLE_BUGS: dict[str, Callable[[Run], None]] = {
    "drops-a-file": _drop_a_file,
    "writes-twice": _commit_twice,
}
"""Bugs in what stands in the tables when the run is over."""

PLANTED = {
    "forgets-duplicates": "storm-across-restore",
    "loses-records": "poison",
    "loses-late-usage": "late-flood",
    "rounds-units": "quiet-partition",
    "drops-a-file": "kill-python-worker",
    "writes-twice": "kill-after-commit",
}
"""All of them, each with the fault that it is tried with."""


def plant(name: str) -> None:
    """Change the plan that this process is about to build.

    Raises:
        KeyError: There is no such bug.
    """
    from jobs.flink import hot_path, job  # noqa: PLC0415  pyflink is not needed by the judge

    change, read_sql = SQL_BUGS[name], hot_path.read_sql

    def read_changed(section: str, **values: str) -> str:
        return change(section, read_sql(section, **values))

    for module in (hot_path, job):
        module.read_sql = read_changed  # type: ignore[attr-defined]


def _submit() -> int:
    """Submit the job with its bug."""
    from jobs.meter_usage import main  # noqa: PLC0415  the same
    from schemas.instant import to_us  # noqa: PLC0415  the same

    plant(os.environ["PLANTED"])
    return main(sys.argv[1:], lambda: to_us(datetime.now(UTC)))


if __name__ == "__main__":
    sys.exit(_submit())
