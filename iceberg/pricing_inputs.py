"""Everything that a run of pricing reads, and the snapshots that it read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pyiceberg.catalog import Catalog

from iceberg.accepting import AcceptedStore
from iceberg.account_tables import ACCOUNTS
from iceberg.checking import RepeatedCommit
from iceberg.cutting import CUT_TABLES, common_cut
from iceberg.decided_tables import BROUGHT_BACK_USAGE, FREEZES
from iceberg.freezes import FreezeStore
from iceberg.kept_snapshots import check_kept
from iceberg.price_lists import read_price_lists
from iceberg.priced_usage import PricedUsage
from iceberg.reading import read_once
from iceberg.tables import CLOSED_USAGE, USAGE_CORRECTIONS
from schemas.account import decode_account
from schemas.freeze import FreezeDecision
from schemas.instant import to_text
from schemas.price_lists import PriceLists
from schemas.pricing_run import PricingRun
from schemas.terms import Terms


@dataclass(frozen=True, slots=True)
class PricingInputs:
    """What a run of pricing reads, at one cut.

    Attributes:
        until_us: Log time up to which usage is priced: what closed or was corrected by then.
        snapshot_ids: What is read, by name of table.
        terms: Of each account, as the job took them.
        lists: Rate cards, contracts and what stands beside them.
        freezes: What people decided on charges that wait, until they were read.
    """

    until_us: int
    snapshot_ids: Mapping[str, int]
    terms: Mapping[str, tuple[Terms, ...]]
    lists: PriceLists
    freezes: tuple[FreezeDecision, ...] = ()


class IncompleteUsageError(Exception):
    """Usage is asked for up to an instant that the job has not reached; one line."""


def read_inputs(
    catalog: Catalog,
    namespace: str,
    partitions: int,
    late_us: int,
    until_us: int | None = None,
) -> PricingInputs | None:
    """Return what is there to be priced by; None before the job's second checkpoint.

    Args:
        catalog: Has the tables.
        namespace: Theirs.
        partitions: Of the usage topic.
        late_us: How long after its instant, in log time, a row of usage is emitted at most.
        until_us: Log time up to which usage is asked for; None: as far as it is complete.

    Raises:
        BrokenRowsError: Rows contradict each other.
        IncompleteUsageError: The job has not come to `until_us`.
    """
    cut = common_cut(catalog, namespace, partitions)
    if cut is None or cut.received_until_us is None:
        if until_us is None:
            return None
        raise IncompleteUsageError(
            f"usage: expected it to be complete up to {to_text(until_us)}, found fewer than two"
            " checkpoints, or a partition without records; wait for the metering job"
        )
    complete_us = cut.received_until_us - late_us
    if until_us is not None and until_us > complete_us:
        raise IncompleteUsageError(
            f"usage: expected it to be complete up to {to_text(until_us)}, found it complete up to"
            f" {to_text(complete_us)}; wait for the metering job"
        )
    snapshot_ids = dict(cut.snapshot_ids)
    for table in (BROUGHT_BACK_USAGE, FREEZES, ACCOUNTS):
        snapshot = catalog.load_table((namespace, table.name)).current_snapshot()
        if snapshot is not None:
            snapshot_ids[table.name] = snapshot.snapshot_id
    lists = read_price_lists(catalog, namespace)
    terms = _terms_of(catalog, namespace, snapshot_ids.get(ACCOUNTS.name))
    freezes = _read_freezes(catalog, namespace, snapshot_ids.get(FREEZES.name))
    snapshot_ids |= dict(lists.snapshot_ids)
    return PricingInputs(
        complete_us if until_us is None else until_us,
        dict(sorted(snapshot_ids.items())),
        terms,
        lists,
        freezes,
    )


def read_past_inputs(catalog: Catalog, namespace: str, run: PricingRun) -> PricingInputs:
    """Return what an earlier run read.

    Args:
        catalog: Has the tables.
        namespace: Theirs.
        run: The run.

    Raises:
        UnknownSnapshotError: A snapshot that it read has expired. That of the windows is looked for
            when they are needed (`PricedUsage.load_windows`), that of the archive never.
        BrokenRowsError: Rows contradict each other.
    """
    snapshot_ids = snapshots_of(run)
    for table in (CLOSED_USAGE, USAGE_CORRECTIONS, BROUGHT_BACK_USAGE, FREEZES, ACCOUNTS):
        existing = catalog.load_table((namespace, table.name))
        check_kept(existing, table, snapshot_ids.get(table.name))
    return PricingInputs(
        until_of(run),
        snapshot_ids,
        _terms_of(catalog, namespace, snapshot_ids.get(ACCOUNTS.name)),
        read_price_lists(catalog, namespace, snapshot_ids),
        _read_freezes(catalog, namespace, snapshot_ids.get(FREEZES.name)),
    )


def open_usage(catalog: Catalog, namespace: str, inputs: PricingInputs, folder: str) -> PricedUsage:
    """Return the usage of the inputs' cut.

    Args:
        catalog: Has the tables.
        namespace: Theirs.
        inputs: From `read_inputs`.
        folder: An empty folder for a database.

    Raises:
        BrokenRowsError: Rows contradict each other; a revision is missing.
    """
    return PricedUsage(catalog, namespace, inputs.snapshot_ids, inputs.until_us, folder)


def find_repeated(catalog: Catalog, namespace: str) -> dict[str, list[RepeatedCommit]]:
    """Return what usage's history shows to be committed twice and nobody accepted, by table."""
    found = {}
    accepted = AcceptedStore(catalog, namespace)
    for table in CUT_TABLES:
        existing = catalog.load_table((namespace, table.name))
        repeated = accepted.open_repeats(table.name, existing)
        if repeated:
            found[table.name] = repeated
    return found


def inputs_text(inputs: PricingInputs) -> str:
    """Return what was read as canonical JSON: the log time, and each table's snapshot."""
    members = {"until_us": inputs.until_us, "snapshots": dict(inputs.snapshot_ids)}
    return json.dumps(members, separators=(",", ":"), sort_keys=True)


def snapshots_of(run: PricingRun) -> dict[str, int]:
    """Return the snapshots that a run has read, by name of table."""
    found: dict[str, int] = json.loads(run.input_snapshots)["snapshots"]
    return found


def until_of(run: PricingRun) -> int:
    """Return the log time up to which a run has priced usage."""
    return int(json.loads(run.input_snapshots)["until_us"])


def _read_freezes(
    catalog: Catalog, namespace: str, snapshot_id: int | None
) -> tuple[FreezeDecision, ...]:
    if snapshot_id is None:
        return ()
    return FreezeStore(catalog, namespace, snapshot_id).decisions()


def _terms_of(
    catalog: Catalog, namespace: str, snapshot_id: int | None
) -> dict[str, tuple[Terms, ...]]:
    return {} if snapshot_id is None else read_terms(catalog, namespace, snapshot_id)


def read_terms(
    catalog: Catalog, namespace: str, snapshot_id: int | None = None
) -> dict[str, tuple[Terms, ...]]:
    """Return the terms of each account as the job took them, as of a snapshot; None: as of now."""
    existing = catalog.load_table((namespace, ACCOUNTS.name))
    rows = read_once(existing, ACCOUNTS, snapshot_id=snapshot_id).to_pylist()
    last: dict[str, tuple[int, str]] = {}
    for row in rows:
        # An account's records stand in one partition, as they have one key.
        offset = row["kafka_offset"]
        if row["account_id"] not in last or last[row["account_id"]][0] < offset:
            last[row["account_id"]] = (offset, row["terms"])
    return {
        account_id: decode_account(text.encode()).terms
        for account_id, (_, text) in sorted(last.items())
    }
