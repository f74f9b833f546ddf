"""The chart of accounts: every account of the ledger, and what it holds. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LedgerKind(StrEnum):
    """The kinds of ledger accounts; the first and the last grow by debits, others by credits."""

    ASSETS = "assets"
    LIABILITIES = "liabilities"
    REVENUE = "revenue"
    EXPENSES = "expenses"


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """One line of the chart of accounts.

    Attributes:
        kind: What kind of account it is.
        name: Its name within the kind.
        part: What each of its parts is named after, such as the product; empty: it has no parts.
        doc: What it holds, in one sentence.
    """

    kind: LedgerKind
    name: str
    part: str
    doc: str


RECEIVABLE = LedgerAccount(
    LedgerKind.ASSETS,
    "receivable",
    "",
    "What customers owe: invoices, tax included, and credit that they bought.",
)
UNBILLED_USAGE = LedgerAccount(
    LedgerKind.ASSETS,
    "unbilled_usage",
    "",
    "Charges that are on no invoice yet; 0 once all are.",
)
TAX_PAYABLE = LedgerAccount(
    LedgerKind.LIABILITIES,
    "tax_payable",
    "jurisdiction",
    "Tax on invoices, owed to a jurisdiction.",
)
CREDITS = LedgerAccount(
    LedgerKind.LIABILITIES, "credits", "", "Credit that customers bought and have not used."
)
PAYOUTS = LedgerAccount(
    LedgerKind.LIABILITIES, "payouts", "party", "Shares of charges, owed to other parties."
)
SALES = LedgerAccount(
    LedgerKind.REVENUE,
    "sales",
    "product",
    "Usage, fees, minimums and commitments, less the shares of other parties.",
)
DISCOUNTS = LedgerAccount(
    LedgerKind.REVENUE,
    "discounts",
    "product",
    "Discounts, trials and what is above a maximum, against sales.",
)
CREDITS_GIVEN = LedgerAccount(
    LedgerKind.REVENUE,
    "credits_given_away",
    "product",
    "Credit that nobody paid for, as far as it was used, against sales.",
)
BREAKAGE = LedgerAccount(
    LedgerKind.REVENUE, "breakage", "", "Credit that customers bought and let expire."
)
ROUNDING = LedgerAccount(
    LedgerKind.EXPENSES,
    "rounding",
    "",
    "Differences of rounding: none, as amounts are rounded once and parts sum to their whole.",
)

CHART: tuple[LedgerAccount, ...] = (
    RECEIVABLE,
    UNBILLED_USAGE,
    TAX_PAYABLE,
    CREDITS,
    PAYOUTS,
    SALES,
    DISCOUNTS,
    CREDITS_GIVEN,
    BREAKAGE,
    ROUNDING,
)
"""All of them; an entry posts to no other."""
