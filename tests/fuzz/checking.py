"""What must hold of any bytes: the checks that hypothesis, the fuzzer and the corpus share.

Each raises AssertionError, or what the product should not have raised.
"""

import json
import random
import struct
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from audit.counting import Clocks
from audit.shapes import Fate, RawRecord, read_accounts, read_meters
from schemas.account import Account, AccountError, decode_account, encode_account
from schemas.chain_state import decode_chain, encode_chain
from schemas.entry_state import decode_entry, encode_entry
from schemas.group_state import decode_group, encode_group
from schemas.meter_state import StateVersionError
from schemas.rejected_event import METER_REASONS, RejectReason
from schemas.running_state import decode_counted, decode_running, encode_counted, encode_running
from schemas.usage_row import ClosedUsage, DimensionOverflow, ExpiredUsage, UnassignedUsage
from schemas.usage_state import decode_usage, encode_usage
from tests.fuzz.loaders import LOADERS
from tests.oracle.recompute import final_watermark, recompute
from tests.simulation.auditing import find_differences
from tests.simulation.path import SLACK_MS
from tests.simulation.simulated_job import SimulatedJob, records_of
from tests.simulation.world import World
from tests.udfs.engine import MILES, Engine, at, usage
from tests.udfs.reading import LOG_MS, PARSER, judged, parsed
from udfs.aligning import misalignment
from udfs.fingerprinting import fingerprint
from udfs.metering import MeteringRules
from udfs.parsing import ParsedRecord

PARTITIONS = 3
MINUTE_US, HOUR_US = 60_000_000, 3_600_000_000
_CLOSED_REASONS = {str(reason) for reason in RejectReason} - {str(each) for each in METER_REASONS}
_RECEIPTS = (
    ("2013-02-10T10:00", "2013-02-10T10:01"),
    ("2013-03-31T01:30", "2013-03-31T03:00"),
    ("2013-02-10T10:00", "2013-07-01T00:00"),
)
_DAMAGES = (
    ValueError,
    struct.error,
    ArithmeticError,  # decimal's
    StateVersionError,
    IndexError,
    KeyError,
)
_STATES: tuple[tuple[Callable[[bytes], Any], Callable[[Any], bytes]], ...] = (
    (decode_usage, encode_usage),
    (decode_entry, encode_entry),
    (decode_chain, encode_chain),
    (decode_group, encode_group),
    (decode_counted, encode_counted),
    (decode_running, encode_running),
)
_METERS: tuple[dict[str, Any], ...] = (
    {"aggregation": "count"},
    {"aggregation": "sum", "dimensions": ["place", "color"]},
    {"aggregation": "max"},
    {"aggregation": "min", "dimensions": ["place"], "max_dimensions": 2},
    {"aggregation": "average"},
    {"aggregation": "unique_count", "property": "place"},
    {"aggregation": "latest", "dimensions": ["place"]},
    {"aggregation": "histogram", "bounds": [0, 5]},
    {"aggregation": "percentile", "percentile": 60},
    {"aggregation": "time_weighted_sum", "readings": "delta", "per": "hour"},
)


def check_record(payload: bytes) -> None:
    """Hold one record against the oracle: verdict, texts, time, dimensions and units."""
    found, right = parsed(payload), judged(payload)
    if right[0] == "batch":
        right = ("batch", *(_with_bytes(*each) for each in right[1:]))
    assert found == right
    record = PARSER.parse(payload, LOG_MS)
    _check_texts(payload, record)
    for _, event in record.batch or ():
        assert event.batch is None


def _with_bytes(verdict: tuple[Any, ...], payload: bytes) -> tuple[Any, ...]:
    """Return an element as the job has it: only what is refused keeps its bytes."""
    is_refused = len(verdict) == 1 and verdict != ("heartbeat",)
    return verdict, payload if is_refused else None


def _check_texts(payload: bytes, record: ParsedRecord) -> None:
    """Check that all of a record can cross to the JVM, and that a valid one has a fingerprint."""
    assert record.reason is None or record.reason in _CLOSED_REASONS
    for element in record.batch or ():
        _check_texts(element.payload or b"", element.event)
    for text in (*record[1:5], *(record.shares or ()), *record[7:9]):
        assert text is None or text.encode().decode() == text
    if record.reason is None and record.batch is None and payload:
        assert len(fingerprint(payload)) == 32


def check_log(payloads: Sequence[bytes], seed: int) -> Counter[str]:
    """Let the simulated job meter a log of records; hold every row and fate against the oracle.

    Args:
        payloads: The records' values.
        seed: Decides their order of receipt, crashes and timers.

    Returns:
        How many records, or events of batches, had each fate.
    """
    with TemporaryDirectory() as folder:
        world = _world_of(payloads, Path(folder))
        job = SimulatedJob(world, random.Random(seed))  # noqa: S311
        job.run()
        records = records_of(world)
        clocks = Clocks(final_watermark(records, PARTITIONS, SLACK_MS))
        accounts, meters = read_accounts(world.accounts), read_meters(world.meters)
        expected = recompute(records, meters, accounts, clocks)
    assert find_differences(job.state, expected) == []
    fates = [fate for fate in expected.fates if fate.index is None]
    places = sorted((fate.partition, fate.offset) for fate in fates)
    assert places == sorted((record.partition, record.offset) for record in records)
    _check_conserved(job, expected.fates)
    return Counter(fate.fate for fate in expected.fates)


def _check_conserved(job: SimulatedJob, fates: Sequence[Fate]) -> None:
    """Check that each record has one fate in the job itself: none is lost, none has two."""
    rejected = Counter(
        (each.kafka_partition, each.kafka_offset, each.batch_index)
        for each in job.state.rejects
        if each.meter_id is None
    )
    assert set(rejected.values()) <= {1}
    by_fate = Counter(each.fate for each in fates)
    assert by_fate["rejected"] == rejected.total()
    known = sum(by_fate[name] for name in ("counted", "retraction"))
    assert known == len(job.state.seen)


def _world_of(payloads: Sequence[bytes], folder: Path) -> World:
    """Return a world of two accounts whose first partition has the records, all beat at the end."""
    meters, accounts = write_config(folder)
    values = [(LOG_MS + 700 * at, payload) for at, payload in enumerate(payloads)]
    beat = json.dumps(
        {
            "specversion": "1.0", "id": "b", "source": "s", "type": "meterclose.heartbeat",
            "subject": "beat", "time": "2014-06-01T00:00:00Z",
        }
    ).encode()  # fmt: skip
    # Equal identities meet in one partition, as producers must see to.
    lists = [[*values, (LOG_MS + 400 * 86_400_000, beat)]]
    lists += [[(LOG_MS + 400 * 86_400_000, beat)] for _ in range(PARTITIONS - 1)]
    records = tuple(
        tuple(RawRecord(n, at, log_ms, value) for at, (log_ms, value) in enumerate(each))
        for n, each in enumerate(lists)
    )
    return World(records, meters, accounts, {"A": 0, "B": 0}, {"A": 0, "B": 0})


def write_config(folder: Path) -> tuple[Path, Path]:
    """Write a meter of each aggregation and the accounts A and B; return both files."""
    meters, accounts = folder / "meters.yaml", folder / "accounts.yaml"
    listed = [
        {
            "meter": f"m{n}",
            "event_type": "other" if n == 2 else "used",
            "unit": "gb",
            "retractable": kind["aggregation"] != "max",
            **kind,
        }
        for n, kind in enumerate(_METERS)
    ]
    meters.write_text(yaml.safe_dump({"meters": listed}))
    terms = {
        "version": 1, "effective_from": "2012-01-01T00:00:00Z", "timezone": "Europe/Berlin",
        "cadence": "day", "anchor": "2013-01-01T06:00", "plan": "p",
    }  # fmt: skip
    known = [{"account_id": name, "terms": [terms]} for name in ("A", "B")]
    accounts.write_text(yaml.safe_dump({"accounts": known}))
    return meters, accounts


def check_account(record: bytes) -> None:
    """Check that a record of the accounts topic is terms that can be used, or a one-line error."""
    refused = ""
    try:
        account = decode_account(record)
    except AccountError as error:
        refused = str(error)
    if refused:
        assert "\n" not in refused
        assert len(refused) < 1000
        return
    again = decode_account(encode_account(account))
    assert again == account
    for window_us in (1_000_000, MINUTE_US, HOUR_US):
        problem = misalignment(account.terms, window_us)
        assert problem is None or "\n" not in problem
        if problem is None:
            _meter(replace(account, account_id="A1"), window_us)


def _meter(account: Account, window_us: int) -> None:
    """Let an account that the job would take be metered: a few events, then time passes them."""
    engine = Engine(MeteringRules({"miles": MILES}, event_window_us=window_us))
    engine.know(account)
    for event, received in _RECEIPTS:
        row = usage(event, received)
        start_us = row.first_event_us // window_us * window_us
        engine.deliver(replace(row, event_window_start_us=start_us))
    # Until the last of them is a correction, or expired; never the end of time.
    engine.advance(at("2013-08-01T00:00"))
    counted = sum(
        row.event_count
        if isinstance(row, ClosedUsage | ExpiredUsage | UnassignedUsage)
        else row.event_count_delta
        for row in engine.rows
        if not isinstance(row, DimensionOverflow)
    )
    kept = sum(map(len, engine.entries.values()))
    assert kept or counted == len(_RECEIPTS), (counted, engine.rows)


def check_state(content: bytes) -> None:
    """Check that damaged state is an error that says so, or state that is written back as it was.

    The first byte chooses whose state it is: its place in `tests.fuzz.nasty_states.KINDS`.
    """
    decode, encode = _STATES[content[0] % len(_STATES)] if content else _STATES[0]
    try:
        state = decode(content[1:])
    except _DAMAGES:
        return
    assert decode(encode(state)) == state


def check_file(name: str, content: bytes, must_refuse: bool = False) -> None:
    """Check that a configuration file is read, or refused in one line that names it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "f.yaml"
        path.write_bytes(content)
        refused = LOADERS[name](path)
        assert refused is not None or not must_refuse
        if refused is not None:
            assert refused.isprintable()
            assert str(path) in refused
            assert len(refused) < 2000
