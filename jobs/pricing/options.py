"""Options of `price_usage` that belong to a dry run."""

import argparse

from jobs.pricing.finding_runs import LATEST
from jobs.pricing.running import Runner

_NAMES = ("as_of", "rate_card", "must_match", "limit")
_LIMIT = 40


def add_dry_run_options(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    group = parser.add_argument_group("dry run")
    group.add_argument(
        "--dry-run", action="store_true", help="price again, tell differences, write nothing"
    )
    group.add_argument(
        "--as-of",
        metavar="RUN",
        help="usage and charges of this run: its id, its snapshot of charges, latest (unless given)"
        " or now (what the next run would charge)",
    )
    group.add_argument("--rate-card", metavar="FILE", help="file of rate cards to try")
    group.add_argument("--must-match", action="store_true", help="exit code 1 if a line differs")
    group.add_argument("--limit", type=int, help=f"lines that are listed ({_LIMIT} unless given)")


def check_dry_run_options(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End the program, exit code 2, where options do not go together; else fill in the rest."""
    if not options.dry_run:
        for name in _NAMES:
            if getattr(options, name) is not None and getattr(options, name) is not False:
                parser.error(
                    f"--{name.replace('_', '-')}: expected --dry-run beside it, found none"
                )
    elif options.until is not None and options.as_of != "now":
        parser.error("--until: expected --as-of now beside it; a run has its own")
    if options.dry_run and options.runner is not Runner.LOCAL:
        parser.error(f"--runner: expected local beside --dry-run, found {options.runner}")
    if options.limit is not None and options.limit < 0:
        parser.error(f"--limit: expected 0 or more, found {options.limit}")
    options.as_of = options.as_of or LATEST
    options.limit = _LIMIT if options.limit is None else options.limit
