"""The ledger as text that beancount's own checker takes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from schemas.journal import JournalEntry
from schemas.statement import LineKind
from tests.udfs.booking import booked, charge_of
from tests.udfs.ledgers import full_ledger
from udfs.exporting_beancount import export_beancount

BEAN_CHECK = Path(sys.executable).with_name("bean-check")


def text_of(entries: Sequence[JournalEntry]) -> str:
    """Return the exported text."""
    return "".join(f"{line}\n" for line in export_beancount(entries))


def complaints(text: str, folder: Path) -> str:
    """Return what `bean-check` says of a text: nothing where it takes it."""
    path = folder / "ledger.beancount"
    path.write_text(text)
    asked = [str(BEAN_CHECK), "--no-cache", str(path)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert bool(done.returncode) == bool(done.stderr), done
    return done.stderr


def test_the_text_of_a_ledger() -> None:
    """Accounts open on the first day; entries; the balances after the last one."""
    entry = booked(charge_of(LineKind.USAGE, 1205, {"Airport": 5}, account_id='say "B6"\\'))
    assert (
        text_of([entry])
        == f"""\
option "title" "Meterclose"
option "name_income" "Revenue"
2013-01-31 open Assets:Unbilled-usage
2013-01-31 open Liabilities:Payouts:Airport
2013-01-31 open Revenue:Sales:Landing

2013-01-31 * "say \\"B6\\"\\\\" "usage landing-fee, period from 2013-01-01" ^{entry.entry_id}
  source_kind: "charge"
  source_id: "c0"
  Assets:Unbilled-usage  12.05 USD
  Liabilities:Payouts:Airport  -0.05 USD
  Revenue:Sales:Landing  -12.00 USD

2013-02-01 balance Assets:Unbilled-usage  12.05 ~ 0 USD
2013-02-01 balance Liabilities:Payouts:Airport  -0.05 ~ 0 USD
2013-02-01 balance Revenue:Sales:Landing  -12.00 ~ 0 USD
"""
    )


def test_bean_check_takes_a_full_ledger(tmp_path: Path) -> None:
    """All kinds of entries, currencies of 0, 2 and 3 decimals, odd names; and an empty one."""
    text = text_of(full_ledger())
    assert all(f" {amount}\n" in text for amount in ("1234.56 USD", "123456 JPY", "123.456 BHD"))
    assert complaints(text, tmp_path) == ""
    assert complaints(text_of([]), tmp_path) == ""


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("Assets:Unbilled-usage  123.456 BHD", "Assets:Unbilled-usage  123.457 BHD", "not balance"),
        ("Assets:Unbilled-usage  123456 JPY", "Assets:Unbilled-usage  123457 JPY", "not balance"),
        ("balance Liabilities:Credits  -29.23", "balance Liabilities:Credits  -29.24", "Balance"),
        ("open Assets:Receivable", "open Assets:Paid", "Receivable"),
    ],
)
def test_bean_check_would_find_what_is_wrong(
    before: str, after: str, complaint: str, tmp_path: Path
) -> None:
    """One minor unit too much in an entry or a balance, an account that is not open."""
    text = text_of(full_ledger())
    assert before in text
    assert complaint in complaints(text.replace(before, after, 1), tmp_path)
