"""Applies a proposal that a person approves: once, wherever a program dies and however many run.

Three commits, in this order: records that the archive lacks, the adjustments with the names of
their events, and what lets them count. The second decides: before it nothing has happened, after it
whoever comes next lets the adjustments count, by the same rows.
"""

from dataclasses import dataclass
from typing import Any

from iceberg.adjustments import AdjustmentStore
from iceberg.writing import CommitConflictError
from jobs import VERSION
from jobs.repairing.proposing import (
    PendingAdjustmentsError,
    Proposed,
    RefusedBackfillError,
    propose,
)
from jobs.settings import Settings
from schemas.adjustment_proposal import Proposal
from schemas.brought_back_usage import BringBackDecision
from schemas.instant import to_text
from schemas.usage_adjustment import UsageAdjustment
from udfs.encoding_proposals import proposal_id
from udfs.writing_adjustments import approve_adjustment, count_adjustment

# Each conflict is another program that decided something: nobody waits in vain for long.
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying did.

    Attributes:
        proposal_id: Of the proposal.
        adjustments: Those of the proposal, as they were approved.
        records: Records that were added to the archive.
        is_new: Whether this program approved them; else somebody had before.
    """

    proposal_id: str
    adjustments: tuple[UsageAdjustment, ...]
    records: int
    is_new: bool


def apply_proposal(
    catalog: Any, settings: Settings, proposal: Proposal, decision: BringBackDecision
) -> Applied:
    """Adjust usage as proposed; what was approved before is only finished.

    Args:
        catalog: Has the tables.
        settings: Name the meters file, the clocks and the topic.
        proposal: What a person has read.
        decision: Who approves it, why and when.

    Raises:
        RefusedBackfillError: The difference is another by now; nothing is written.
        CommitConflictError: Other programs were faster again and again.
        UnknownCommitError: The catalog did not say whether it took rows: apply again.
        SettingsError, KafkaUnreachableError, BrokenRowsError: As `propose`.
    """
    namespace = settings.catalog.namespace
    for _ in range(_ATTEMPTS):
        store = AdjustmentStore(catalog, namespace)
        try:
            finish_adjustments(store)
            applied = _apply(catalog, settings, proposal, decision)
            if applied.is_new:
                finish_adjustments(AdjustmentStore(catalog, namespace))
        except (CommitConflictError, PendingAdjustmentsError):
            continue
        return applied
    raise CommitConflictError(
        f"commit, table usage_adjustments: expected no other program's, found {_ATTEMPTS} in a row;"
        " apply it again: what is there by now is not added again"
    )


def finish_adjustments(store: AdjustmentStore) -> int:
    """Let approved adjustments count that do not yet, as a program died; return how many.

    Raises:
        CommitConflictError: Another program was faster.
        UnknownCommitError: The catalog gave no clear answer.
    """
    counted = store.counted_ids()
    pending = [each for each in store.adjustments() if each.row_id not in counted]
    if pending:
        store.append_counted([count_adjustment(each) for each in pending], VERSION)
    return len(pending)


def _apply(
    catalog: Any, settings: Settings, proposal: Proposal, decision: BringBackDecision
) -> Applied:
    """Approve a proposal in one commit; return what was approved before, if it was."""
    store = AdjustmentStore(catalog, settings.catalog.namespace)
    named, wanted = proposal_id(proposal), {each.row_id for each in proposal.adjustments}
    before = tuple(each for each in store.adjustments() if each.row_id in wanted)
    if before and len(before) == len(wanted):
        return Applied(named, before, 0, is_new=False)
    now = propose(catalog, settings, proposal.scope)
    _check_same(proposal, now, before)
    if not now.proposal.adjustments:
        return Applied(named, (), 0, is_new=False)
    approved = tuple(approve_adjustment(each, named, decision) for each in now.proposal.adjustments)
    if now.records:
        store.append_records(now.records)
    store.append_adjustments(approved, VERSION)
    return Applied(named, approved, len(now.records), is_new=True)


def _check_same(proposal: Proposal, now: Proposed, before: tuple[UsageAdjustment, ...]) -> None:
    if now.proposal.adjustments == proposal.adjustments:
        return
    by = (
        ""
        if not before
        else (
            f", as {before[0].decided_by} adjusted {len(before)} of them at"
            f" {to_text(before[0].decided_at_us)}"
        )
    )
    raise RefusedBackfillError(
        f"proposal {proposal_id(proposal)}: expected the same difference as when it was made,"
        f" {len(proposal.adjustments)} adjustments, found another of"
        f" {len(now.proposal.adjustments)}{by}; propose again"
    )
