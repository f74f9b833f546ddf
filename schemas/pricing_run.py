"""A pricing run: what it read, what it priced by, and what came out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RunStatus(StrEnum):
    """How far a run has come."""

    STARTED = "started"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class PricingRun:
    """One row of `runs`, field for column; a run has one when it starts, one when it has finished.

    Attributes:
        run_id: The same in both rows.
        status: How far it had come.
        at_us: When it started, by the clock of the program.
        input_snapshots: Canonical JSON: the log time up to which usage was priced, and of each
            table that it read, the id of the snapshot.
        card_fingerprints: Canonical JSON: of each version of a rate card, the hash of its content.
        contract_fingerprint: Hash of the contents of all versions of contracts.
        code_version: Of the program.
        totals: Canonical JSON: number of charges, and by currency what they add in minor units.
        output_hash: Of all charges of the run, 64 hex digits (`udfs.summing_charges`).
    """

    run_id: str
    status: RunStatus
    at_us: int
    input_snapshots: str
    card_fingerprints: str
    contract_fingerprint: str
    code_version: str
    totals: str
    output_hash: str
