"""The ledger as text for hledger, by a small strict reader, and by hledger where it is there."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from schemas.journal import JournalEntry
from schemas.statement import LineKind
from tests.udfs.booking import booked, charge_of
from tests.udfs.ledgers import full_ledger
from tests.udfs.reading_hledger import check_hledger
from udfs.balancing import balances, trial_balance
from udfs.exporting_hledger import export_hledger
from udfs.rounding import from_minor

SPOILED = [
    ("assets:unbilled_usage  123.456 BHD", "assets:unbilled_usage  123.457 BHD"),
    ("assets:unbilled_usage  123456 JPY", "assets:unbilled_usage  123457 JPY"),
    ("0.00 USD = -29.23 USD", "0.00 USD = -29.24 USD"),
    ("account assets:receivable", "account assets:paid"),
]


def text_of(entries: Sequence[JournalEntry]) -> str:
    """Return the exported text."""
    return "".join(f"{line}\n" for line in export_hledger(entries))


def test_the_text_of_a_ledger() -> None:
    """Currencies, accounts, entries; and the balances on the last day."""
    entry = booked(charge_of(LineKind.USAGE, 1205, {"Airport 1": 5}, line_id="landing; fee"))
    assert (
        text_of([entry])
        == f"""\
commodity 1000.00 USD
account assets:unbilled_usage
account liabilities:payouts:Airport-1
account revenue:sales:landing

2013-01-31 * ({entry.entry_id}) usage landing, fee, period from 2013-01-01
    ; account: B6
    ; source: charge c0
    assets:unbilled_usage  12.05 USD
    liabilities:payouts:Airport-1  -0.05 USD
    revenue:sales:landing  -12.00 USD

2013-01-31 * balances
    assets:unbilled_usage  0.00 USD = 12.05 USD
    liabilities:payouts:Airport-1  0.00 USD = -0.05 USD
    revenue:sales:landing  0.00 USD = -12.00 USD
"""
    )


def test_a_strict_reader_takes_a_full_ledger() -> None:
    """All kinds of entries, currencies of 0, 2 and 3 decimals, odd names: every balance comes."""
    entries = full_ledger()
    count, standing = check_hledger(text_of(entries))
    assert count == len(entries) + 1
    lines = trial_balance(balances(entries))
    expected = sorted(
        (line.currency, from_minor(line.balance_minor, line.currency)) for line in lines
    )
    assert sorted((of, Fraction(amount)) for (_, of), amount in standing.items()) == expected
    assert standing["liabilities:credits", "USD"] == Decimal("-29.23")
    assert check_hledger(text_of([])) == (0, {})


@pytest.mark.parametrize(("before", "after"), SPOILED)
def test_the_reader_would_find_what_is_wrong(before: str, after: str) -> None:
    """One minor unit too much in an entry or a balance, an account that is not declared."""
    text = text_of(full_ledger())
    assert before in text
    with pytest.raises(ValueError, match=r"line|entry"):
        check_hledger(text.replace(before, after, 1))


@pytest.mark.skipif(shutil.which("hledger") is None, reason="hledger is not installed")
def test_hledger_takes_a_full_ledger(tmp_path: Path) -> None:
    """In strict mode; and it refuses what the reader refuses."""

    def accepts(text: str) -> bool:
        path = tmp_path / "ledger.journal"
        path.write_text(text)
        asked = ["hledger", "--file", str(path), "check", "--strict"]
        environment = os.environ | {"LC_ALL": "C.UTF-8"}
        done = subprocess.run(asked, env=environment, capture_output=True, check=False)
        return done.returncode == 0

    text = text_of(full_ledger())
    assert accepts(text)
    assert accepts(text_of([]))
    for before, after in SPOILED:
        assert not accepts(text.replace(before, after, 1)), after
