"""What a reconciliation of charges says: equations with their two sides, and what differs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class DifferenceKind(StrEnum):
    """What is wrong: a closed list."""

    ROWS_DIFFER = "rows_differ"
    """Rows of one identity say different things."""
    USAGE_NOT_CHARGED = "usage_not_charged"
    """Usage that no charge names, and nothing explains."""
    USAGE_CHARGED_TWICE = "usage_charged_twice"
    """A row of usage named by charges of another period or meter too, or twice in one."""
    USAGE_UNKNOWN = "usage_unknown"
    """Charges name a row of usage that is not there."""
    QUANTITY_DIFFERS = "quantity_differs"
    """What was charged of a meter in a period is not what was used."""
    CHARGED_WHILE_FROZEN = "charged_while_frozen"
    """Charges of a billing period that runs had to leave out, as a freeze stands."""
    REVISIONS_BROKEN = "revisions_broken"
    """The charges of a line are not revision 0, 1, 2, ..., or do not add up to their last total."""
    RUN_UNFINISHED = "run_unfinished"
    """A run has charged, and died before all was booked; the next run finishes it."""
    PRICE_DIFFERS = "price_differs"
    """A line is not what an independent pricing makes of usage, cards and contracts."""
    ENTRY_MISSING = "entry_missing"
    """A charge, grant, expiry or invoice that the ledger lacks."""
    ENTRY_UNKNOWN = "entry_unknown"
    """The ledger books what is not there."""
    ENTRY_DIFFERS = "entry_differs"
    """An entry moves something else than what it books."""
    ENTRY_REPEATED = "entry_repeated"
    """Two entries book the same."""
    ENTRY_UNBALANCED = "entry_unbalanced"
    """The postings of an entry do not sum to zero."""
    CHAIN_BROKEN = "chain_broken"
    """From this entry on the hashes do not follow from what is written."""
    BALANCE_DIFFERS = "balance_differs"
    """What stands on a ledger account of a customer is not what the other tables come to."""
    INVOICE_CHANGED = "invoice_changed"
    """An invoice is not what its hash, its columns or its earlier states say."""
    INVOICE_MISSING = "invoice_missing"
    """The sequence of an account's invoices has a gap."""
    INVOICE_SUM = "invoice_sum"
    """Lines, taxes or credit of an invoice do not add up to its totals."""
    LINE_DIFFERS = "line_differs"
    """A line of an invoice is not what its charges come to."""
    TAX_SHARE = "tax_share"
    """The lines' shares of a tax do not sum to the tax."""
    TAX_DIFFERS = "tax_differs"
    """A tax is not its rate of what it is on, rounded once."""
    CHARGE_INVOICED_TWICE = "charge_invoiced_twice"
    """A charge stands on two invoices, or twice on one."""
    CORRECTION_UNNAMED = "correction_unnamed"
    """A correction does not name the invoice that it corrects."""
    NUMBER_MISSING = "number_missing"
    """A series of numbers has a gap."""
    NUMBER_REPEATED = "number_repeated"
    """A number stands on two invoices."""


@dataclass(frozen=True)
class Difference:
    """One thing that is wrong.

    Attributes:
        kind: What.
        account_id: Whose; None where it is nobody's.
        currency: Of amounts; None where there are none.
        period_start: Of the billing period, if it is of one.
        period_end: The same.
        ids: Of the rows it is about, at most 100.
        expected: What should be there, in words and numbers.
        found: What is.
    """

    kind: DifferenceKind
    account_id: str | None
    currency: str | None
    period_start: datetime | None
    period_end: datetime | None
    ids: tuple[str, ...]
    expected: str
    found: str


@dataclass(frozen=True)
class Equation:
    """Two sides that must be the same.

    Attributes:
        name: What is compared.
        of: Currency, meter or series that it holds for; empty: for all.
        left_is: What the left side is.
        right_is: What the right side is.
        left: Minor units, a quantity or a count.
        right: The same.
    """

    name: str
    of: str
    left_is: str
    right_is: str
    left: Decimal
    right: Decimal

    @property
    def holds(self) -> bool:
        """Whether both sides are the same."""
        return self.left == self.right


@dataclass(frozen=True)
class WaitingUsage:
    """What waits behind a freeze of billing: no difference, and not charged either.

    Attributes:
        accounts: How many have periods that wait.
        periods: How many periods of accounts wait, those without usage too.
        usage: What was used in them and is on no charge, by meter: rows, and their sum.
    """

    accounts: int = 0
    periods: int = 0
    usage: Mapping[str, tuple[int, Decimal]] = field(default_factory=dict)


@dataclass(frozen=True)
class Reconciled:
    """What the tables say together.

    Attributes:
        equations: In the order in which money goes.
        explained: How many rows of usage are charged, or why not: by reason, ordered.
        counts: How many differences there are of each kind, ordered by kind.
        differences: Of each kind the first 1,000.
        waiting: What freezes keep from being charged.
    """

    equations: tuple[Equation, ...]
    explained: dict[str, int]
    counts: dict[str, int]
    differences: tuple[Difference, ...]
    waiting: WaitingUsage = field(default_factory=WaitingUsage)

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.counts and all(each.holds for each in self.equations)
