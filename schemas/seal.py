"""Seals: what a row of usage was made of, put into one hash, and proofs that need nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

SEAL_ALGORITHM = "meterclose-seal-1"
"""How a root is made (docs/explaining.md); another way gets another name."""

PROOF_FORMAT = "meterclose-proof-1"
"""How the file of a proof is written."""


@dataclass(frozen=True, slots=True)
class SealedEvent:
    """One event that a row of usage counts: a leaf.

    Attributes:
        source: CloudEvents source; with the id it is the event's identity.
        event_id: CloudEvents id.
        fingerprint: Hash of the event's content, however it is spelled.
        kafka_partition: Partition of the record that counted.
        kafka_offset: Its offset.
        batch_index: Its index in the batch; None: the record is no batch.
        quantity: What the event adds, as the meter reads it.
    """

    source: str
    event_id: str
    fingerprint: str
    kafka_partition: int
    kafka_offset: int
    batch_index: int | None
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class SealedRow:
    """What a seal says of its row of usage; the root binds all of it.

    Attributes:
        row_id: Of the row of `closed_usage` or `usage_corrections`.
        account_id: Whose usage it is.
        meter_id: Which meter counted it.
        dimensions: Canonical JSON text.
        period_start_us: First instant of the period.
        period_end_us: First instant after it.
        revision: 0 of what was closed.
        quantity: Of all events up to this revision.
        unit: Of the quantity.
        event_count: How many these are: leaves of the tree.
    """

    row_id: str
    account_id: str
    meter_id: str
    dimensions: str
    period_start_us: int
    period_end_us: int
    revision: int
    quantity: Decimal
    unit: str
    event_count: int


@dataclass(frozen=True, slots=True)
class Seal:
    """One row of `seals`, field for column.

    Attributes:
        row_id: As in `SealedRow`, and so the fields up to `event_count`.
        account_id: See there.
        meter_id: See there.
        dimensions: See there.
        period_start_us: See there.
        period_end_us: See there.
        revision: See there.
        quantity: See there.
        unit: See there.
        event_count: See there.
        root: 64 hex digits over the row and its events.
        algorithm: How the root is made.
        snapshot_ids: From which snapshots, canonical JSON by name of table.
        sealed_at_us: When, by the program's clock.
    """

    row_id: str
    account_id: str
    meter_id: str
    dimensions: str
    period_start_us: int
    period_end_us: int
    revision: int
    quantity: Decimal
    unit: str
    event_count: int
    root: str
    algorithm: str
    snapshot_ids: str
    sealed_at_us: int


class ProofKind(StrEnum):
    """What a proof shows."""

    INCLUSION = "inclusion"
    """The event is in the row."""
    NON_INCLUSION = "non_inclusion"
    """It is not: its place in the order of events is empty."""
    COMPLETE = "complete"
    """These are all events of the row, and no others."""


@dataclass(frozen=True, slots=True)
class ProvedLeaf:
    """A leaf with its way to the root.

    Attributes:
        index: Its place among the sorted leaves, from 0.
        leaf: Its canonical text.
        path: Hashes beside the way, from the leaf up, each 64 hex digits; none where all leaves
            stand in the proof.
    """

    index: int
    leaf: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof about one event of a row, or about all.

    Attributes:
        kind: What it shows.
        source: Of the event; empty of a complete one.
        event_id: Of the event; empty of a complete one.
        row: Canonical text of the row.
        leaves: The event's; or its neighbours in the order; or all.
        root: What it leads to.
    """

    kind: ProofKind
    source: str
    event_id: str
    row: str
    leaves: tuple[ProvedLeaf, ...]
    root: str


class ProofFault(StrEnum):
    """Why a proof shows nothing: a closed list."""

    NOT_A_PROOF = "not_a_proof"
    """The file is not in this format."""
    WRONG_ROW = "wrong_row"
    """The row's text is not that of a seal of this algorithm."""
    WRONG_LEAF = "wrong_leaf"
    """A leaf's text is not canonical, or its place is none of the tree."""
    WRONG_EVENT = "wrong_event"
    """The leaf is that of another event; or the event is one of the neighbours."""
    NOT_NEIGHBOURS = "not_neighbours"
    """The leaves are not those between which the event would stand."""
    NOT_IN_ORDER = "not_in_order"
    """The leaves are not sorted by identity."""
    WRONG_ROOT = "wrong_root"
    """The hashes lead elsewhere."""
    OTHER_ROOT = "other_root"
    """They lead to the proof's root, but another was expected."""


@dataclass(frozen=True, slots=True)
class Refuted:
    """A proof does not hold.

    Attributes:
        fault: Why.
        detail: One line: expected and found.
    """

    fault: ProofFault
    detail: str
