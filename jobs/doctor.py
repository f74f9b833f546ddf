"""Examines a deployment from this machine: what is wrong with it, and what to do.

    python -m jobs.doctor --settings config/live.yaml --accounts config/accounts.yaml

Nothing is changed: one small object is written to the warehouse and one to the folder of
checkpoints, and deleted again. The exit code is 1 where something failed.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from rich.console import Console

from jobs.diagnosing.deployment import Files, open_deployment
from jobs.diagnosing.diagnosing import diagnose
from jobs.reporting.rendering import WIDTH
from jobs.reporting.rendering_diagnosis import print_findings
from schemas.finding import Verdict
from schemas.instant import to_us


def main(
    arguments: Sequence[str], environ: Mapping[str, str], now_us: Callable[[], int], probe: str
) -> int:
    """Print what was found; return the exit code.

    Args:
        arguments: As typed.
        environ: The process environment.
        now_us: Reads this machine's clock.
        probe: Name of the object that is written to try the storage.
    """
    parser = argparse.ArgumentParser(prog="doctor", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--settings", type=Path, required=True, help="settings file")
    parser.add_argument("--accounts", type=Path, help="file of accounts, to be looked at, too")
    parser.add_argument("--rate-cards", type=Path, help="file of rate cards and FX rates")
    parser.add_argument("--contracts", type=Path, help="file of contracts, grants and fees")
    parser.add_argument("--invoicing", type=Path, help="file of invoicing")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    options = parser.parse_args(arguments)
    files = Files(
        options.settings,
        options.accounts,
        options.rate_cards,
        options.contracts,
        options.invoicing,
    )
    with open_deployment(files, environ, now_us, probe) as deployment:
        findings = list(diagnose(deployment))
    if options.json:
        print(json.dumps([{"check": name, **asdict(finding)} for name, finding in findings]))
    else:
        width = max(WIDTH, shutil.get_terminal_size().columns)
        print_findings(Console(width=width), findings)
    return 1 if any(finding.verdict is Verdict.FAILED for _, finding in findings) else 0


if __name__ == "__main__":
    sys.exit(
        main(
            sys.argv[1:],
            os.environ,
            lambda: to_us(datetime.now(UTC)),
            f".meterclose-probe-{uuid4().hex}",
        )
    )
