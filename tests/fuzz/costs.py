"""What the nastiest records cost: `python -m tests.fuzz.costs` prints the worst, per KiB.

Operations are instructions of Python's virtual machine, which do not hang on the machine; the peak
is what Python held at once beyond what it held before. Times are the best of five, and do.
"""

import sys
import time
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple

from tests.fuzz.corpus import kept
from tests.udfs.reading import LOG_MS, METERS
from udfs.parsing import ParsingRules, RecordParser

MOST_OPERATIONS, MOST_BYTES = 600_000, 6 * 1024 * 1024
"""For any record of at most 64 KiB: instructions, and memory at once."""
OPERATIONS_PER_KIB, BYTES_PER_BYTE = 100_000, 144
"""And for each KiB, and each byte, of a shorter one, after the first few."""
_FIRST_OPERATIONS, _FIRST_BYTES = 1_500, 65_536
_RULES = ParsingRules(METERS, 65_536, 3600 * 10**6, 400 * 86_400 * 10**6)
_SHOWN = 12


class Cost(NamedTuple):
    """What one record costs.

    Attributes:
        size: Its bytes.
        operations: Instructions until its verdict.
        peak: Bytes that Python held at once for it.
    """

    size: int
    operations: int
    peak: int

    def is_within(self) -> bool:
        """Return whether it is within what is promised (docs/bad-input.md)."""
        operations = _FIRST_OPERATIONS + OPERATIONS_PER_KIB * self.size // 1024
        peak = _FIRST_BYTES + BYTES_PER_BYTE * self.size
        is_cheap = self.operations <= min(operations, MOST_OPERATIONS)
        return is_cheap and self.peak <= min(peak, MOST_BYTES)


def cost_of(payload: bytes) -> Cost:
    """Parse a record three times, with parsers that remember nothing; return what it costs."""
    parser = RecordParser(_RULES)
    operations = _operations(lambda: parser.parse(payload, LOG_MS))
    parser = RecordParser(_RULES)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    parser.parse(payload, LOG_MS)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Cost(len(payload), operations, peak - before)


def _operations(run: Callable[[], object]) -> int:
    """Return how many instructions a call takes."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    former = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(former)
    return count


def _milliseconds(payload: bytes) -> float:
    best = float("inf")
    for _ in range(5):
        parser = RecordParser(_RULES)
        began = time.perf_counter()
        parser.parse(payload, LOG_MS)
        best = min(best, time.perf_counter() - began)
    return best * 1000


def main() -> int:
    """Print the costliest of the corpus by operations and by memory; return 1 beyond the bounds."""
    records = kept("records")
    costs = {name: cost_of(payload) for name, payload in records.items()}
    by_work = sorted(costs, key=lambda name: -costs[name].operations)[:_SHOWN]
    by_peak = sorted(costs, key=lambda name: -costs[name].peak)[:_SHOWN]
    print(f"{'record':32} {'bytes':>8} {'ops':>9} {'ops/KiB':>8} {'peak KiB':>9} {'ms':>8}")
    for name in dict.fromkeys((*by_work, *by_peak)):
        size, operations, peak = costs[name]
        per_kib = operations * 1024 // max(size, 1024)
        took = _milliseconds(records[name])
        print(f"{name:32} {size:8} {operations:9} {per_kib:8} {peak / 1024:9.1f} {took:8.2f}")
    beyond = [name for name, cost in costs.items() if not cost.is_within()]
    print(f"{len(costs)} records, {len(beyond)} beyond the bounds", *beyond)
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main())
