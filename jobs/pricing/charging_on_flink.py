"""Charges all accounts by a Flink job: what it adds stands in a branch, until it is published."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from iceberg.charge_branch import ChargeBranch, drop_stale_branches
from iceberg.charge_tables import CHARGES
from iceberg.pricing_inputs import PricingInputs
from iceberg.reading import BrokenRowsError
from iceberg.writing import UnknownCommitError
from jobs.local.mini_cluster import provide_flink
from jobs.local.places import SetupError
from jobs.pricing.account_inputs import Agreements
from jobs.settings import Settings
from schemas.account_rows import RefusedAccount
from udfs.assembling import MissingDetailError, is_by_value
from udfs.charging_accounts import PricingRules
from udfs.rating import MissingPriceError
from udfs.segmenting import Cards, UnknownTermsError
from udfs.summing_charges import ChargeSums
from udfs.totalling import BrokenUsageError

if TYPE_CHECKING:
    from jobs.flink.pricing_job import PricedAccounts

_ERRORS: dict[str, type[Exception]] = {
    BrokenUsageError.__name__: BrokenRowsError,
    **{
        error.__name__: error
        for error in (UnknownTermsError, MissingDetailError, MissingPriceError)
    },
}


class FlinkRunError(Exception):
    """Flink could not run the job, and nothing is charged; one line."""


@dataclass(frozen=True, slots=True)
class FlinkWork:
    """All that is to be charged.

    Attributes:
        rules: Of the run.
        inputs: Of the run.
        agreements: With all accounts.
        base_id: Snapshot of what was charged before; None: nothing was.
    """

    rules: PricingRules
    inputs: PricingInputs
    agreements: Agreements
    base_id: int | None


def charge_on_flink(
    catalog: Any, settings: Settings, work: FlinkWork, note: Callable[[ChargeSums, int], None]
) -> None:
    """Charge all accounts in one commit, if nobody else has since `work` was read.

    Args:
        catalog: Has the tables.
        settings: Name the catalog for Flink, and its parallelism.
        work: What is to be charged.
        note: Takes what is about to be committed, as read again from the branch, and the number of
            accounts; it is called once, before the commit if there is one.

    Raises:
        BrokenRowsError: Rows contradict each other.
        UnknownTermsError, MissingDetailError, MissingPriceError: Usage cannot be priced.
        CommitConflictError: Another program has charged meanwhile.
        UnknownCommitError: The catalog gave no clear answer.
        FlinkRunError: The job failed, or a part of Flink is missing.
    """
    namespace = settings.catalog.namespace
    drop_stale_branches(catalog, namespace)
    branch = ChargeBranch(catalog, namespace, work.rules.run_id, work.base_id)
    with _dropped_unless_published(branch):
        priced = _run_job(settings, work, branch.name)
        sums = ChargeSums()
        for charges in branch.charges(priced.charges):
            sums.add(charges)
        note(sums, priced.accounts)
        if sums.count:
            branch.publish()


@contextmanager
def _dropped_unless_published(branch: ChargeBranch) -> Iterator[None]:
    try:
        yield
    except UnknownCommitError:
        raise  # it may be the table by now
    except Exception:
        branch.drop()
        raise


def _run_job(settings: Settings, work: FlinkWork, branch: str) -> PricedAccounts:
    """Run the job; return what it has done, or raise why an account is refused."""
    try:
        provide_flink(os.environ)
    except SetupError as error:
        raise FlinkRunError(str(error)) from error
    # It takes seconds to import, and others have no need of it.
    from jobs.flink.class_path import MissingJarError  # noqa: PLC0415
    from jobs.flink.pricing_job import (  # noqa: PLC0415
        PricingJob,
        PricingJobError,
        run_pricing_job,
    )

    snapshot_ids = dict(work.inputs.snapshot_ids)
    if work.base_id is not None:
        snapshot_ids[CHARGES.name] = work.base_id
    has_details = may_need_windows(work.agreements, work.rules.cards)
    try:
        outcome = run_pricing_job(
            settings, PricingJob(work.rules, snapshot_ids, branch, has_details)
        )
    except (MissingJarError, PricingJobError) as error:
        raise FlinkRunError(str(error)) from error
    if isinstance(outcome, RefusedAccount):
        raise _ERRORS[outcome.error](outcome.line)
    return outcome


def may_need_windows(agreements: Agreements, cards: Cards) -> bool:
    """Return whether the windows of any period may be priced (`udfs.assembling.needs_detail`).

    They are where another version of a contract or card takes over or a trial ends, and of meters
    whose price looks at each value.
    """
    versions = [*cards.values(), *agreements.contracts.values()]
    return (
        any(len(each) > 1 for each in versions)
        or any(
            contract.trial_until_us is not None
            for contracts in agreements.contracts.values()
            for contract in contracts
        )
        or any(
            is_by_value(price)
            for card_versions in cards.values()
            for card in card_versions
            for price in card.prices
        )
    )
