"""Conflicts: records whose identity another one has counted under, with other content."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from duckdb import DuckDBPyConnection

from jobs.reporting.fates import REPEATED
from schemas.instant import to_us
from udfs.fingerprinting import fingerprint
from udfs.parsing import elements_of

# The same bytes are the same content, and most repeats have them: the others are few.
_CANDIDATES = f"""
    WITH sent AS (
        SELECT * FROM {REPEATED} JOIN payloads USING (kafka_partition, kafka_offset)
    )
    SELECT event_source, event_id, kafka_partition, kafka_offset, batch_index, log_time, payload,
        json_extract_string(decode(payload),
            CASE WHEN batch_index IS NULL THEN '$.subject'
                ELSE '$[' || batch_index || '].subject' END) AS account_id
    FROM sent
    SEMI JOIN (
        SELECT event_source, event_id FROM sent
        GROUP BY ALL HAVING count(DISTINCT row(payload, batch_index)) > 1
    ) AS differing USING (event_source, event_id)
    ORDER BY event_source, event_id, fate, log_time, kafka_partition, kafka_offset,
        batch_index
"""  # noqa: S608 - no outside text


@dataclass(frozen=True, slots=True)
class Received:
    """One record, or event of a batch, of an identity.

    Attributes:
        kafka_partition: Partition of the usage topic.
        kafka_offset: Offset in the partition.
        batch_index: Index in the batch; None where the record is none.
        log_time_us: When it was received.
        account_id: Its subject.
        fingerprint: Of its content, 32 hex digits (`udfs.fingerprinting`).
    """

    kafka_partition: int
    kafka_offset: int
    batch_index: int | None
    log_time_us: int
    account_id: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two records of one identity that say different things.

    Attributes:
        event_source: Their source.
        event_id: Their id.
        counted: The first by log time, partition and offset: the one that counts.
        ignored: A later one, whose content differs from the first.
    """

    event_source: str
    event_id: str
    counted: Received
    ignored: Received


def read_conflicts(rows: DuckDBPyConnection) -> tuple[Conflict, ...]:
    """Return the conflicts, ordered by identity, then by the later record's log time and place.

    Args:
        rows: With the tables of `fates.tell_fates`, and the payloads of what `REPEATED` names
            (`iceberg.payloads.load_payloads`).
    """
    found = rows.execute(_CANDIDATES).fetchall()
    return tuple(
        conflict
        for identity, records in groupby(found, key=lambda record: record[:2])
        for conflict in _conflicts(identity, [_received(*record[2:]) for record in records])
    )


def _conflicts(identity: tuple[str, str], records: list[Received]) -> Iterator[Conflict]:
    counted, *later = records
    for each in later:
        if each.fingerprint != counted.fingerprint:
            yield Conflict(*identity, counted, each)


def _received(
    partition: int,
    offset: int,
    index: int | None,
    log_time: datetime,
    payload: bytes,
    account_id: Any,
) -> Received:
    content = payload if index is None else elements_of(payload)[index]
    return Received(partition, offset, index, to_us(log_time), account_id, fingerprint(content))
