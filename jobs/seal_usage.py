"""Seals usage: puts one hash on each closed row and correction, over all events it was made of.

    python -m jobs.seal_usage --settings config/live.yaml
    python -m jobs.seal_usage --settings config/live.yaml --verify

A row is sealed once, and only if the archive confirms it: quantity and events are worked out again
from raw_events by another program than the job (`audit/`). A row that differs is named and gets no
seal; the exit code is then 1. `--verify` seals nothing: it holds the seals that stand against the
archive again, and names each that is no longer that of its row.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from iceberg.catalog import CatalogUnreachableError, open_catalog, open_to_read
from iceberg.creating import TableConflictError, check_tables
from iceberg.reading import BrokenRowsError
from iceberg.seal_store import SealStore
from iceberg.writing import CommitConflictError, UnknownCommitError
from jobs.proofs.recomputing import recomputed_usage
from jobs.proofs.sealed_rows import UnprovedRow
from jobs.proofs.sealing import Sealed, broken_seals, seal_rows
from jobs.settings import Settings, SettingsError, load_settings
from schemas.instant import to_us
from udfs.sealing import RepeatedEventError


def seal_usage(settings: Settings, now_us: int) -> Sealed:
    """Seal what has no seal and is proved.

    Args:
        settings: Name catalog and meters file.
        now_us: When.

    Raises:
        SettingsError: The meters file is wrong.
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is missing or is not as declared.
        BrokenRowsError, RepeatedEventError: Rows contradict each other.
        CommitConflictError, UnknownCommitError: Run it again.
    """
    catalog = open_catalog(settings.catalog)
    check_tables(catalog, settings.catalog.namespace)
    namespace = settings.catalog.namespace
    with recomputed_usage(catalog, settings) as usage:
        return seal_rows(usage, lambda: SealStore(catalog, namespace), now_us)


def verify_seals(settings: Settings) -> tuple[int, tuple[UnprovedRow, ...]]:
    """Return how many seals there are, and which are broken.

    Raises:
        SettingsError: The meters file is wrong.
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is missing or is not as declared.
        BrokenRowsError, RepeatedEventError: Rows contradict each other.
    """
    catalog = open_to_read(settings.catalog)
    check_tables(catalog, settings.catalog.namespace)
    # Seals first: what is sealed meanwhile is not in the rows that are read.
    seals = SealStore(catalog, settings.catalog.namespace).seals()
    with recomputed_usage(catalog, settings) as usage:
        return len(seals), broken_seals(usage, seals)


def main(arguments: Sequence[str], environ: Mapping[str, str], now_us: Callable[[], int]) -> int:
    """Seal, or verify seals; return the exit code."""
    parser = argparse.ArgumentParser(prog="seal_usage", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--verify", action="store_true", help="hold the seals against the archive")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")
    options = parser.parse_args(arguments)
    try:
        settings = load_settings(options.settings, environ)
        if options.verify:
            count, broken = verify_seals(settings)
            return _print_verified(count, broken, options.json)
        return _print_sealed(seal_usage(settings, now_us()), options.json)
    except (
        SettingsError,
        CatalogUnreachableError,
        TableConflictError,
        CommitConflictError,
        UnknownCommitError,
    ) as error:
        print(error, file=sys.stderr)
        return 2
    except (BrokenRowsError, RepeatedEventError) as error:
        print(error, file=sys.stderr)
        return 1


def _print_sealed(done: Sealed, as_json: bool) -> int:
    if as_json:
        print(json.dumps(asdict(done), ensure_ascii=False))
    else:
        print(f"seals: {done.sealed:,} rows sealed, {done.standing:,} had a seal")
    for row in done.unproved:
        print(f"not sealed: {row.line}", file=sys.stderr)
    return 1 if done.unproved else 0


def _print_verified(count: int, broken: Sequence[UnprovedRow], as_json: bool) -> int:
    if as_json:
        listed = [asdict(each) for each in broken]
        print(json.dumps({"seals": count, "broken": listed}, ensure_ascii=False))
    elif not broken:
        print(f"seals: all {count:,} are those of their rows and events")
    for each in broken:
        print(f"seal of {each.line}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ, lambda: to_us(datetime.now(UTC))))
