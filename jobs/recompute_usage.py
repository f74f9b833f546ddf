"""Prints usage of a past period as canonical rows, worked out again from the archive.

    python -m jobs.recompute_usage --settings S --period 2013-01-01T05:00:00Z --account B6
    python -m jobs.recompute_usage --settings S --period 2013-01-01T05:00:00Z --account B6
        --as-of 4711
    python -m jobs.recompute_usage --settings S --period 2013-01-01T05:00:00Z --account B6
        --from-tables

One line of JSON for each closed row and correction, always the same bytes: compare them with
`diff`, or by their SHA-256, which goes to the other stream (`--hash`: it is all that is printed).
`--as-of` takes a snapshot of raw_events that the table keeps, or the number of a checkpoint.
`--from-tables` prints what closed_usage and usage_corrections hold, in the same form. Both print
what was due by the log time up to which archive and tables are complete.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime

from iceberg.catalog import CatalogUnreachableError, open_to_read
from iceberg.creating import TableConflictError, check_tables
from iceberg.kept_snapshots import UnknownSnapshotError
from iceberg.reading import BrokenRowsError
from jobs.proofs.canonical_rows import AskedRows, audited_lines, tabled_lines
from jobs.proofs.recomputing import recomputed_usage
from jobs.settings import Settings, SettingsError, load_settings
from udfs.spelling_rows import lines_hash

_LATEST = "latest"


def recompute_usage(
    settings: Settings, asked: AskedRows, as_of: int | None, from_tables: bool = False
) -> list[str]:
    """Return the canonical rows of a period, sorted.

    Args:
        settings: Name catalog and meters file.
        asked: Which rows.
        as_of: Snapshot of raw_events, or a checkpoint; None: the newest cut.
        from_tables: Whether to return what the tables of usage hold, instead of a recompute.

    Raises:
        SettingsError: The meters file is wrong.
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is missing or is not as declared.
        UnknownSnapshotError: There is no such snapshot.
        BrokenRowsError: Rows contradict each other.
    """
    catalog = open_to_read(settings.catalog)
    check_tables(catalog, settings.catalog.namespace)
    with recomputed_usage(catalog, settings, as_of) as usage:
        lines = tabled_lines if from_tables else audited_lines
        return lines(usage, asked)


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Print canonical rows; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="recompute_usage", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--period", required=True, help="first instant of the period, RFC 3339")
    parser.add_argument("--account", required=True, help="whose usage")
    parser.add_argument("--meter", help="of this meter only")
    parser.add_argument(
        "--as-of", default=_LATEST, help="snapshot of raw_events, or checkpoint; latest unless told"
    )
    parser.add_argument(
        "--from-tables", action="store_true", help="print what the tables of usage hold"
    )
    parser.add_argument("--hash", action="store_true", help="print the SHA-256 of the rows only")
    parser.add_argument("--json", action="store_true", help="print rows and hash as one JSON")
    options = parser.parse_args(arguments)
    try:
        asked = AskedRows(options.account, _instant(options.period), options.meter)
        as_of = _as_of(options.as_of)
        settings = load_settings(options.settings, environ)
        lines = recompute_usage(settings, asked, as_of, options.from_tables)
    except (
        SettingsError,
        CatalogUnreachableError,
        TableConflictError,
        UnknownSnapshotError,
    ) as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenRowsError as error:
        print(error, file=sys.stderr)
        return 1
    found = lines_hash(lines)
    if options.json:
        print(json.dumps({"sha256": found, "rows": list(map(json.loads, lines))}))
    elif options.hash:
        print(found)
    else:
        sys.stdout.writelines(f"{line}\n" for line in lines)
        print(f"{len(lines)} rows, SHA-256 {found}", file=sys.stderr)
    return 0


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.utcoffset() is None:
        expected = "an instant with its offset, such as 2013-01-01T05:00:00Z"
        raise SettingsError("bad option", "--period", expected, repr(text))
    return found


def _as_of(text: str) -> int | None:
    if text == _LATEST:
        return None
    if not (text.isascii() and text.isdigit()):
        expected = "a snapshot of raw_events, the number of a checkpoint, or latest"
        raise SettingsError("bad option", "--as-of", expected, repr(text))
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
