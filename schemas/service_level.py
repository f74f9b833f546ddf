"""Service levels: the closed list of what the product measures of itself, and one measured value.

A value is a fraction of whole numbers, never a float. A level without a value says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType


class LevelUnit(StrEnum):
    """What a value counts."""

    RATIO = "ratio"
    SECONDS = "seconds"
    EVENTS = "events"
    OFFSETS = "offsets"
    FAULTS = "faults"


class LevelArea(StrEnum):
    """What a level is about; for people."""

    RECEIVED = "Records received"
    USAGE = "Usage and closing"
    MONEY = "Charges and invoices"
    PROOFS = "Proofs"


class Comparison(StrEnum):
    """How a value must stand to its target."""

    BELOW = "<"
    AT_LEAST = ">="
    AT_MOST = "<="


class Verdict(StrEnum):
    """What a value means: a closed list."""

    MET = "met"
    MISSED = "missed"
    NOT_MEASURED = "not_measured"
    NO_TARGET = "no_target"


class Unmeasured(StrEnum):
    """Why a level has no value: a closed list. Nothing to measure is never taken for good."""

    NO_RECORDS = "no_records"
    NO_EVENTS = "no_events"
    NO_USAGE = "no_usage"
    NO_CHARGES = "no_charges"
    NO_INVOICES = "no_invoices"
    NO_ENTRIES = "no_entries"
    NO_COMMITS = "no_commits"
    NO_CHECKPOINTS = "no_checkpoints"
    NEVER_PRICED = "never_priced"
    NEVER_RECONCILED = "never_reconciled"
    COMMITS_FORGOTTEN = "commits_forgotten"
    WINDOWS_NOT_KEPT = "windows_not_kept"
    WINDOWS_ROLLED_UP = "windows_rolled_up"
    OUTSIDE_PRODUCT = "outside_product"


UNMEASURED_TEXTS: Mapping[Unmeasured, str] = MappingProxyType(
    {
        Unmeasured.NO_RECORDS: "no record was received in the window",
        Unmeasured.NO_EVENTS: "no event was received in the window",
        Unmeasured.NO_USAGE: "no period closed in the window",
        Unmeasured.NO_CHARGES: "no charge fell due in the window",
        Unmeasured.NO_INVOICES: "no invoice was due in the window",
        Unmeasured.NO_ENTRIES: "the ledger has no entries",
        Unmeasured.NO_COMMITS: "nothing was committed yet",
        Unmeasured.NO_CHECKPOINTS: "no two checkpoints of the metering job are in the tables",
        Unmeasured.NEVER_PRICED: "no run of pricing has finished yet",
        Unmeasured.NEVER_RECONCILED: "it was never reconciled",
        Unmeasured.COMMITS_FORGOTTEN: "the commits that brought the rows have expired",
        Unmeasured.WINDOWS_NOT_KEPT: "running usage is not kept (metering.keep_windows)",
        Unmeasured.WINDOWS_ROLLED_UP: "running usage was rolled up across a bound of the window",
        Unmeasured.OUTSIDE_PRODUCT: "the product does not hear of it",
    }
)
"""The reasons in words."""


@dataclass(frozen=True, slots=True)
class LevelDefinition:
    """One level of the closed list.

    Attributes:
        name: Its name for ever: rows, metrics and alerts are found by it.
        title: For people.
        area: What it is about.
        unit: Of its value.
        doc: How the value is formed, from which tables.
        comparison: How the value must stand to the target; None: it has no target.
        target: Exact decimal text, in the unit.
        split_by: Label of the parts that it is also measured by; empty: by none.
        is_live_only: Whether the target holds only where the broker stamps records on receipt.
    """

    name: str
    title: str
    area: LevelArea
    unit: LevelUnit
    doc: str
    comparison: Comparison | None = None
    target: str | None = None
    split_by: str = ""
    is_live_only: bool = False


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """One measured level: a row of `service_levels`, field for column but `job_version`.

    Attributes:
        row_id: 32 hex digits, made of run, level and part.
        run_id: Of the measurement; made of its instant and window.
        measured_at_us: When it was measured, by the clock of the program.
        level: Name in the closed list.
        part: What it was split by, canonical JSON such as {"partition":"0"}; {} of the whole.
        window_start_us: First instant of the window; None: from the beginning.
        window_end_us: First instant after it.
        unit: Of the value.
        numerator: Value times denominator; None: not measured.
        denominator: Greater than 0; None: not measured. Of a rate, what it is a share of.
        comparison: How the value must stand to the target; None: no target.
        target: Exact decimal text; None: no target.
        verdict: What the value means.
        reason: Why there is no value; None where there is one.
        detail: What else there is to know, one line for people; None: nothing.
    """

    row_id: str
    run_id: str
    measured_at_us: int
    level: str
    part: str
    window_start_us: int | None
    window_end_us: int
    unit: LevelUnit
    numerator: int | None
    denominator: int | None
    comparison: Comparison | None
    target: str | None
    verdict: Verdict
    reason: Unmeasured | None
    detail: str | None

    @property
    def value(self) -> Fraction | None:
        """The exact value; None: not measured."""
        if self.numerator is None or self.denominator is None:
            return None
        return Fraction(self.numerator, self.denominator)


@dataclass(frozen=True, slots=True)
class MeasuredWindow:
    """What a measurement looks at, and when it does.

    Attributes:
        start_us: First instant; None: from the beginning.
        end_us: First instant after it.
        measured_at_us: The clock of the program.
    """

    start_us: int | None
    end_us: int
    measured_at_us: int
