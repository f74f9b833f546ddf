"""Measures service levels from the tables, keeps them in `service_levels`, and shows them.

    python -m jobs.measure_service --settings config/live.yaml
    python -m jobs.measure_service --settings config/live.yaml --from 2026-11-01 --until 2026-12-01
    python -m jobs.measure_service --settings config/live.yaml --html levels.html
    python -m jobs.measure_service --settings config/live.yaml --serve 9109

The exit code is 1 where a target is missed and `--must-meet` was given, or rows contradict each
other; what the levels mean is in docs/service-levels.md.
"""

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from iceberg.catalog import CatalogUnreachableError, open_catalog
from iceberg.creating import TableConflictError
from iceberg.reading import BrokenRowsError
from iceberg.service_store import append_levels, read_levels
from iceberg.writing import CommitConflictError, UnknownCommitError
from jobs import VERSION
from jobs.reporting.exposing_commits import commit_lines
from jobs.reporting.rendering import WIDTH
from jobs.service_levels.collecting import Measurement, measure
from jobs.service_levels.reading_commits import read_commit_ages
from jobs.service_levels.rendering_html import render_page
from jobs.service_levels.rendering_prometheus import business_lines, render_prometheus
from jobs.service_levels.rendering_text import level_members, print_levels
from jobs.service_levels.serving import KeptPages, NotMeasuredError, Pages, make_server
from jobs.service_levels.writing_files import write_at_once
from jobs.settings import Settings, SettingsError, load_settings
from jobs.stop_signal import until_signal
from schemas.instant import SECOND_US, to_text, to_us
from schemas.service_level import MeasuredWindow, ServiceLevel, Verdict

_REFUSED = (
    SettingsError,
    CatalogUnreachableError,
    TableConflictError,
    CommitConflictError,
    UnknownCommitError,
)
_EVERY_S = 300


def measure_and_keep(
    settings: Settings, window: MeasuredWindow
) -> tuple[Measurement, tuple[ServiceLevel, ...]]:
    """Measure, append what was measured to the table, and return it with the whole history.

    Raises:
        SettingsError: The meters file is wrong.
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is missing or is not as declared.
        BrokenRowsError: Rows contradict each other.
        CommitConflictError, UnknownCommitError: Run it again.
    """
    catalog, namespace = open_catalog(settings.catalog), settings.catalog.namespace
    measurement = measure(settings, window)
    append_levels(catalog, namespace, measurement.levels, VERSION)
    return measurement, read_levels(catalog, namespace)


def main(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    now_us: Callable[[], int],
    stopped: threading.Event | None = None,
) -> int:
    """Measure and show the levels; return the exit code.

    Args:
        arguments: Of the command line.
        environ: Process environment.
        now_us: The clock.
        stopped: Ends the server when it is set; None: signals to end do.
    """
    options = make_parser().parse_args(arguments)
    try:
        window = _window(options, now_us())
        settings = load_settings(options.settings, environ)
        if options.serve is not None:
            return _serve(settings, options, now_us, stopped or until_signal())
        measurement, history = measure_and_keep(settings, window)
        _write(settings, options, measurement, history)
    except _REFUSED as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenRowsError as error:
        print(error, file=sys.stderr)
        return 1
    levels = measurement.levels
    if options.json:
        print(json.dumps(level_members(levels, window), ensure_ascii=False))
    else:
        print_levels(Console(width=WIDTH), levels, window)
    is_missed = any(each.verdict is Verdict.MISSED for each in levels)
    return 1 if options.must_meet and is_missed else 0


def make_parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    parser = argparse.ArgumentParser(
        prog="measure_service", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--from", dest="since", help="begin of the window, RFC 3339 or a day")
    parser.add_argument("--until", help="end of the window, the same; now if left out")
    parser.add_argument("--json", action="store_true", help="print the levels as JSON")
    parser.add_argument("--html", type=Path, help="write a page for people into this file")
    parser.add_argument(
        "--must-meet", action="store_true", help="exit with 1 where a target is missed"
    )
    out = parser.add_mutually_exclusive_group()
    out.add_argument("--prometheus", type=Path, help="write metrics into this file")
    out.add_argument("--serve", type=int, metavar="PORT", help="serve metrics and page over HTTP")
    parser.add_argument("--host", default="127.0.0.1", help="address that is listened at")
    parser.add_argument(
        "--every", type=int, default=_EVERY_S, help="seconds that what is served may be old"
    )
    return parser


def _window(options: argparse.Namespace, at_us: int) -> MeasuredWindow:
    start_us = None if options.since is None else _instant_us("--from", options.since)
    end_us = at_us if options.until is None else _instant_us("--until", options.until)
    if start_us is not None and start_us >= end_us:
        expected = f"an instant before the window's end, {to_text(end_us)}"
        raise SettingsError("bad option", "--from", expected, to_text(start_us))
    if options.serve is not None and (options.until or options.json or options.must_meet):
        expected = "no --until, --json or --must-meet beside it"
        raise SettingsError("bad option", "--serve", expected, "one")
    for name, path in (("--html", options.html), ("--prometheus", options.prometheus)):
        if path is not None and not path.parent.is_dir():
            expected = "a file in a folder that is there"
            raise SettingsError("bad option", name, expected, str(path))
    if options.every < 1:
        raise SettingsError("bad option", "--every", "1 or more seconds", str(options.every))
    return MeasuredWindow(start_us, end_us, at_us)


def _instant_us(name: str, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
        is_day = len(text) == len("2026-11-01") and moment.tzinfo is None
        return to_us(moment.replace(tzinfo=UTC) if is_day else moment)
    except ValueError:
        expected = "a day of UTC or an instant with its offset, such as 2026-11-01T00:00:00Z"
        raise SettingsError("bad option", name, expected, repr(text)) from None


def _write(
    settings: Settings,
    options: argparse.Namespace,
    measurement: Measurement,
    history: Sequence[ServiceLevel],
) -> None:
    if options.html is not None:
        _write_file("--html", options.html, render_page(measurement, history))
    if options.prometheus is not None:
        _write_file("--prometheus", options.prometheus, _metrics(settings, measurement))


def _metrics(settings: Settings, measurement: Measurement) -> str:
    """Return levels, commits as they were at the same instant, and figures of the business."""
    ages = read_commit_ages(settings, measurement.window.measured_at_us // 1000)
    others = (*commit_lines(ages), *business_lines(measurement.business))
    return render_prometheus(measurement.levels) + "".join(f"{line}\n" for line in others)


def _write_file(option: str, path: Path, text: str) -> None:
    try:
        write_at_once(path, text)
    except OSError as error:
        expected = "a file that can be written"
        raise SettingsError("bad option", option, expected, str(error)) from None


def _serve(
    settings: Settings,
    options: argparse.Namespace,
    now_us: Callable[[], int],
    stopped: threading.Event,
) -> int:
    """Serve until told to stop. A mistake shows at once: levels are measured before it begins."""

    def pages() -> Pages:
        measurement, history = measure_and_keep(settings, _window(options, now_us()))
        _write(settings, options, measurement, history)
        return Pages(_metrics(settings, measurement), render_page(measurement, history))

    def pages_if_any() -> Pages:
        try:
            return pages()
        except (*_REFUSED, BrokenRowsError) as error:
            raise NotMeasuredError(str(error)) from error

    first: list[Pages] = []
    kept = KeptPages(
        lambda: first.pop() if first else pages_if_any(),
        options.every * SECOND_US,
        lambda: time.monotonic_ns() // 1000,
    )
    try:
        server = make_server(options.host, options.serve, kept)
    except (OSError, OverflowError) as error:
        expected = "an address and port that are free"
        raise SettingsError("bad option", "--serve", expected, str(error)) from None
    with server:
        first.append(pages())
        kept.get()
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        host, port = server.server_address[:2]
        print(f"serving / and /metrics at http://{host!s}:{port}", flush=True)
        stopped.wait()
        server.shutdown()
        thread.join()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ, lambda: to_us(datetime.now(UTC))))
