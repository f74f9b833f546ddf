"""A manual act: what a person decided and a program did, as it stands in the log."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ActKind(StrEnum):
    """What a person may decide: a closed list (docs/audit-log.md)."""

    FREEZE_BILLING = "freeze_billing"
    LIFT_FREEZE = "lift_freeze"
    APPLY_BACKFILL = "apply_backfill"
    BRING_BACK_USAGE = "bring_back_usage"
    ACCEPT_COMMITS = "accept_commits"
    REWIND_TABLES = "rewind_tables"
    ADOPT_TABLES = "adopt_tables"
    LOAD_RATE_CARDS = "load_rate_cards"
    PUBLISH_ACCOUNTS = "publish_accounts"
    APPROVE_INVOICES = "approve_invoices"
    ISSUE_INVOICES = "issue_invoices"
    VOID_INVOICE = "void_invoice"
    ERASE_SUBJECT = "erase_subject"
    READ_SUBJECT = "read_subject"


class ActOutcome(StrEnum):
    """How far an act had come."""

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides, and why.

    Attributes:
        decided_by: The person or the program, in the words of the caller.
        reason: Why, in the words of the caller.
    """

    decided_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class AskedAct:
    """What is about to be done.

    Attributes:
        kind: What it is.
        program: What does it, such as `jobs.freeze_billing`.
        decision: Who wants it, and why.
        about: What it is about: values of JSON by name, in the order in which they are kept. Never
            a secret; never a person in clear where the act is there to forget one.
    """

    kind: ActKind
    program: str
    decision: Decision
    about: dict[str, object]


@dataclass(frozen=True, slots=True)
class ActEntry:
    """One row of `manual_acts`, field for column: an act has one when it begins, one at its end.

    Attributes:
        entry_no: Place in the chain of all rows, from 0.
        act_id: 32 hex digits, the same for both rows of an act.
        kind: What is done.
        outcome: `begun` is written before; `done` or `failed` after it.
        decided_by: Who decided.
        reason: Why.
        program: What does it, such as `jobs.freeze_billing`.
        about: Compact JSON: what the act is about; at its end, what it has come to.
        message: Why it failed, in one line; None: it did not.
        at_us: When, wall clock.
        job_version: Version of the program.
        previous_hash: Hash of the row before; of the first 64 zeros.
        entry_hash: SHA-256 over `previous_hash` and all else here, 64 hex digits.
    """

    entry_no: int
    act_id: str
    kind: ActKind
    outcome: ActOutcome
    decided_by: str
    reason: str
    program: str
    about: str
    message: str | None
    at_us: int
    job_version: str
    previous_hash: str
    entry_hash: str


@dataclass(frozen=True, slots=True)
class ManualAct:
    """Both rows of an act.

    Attributes:
        begun: What was asked for.
        ended: What came of it; None: it is being done, or was stopped on the way.
    """

    begun: ActEntry
    ended: ActEntry | None
