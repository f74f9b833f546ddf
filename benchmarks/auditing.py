"""How many records a second the audit works out again: python -m benchmarks.auditing 1000000.

Synthetic events of 1,000 accounts in two months, 1 % of them twice, 2 % late, and four meters: a
count, a sum by place, a maximum and an average. Two DuckDB threads, a database in a file.
"""

import json
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from audit.counting import Clocks
from audit.recomputing import Rules, judge_records, meter_usage
from audit.shapes import OracleMeter, OracleTerms
from iceberg.auditing import open_audit

_START = datetime(2026, 1, 1, tzinfo=UTC)
_DAY_MS = 86_400_000
_BATCH = 20_000
_METERS = [
    OracleMeter("uses", "used", "count", None, "use", (), 3600, 90 * 86_400),
    OracleMeter("gb", "used", "sum", "units", "GB", ("place",), 3600, 90 * 86_400),
    OracleMeter("peak", "used", "max", "units", "GB", (), 3600, 90 * 86_400),
    OracleMeter("mean", "used", "average", "units", "GB", (), 3600, 90 * 86_400),
]
_ANCHOR = datetime(2026, 1, 1)  # noqa: DTZ001 - a wall-clock time
_TERMS = OracleTerms(1, _START, "Europe/Berlin", "month", _ANCHOR)


def _batches(events: int) -> Iterator[pa.RecordBatch]:
    chance = random.Random(1)  # noqa: S311 - no secret  # nosec B311
    start_ms = int(_START.timestamp() * 1000)
    for first in range(0, events, _BATCH):
        rows = []
        for number in range(first, min(first + _BATCH, events)):
            log_ms = start_ms + 60 * _DAY_MS * number // events
            late_ms = chance.randrange(20 * _DAY_MS if chance.random() < 0.02 else 10_000)
            at = _START + timedelta(milliseconds=max(0, log_ms - start_ms - late_ms))
            event = {
                "specversion": "1.0",
                "id": f"e{number - 1 if chance.random() < 0.01 else number}",
                "source": "bench",
                "type": "used",
                "subject": f"account-{chance.randrange(1000)}",
                "time": at.isoformat().replace("+00:00", "Z"),
                "data": {
                    "units": f"{chance.randrange(10**6)}.{chance.randrange(1000)}",
                    "place": chance.choice("wxyz"),
                },
            }
            rows.append((number, log_ms * 1000, json.dumps(event).encode()))
        offsets, log_us, payloads = zip(*rows, strict=True)
        yield pa.RecordBatch.from_pydict(
            {
                "kafka_partition": pa.array([0] * len(rows), pa.int32()),
                "kafka_offset": pa.array(offsets, pa.int64()),
                "log_time": pa.array(log_us, pa.timestamp("us", "UTC")),
                "payload": pa.array(payloads, pa.binary()),
            }
        )


def main(events: int) -> None:
    """Time both halves and print them as JSON; CPU time tells little of others on the machine."""
    made = [*_batches(events)]
    accounts = {f"account-{number}": [_TERMS] for number in range(1000)}
    rules = Rules(_METERS, accounts, Clocks(_START + timedelta(days=60)))
    with TemporaryDirectory() as folder, open_audit(Path(folder), 1024) as rows:
        began, began_cpu = time.monotonic(), time.process_time()
        judge_records(rows, made, rules)
        judged_cpu = time.process_time()
        meter_usage(rows, rules, buckets=4)
        ended, ended_cpu = time.monotonic(), time.process_time()
        ((written,),) = rows.sql("SELECT count(*) FROM audit_rows").fetchall()
    figures = {
        "records": events,
        "rows": written,
        "judging_cpu_s": round(judged_cpu - began_cpu, 1),
        "metering_cpu_s": round(ended_cpu - judged_cpu, 1),
        "wall_s": round(ended - began, 1),
        "records_per_cpu_s": round(events / (ended_cpu - began_cpu)),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(int(sys.argv[1]))
