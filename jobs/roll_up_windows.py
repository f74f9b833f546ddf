"""Rolls up running usage: detail to a row an hour, then hours to a row a day of UTC.

    python -m jobs.roll_up_windows --settings config/live.yaml --hours-after-days 7 \
        --days-after-days 90

Run it once a day, beside the job. Running it again on the same day changes nothing.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from iceberg.catalog import CatalogUnreachableError, open_catalog
from iceberg.creating import TableConflictError, check_tables
from iceberg.reading import BrokenRowsError
from iceberg.rolling import RolledMonth, RollUpConflictError, roll_up_windows
from iceberg.tables import METERING_WINDOWS
from jobs import VERSION
from jobs.settings import CatalogSettings, SettingsError, load_settings
from schemas.instant import to_us
from udfs.rolling import roll_up_cuts


def roll_up(
    settings: CatalogSettings, now_us: int, hours_after_days: int, days_after_days: int
) -> Iterator[RolledMonth]:
    """Roll up what is due at an instant; yield each month that was committed, oldest first.

    Raises:
        SettingsError: The numbers of days make no sense.
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is missing or is not as declared.
        RollUpConflictError: Other writers committed before each attempt.
        BrokenRowsError: Rows contradict each other.
    """
    try:
        cuts = roll_up_cuts(now_us, hours_after_days, days_after_days)
    except ValueError as error:
        expected, _, found = str(error).removeprefix("expected ").partition(", found ")
        raise SettingsError("bad option", "command line", expected, found) from error
    catalog = open_catalog(settings)
    check_tables(catalog, settings.namespace)
    existing = catalog.load_table((settings.namespace, METERING_WINDOWS.name))
    yield from roll_up_windows(existing, cuts, VERSION)


def main(arguments: Sequence[str], environ: Mapping[str, str], now_us: Callable[[], int]) -> int:
    """Roll up and print each month as it is committed; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="roll_up_windows", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument(
        "--hours-after-days", type=int, required=True, help="whole days that detail is kept"
    )
    parser.add_argument(
        "--days-after-days", type=int, required=True, help="whole days that hours are kept"
    )
    parser.add_argument("--now", help="the instant of the run, RFC 3339; the clock's if left out")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON lines")
    options = parser.parse_args(arguments)
    months = 0
    try:
        at_us = now_us() if options.now is None else _instant_us(options.now)
        catalog = load_settings(options.settings, environ).catalog
        days = (options.hours_after_days, options.days_after_days)
        for rolled in roll_up(catalog, at_us, *days):
            months += 1
            print(json.dumps(asdict(rolled)) if options.json else _line(rolled), flush=True)
    except (SettingsError, CatalogUnreachableError, TableConflictError) as error:
        print(error, file=sys.stderr)
        return 2
    except (RollUpConflictError, BrokenRowsError) as error:
        print(error, file=sys.stderr)
        return 1
    if not months and not options.json:
        print(f"{METERING_WINDOWS.name}: nothing to roll up")
    return 0


def _instant_us(text: str) -> int:
    try:
        return to_us(datetime.fromisoformat(text))
    except ValueError as error:
        expected = "an instant with its offset, such as 2026-11-01T00:00:00Z"
        raise SettingsError("bad option", "--now", expected, repr(text)) from error


def _line(rolled: RolledMonth) -> str:
    again = f", {rolled.repeated_rows:,} of them repeats" if rolled.repeated_rows else ""
    return (
        f"{METERING_WINDOWS.name}, {rolled.month}: {rolled.rows_removed:,} rows{again} in "
        f"{rolled.files_removed:,} files became {rolled.rows_added:,} in {rolled.files_added:,}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ, lambda: to_us(datetime.now(UTC))))
