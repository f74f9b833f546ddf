"""Makes a proposal: recomputes usage from the archive, and takes only the difference."""

from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from audit.recomputing import recompute
from iceberg.adjustments import AdjustmentStore
from iceberg.metered_evidence import MeteredEvidence
from jobs.pricing.pricing_rules import late_us
from jobs.repairing.differing import Chosen, find_differing
from jobs.repairing.kafka_range import read_records, read_source
from jobs.repairing.metering_rules import metering_rules
from jobs.settings import Settings, load_meters
from schemas.adjustment_proposal import Proposal, ProposalScope
from schemas.archived_record import ArchivedRecord
from schemas.usage_adjustment import RefusedTotal
from udfs.adjusting import adjust_total
from udfs.writing_adjustments import event_names


class RefusedBackfillError(Exception):
    """Usage is not adjusted; one line."""


class PendingAdjustmentsError(RefusedBackfillError):
    """Adjustments were approved that do not count yet, as a program died or is at work."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal, and what the archive lacks for it.

    Attributes:
        proposal: What is proposed.
        records: The records of its events that the archive lacks.
    """

    proposal: Proposal
    records: tuple[ArchivedRecord, ...]


def propose(catalog: Any, settings: Settings, scope: ProposalScope) -> Proposed:
    """Return the difference between the events of a scope and what the tables say of them.

    Args:
        catalog: Has the tables.
        settings: Name the meters file, the clocks and the topic.
        scope: What to look at.

    Raises:
        SettingsError: The meters file or the source is wrong.
        RefusedBackfillError: The job has not made two checkpoints yet, or adjustments that were
            approved do not count yet.
        KafkaUnreachableError: Kafka does not give the records.
        BrokenRowsError: Rows contradict each other.
    """
    namespace = settings.catalog.namespace
    meters = {each.meter_id: each for each in load_meters(settings.metering.meters_file)}
    store = AdjustmentStore(catalog, namespace)
    adjustments = store.adjustments()
    pending = [each for each in adjustments if each.row_id not in store.counted_ids()]
    if pending:
        raise PendingAdjustmentsError(
            f"adjustments: expected all that were approved to count, found {len(pending)} of"
            f" proposal {pending[0].proposal_id} that do not yet: apply it again"
        )
    missing = _missing_records(settings, store, scope)
    evidence = MeteredEvidence(catalog, namespace, settings.kafka.partitions)
    if evidence.received_until_us is None:
        raise RefusedBackfillError(
            "usage: expected some to look at, found none yet: the metering job has not made two"
            " checkpoints of every table"
        )
    until_us = evidence.received_until_us - late_us(settings)
    with closing(duckdb.connect()) as rows:
        recompute(rows, evidence.records(missing), metering_rules(evidence, settings, until_us))
        evidence.load_totals(rows, until_us)
        evidence.load_windows(rows, scope.account_ids, _wide(scope))
        chosen = Chosen(scope.account_ids, scope.since_us, scope.until_us)
        differing = find_differing(rows, chosen, meters, adjustments, scope.wrong)
        outcomes = [adjust_total(each) for each in differing]
    proposal = Proposal(
        scope,
        tuple(row for each in outcomes if not isinstance(each, RefusedTotal) for row in each),
        tuple(each for each in outcomes if isinstance(each, RefusedTotal)),
    )
    return Proposed(proposal, _needed(proposal, missing))


def _missing_records(
    settings: Settings, store: AdjustmentStore, scope: ProposalScope
) -> tuple[ArchivedRecord, ...]:
    """Return the records of a range of Kafka that the archive lacks; none where none is asked."""
    wanted = read_source(scope.source, settings.kafka)
    if wanted is None:
        return ()
    return store.missing_records(read_records(settings.kafka, wanted))


def _needed(proposal: Proposal, missing: tuple[ArchivedRecord, ...]) -> tuple[ArchivedRecord, ...]:
    """Return the records that have events of a proposal; nothing is said of the others."""
    places = {
        (name.kafka_partition, name.kafka_offset)
        for row in proposal.adjustments
        for name in event_names(row)
    }
    return tuple(each for each in missing if (each.kafka_partition, each.kafka_offset) in places)


def _wide(scope: ProposalScope) -> tuple[int, int]:
    """Return a span of event time that holds all periods of a scope, which may be longer."""
    year_us = 366 * 86_400 * 1_000_000
    wide = replace(scope, since_us=scope.since_us - year_us, until_us=scope.until_us + year_us)
    return wide.since_us, wide.until_us
