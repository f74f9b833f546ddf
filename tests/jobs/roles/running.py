"""Programs with arguments over a small world, run in this process or in one with fewer rights.

`python -m tests.jobs.roles.running` reads a list of programs and arguments as JSON, runs each, and
prints how it ended.
"""

import importlib
import inspect
import io
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from schemas.instant import to_us
from tests.jobs.pricing_rows import day

WHY = ("--by", "Ada L", "--reason", "a test")
_NOW = day(3, 5)
_FX_AND_FEES = {
    "rate-cards.yaml": """\
rate_cards:
  - card_id: gold
    currency: USD
    version: 1
    effective_from: 2013-01-01T00:00:00Z
    fees: [{fee_id: desk, product: desks, amount: 31}]
    free_meters: [flights, longest]
fx_rates: [{day: 2013-01-31, base: USD, quote: EUR, rate: '0.75'}]
""",
    "contracts.yaml": """\
contracts: [{account_id: A, version: 2, effective_from: 2013-06-01T00:00:00Z, currency: USD}]
credit_grants:
  - {grant_id: c, account_id: A, currency: USD, amount: 5, granted: 2013-01-01T00:00:00Z}
one_off_fees:
  - {fee_id: f, account_id: A, product: setup, currency: USD, amount: 9,
     at: 2013-01-02T00:00:00Z}
""",
}


def writing_commands(folder: Path) -> dict[str, list[str]]:
    """Return what makes each program write, its files put into a folder; in an order that works."""
    for name, text in _FX_AND_FEES.items():
        (folder / name).write_text(text)
    cards, contracts = (str(folder / name) for name in _FX_AND_FEES)
    invoicing = str(folder / "invoicing.yaml")
    until = ["--until", "2013-02-01T05:00:00Z"]
    return {
        "create_tables": [],
        "load_rate_cards": ["--rate-cards", cards, "--contracts", contracts, *WHY],
        "price_usage": ["--workers", "1"],
        "issue_invoices": ["run", "--invoicing", invoicing, *until],
        "seal_usage": [],
        "reconcile_usage": [],
        "reconcile_charges": [],
        "measure_service": [],
        "freeze_billing": ["freeze", "--account", "A", *WHY],
        "bring_back_usage": ["--row", "expired", *WHY],
        "roll_up_windows": ["--hours-after-days", "1", "--days-after-days", "2"],
        "accept_commits": [*WHY],
        "backfill_usage": ["--apply", str(folder / "proposal.json"), *WHY],
        "rewind_tables": ["--checkpoint", "2", *WHY],
        "maintain_tables": ["--compact", "--least-files", "2", "--expire-older-than-days", "0"],
    }


def run(name: str, settings: Path, words: Sequence[str]) -> dict[str, Any]:
    """Run a program; return its exit code and what it said."""
    program = importlib.import_module(f"jobs.{name}")
    first, *others = inspect.signature(program.main).parameters
    known: Mapping[str, Any] = {
        "environ": {},
        "now": lambda: _NOW,
        "now_us": lambda: to_us(_NOW),
        "clock": lambda: to_us(_NOW),
        "stopped": None,
    }
    assert first == "arguments"
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        arguments = ["--settings", str(settings), *words]
        code = program.main(arguments, **{other: known[other] for other in others})
    return {"program": name, "code": code, "out": out.getvalue(), "err": err.getvalue()}


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    found = [run(name, Path(settings), words) for name, settings, words in asked]
    print(json.dumps(found))
