"""Savepoints of earlier versions, with the log they were taken in, and how a new one is made.

    python -m tests.integration.kept_savepoints 0.1.0

writes `tests/fixtures/savepoints/0.1.0`: what the job of today has in state in the middle of a log.
It is made once for each released version, and again only while state changes before the release.
"""

import base64
import gzip
import json
import shutil
import sys
import tarfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from audit.shapes import RawRecord
from jobs.flights.receiving import Receipt
from jobs.local.broker import Broker
from jobs.local.flink_cluster import FlinkCluster
from tests.integration.flights import (
    INJECTIONS,
    at_ms,
    beats,
    choose,
    read_flights_of,
    receipts_of,
    write_config,
)
from tests.integration.full_run import UNTIL
from tests.integration.retracting import seat_receipts
from tests.integration.world import TIMEOUT_S, make_topics, make_world, run_until

KEPT = Path(__file__).parents[1] / "fixtures" / "savepoints"
# Part of the state: the positions are those of this topic.
TOPIC = "kept"
MIDDLE = "2013-02-27T00:00:00"
_ARCHIVE, _LOG = "savepoint.tar.gz", "log.jsonl.gz"


@dataclass(frozen=True, slots=True)
class KeptSavepoint:
    """One fixture.

    Attributes:
        folder: With `meters.yaml`, `accounts.yaml` and the files named above.
        first: What had been metered when it was taken.
        second: What comes after.
    """

    folder: Path
    first: list[Receipt]
    second: list[Receipt]

    def unpack(self, folder: Path) -> Path:
        """Return the savepoint, unpacked into an empty folder."""
        with tarfile.open(self.folder / _ARCHIVE) as archive:
            archive.extractall(folder, filter="data")
        (metadata,) = folder.rglob("_metadata")
        return metadata.parent


def read_kept(folder: Path) -> KeptSavepoint:
    """Return the fixture of a folder."""
    with gzip.open(folder / _LOG, "rt") as file:
        receipts = [_read(line) for line in file]
    middle_ms = at_ms(MIDDLE)
    first = [each for each in receipts if each.log_time_ms <= middle_ms]
    return KeptSavepoint(folder, first, receipts[len(first) :])


def records_of(receipts: Sequence[Receipt]) -> list[RawRecord]:
    """Return the records as they stand in the topic."""
    offsets: dict[int, int] = defaultdict(int)
    records = []
    for each in receipts:
        offset = offsets[each.partition]
        offsets[each.partition] += 1
        records.append(RawRecord(each.partition, offset, each.log_time_ms, each.value))
    return records


def make_kept(folder: Path) -> None:
    """Meter the first half of a small log, and keep the savepoint with all that belongs to it."""
    chosen = choose(read_flights_of(2, 3), "2013-02-05T00:00:00", "2013-03-12T00:00:00", 100)
    receipts = receipts_of(chosen, INJECTIONS) + seat_receipts()
    receipts.sort(key=lambda each: each.log_time_ms)
    first = [each for each in receipts if each.log_time_ms < at_ms(MIDDLE)]
    second = receipts[len(first) :] + beats(UNTIL)
    first += beats(MIDDLE)
    with TemporaryDirectory() as name, Broker(Path(name) / "kafka") as broker:
        work = Path(name)
        topics = make_topics(broker.bootstrap_servers, TOPIC, write_config(work / "config"))
        topics.publish(first)
        world = make_world(work / "world", topics, parallelism=2)
        with FlinkCluster(work / "flink", slots=2) as cluster:
            job_id = run_until(cluster, world, at_ms(MIDDLE))
            # Until nothing is left to commit: a file that is would be looked for after a restore.
            cluster.rest.wait_checkpoints(job_id, 2, TIMEOUT_S)
            cluster.rest.stop_with_savepoint(job_id, work / "taken", TIMEOUT_S)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(topics.config, folder)
        (taken,) = (work / "taken").iterdir()
        with tarfile.open(folder / _ARCHIVE, "w:gz") as archive:
            archive.add(taken, arcname="savepoint")
    with gzip.open(folder / _LOG, "wt") as file:
        file.writelines(_write(each) for each in first + second)


def _write(receipt: Receipt) -> str:
    key, value = (
        None if each is None else base64.b64encode(each).decode()
        for each in (receipt.key, receipt.value)
    )
    return json.dumps([receipt.log_time_ms, receipt.partition, key, value, receipt.kind]) + "\n"


def _read(line: str) -> Receipt:
    log_time_ms, partition, *texts, kind = json.loads(line)
    key, value = (None if text is None else base64.b64decode(text) for text in texts)
    return Receipt(log_time_ms, partition, key, value, kind)


if __name__ == "__main__":
    make_kept(KEPT / sys.argv[1])
