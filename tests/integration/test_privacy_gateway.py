"""The gateway between two topics of a real broker: killed amid a load, it loses nothing."""

import json
import random
from pathlib import Path

import pytest

from jobs.local.children import Child
from jobs.local.waiting import wait_until
from jobs.privacy.key_store import open_key_store
from jobs.settings import load_meters
from schemas.heartbeat import encode_heartbeat
from schemas.privacy import SubjectKey
from tests.conftest import Kafka
from tests.jobs.privacy.gateway_program import PARTITIONS, GatewayWorld, Raw, make_gateway_world
from tests.jobs.privacy.stores import MASTER_KEY
from udfs.keying import subject_key_of
from udfs.parsing import ParsedRecord, ParsingRules, RecordParser
from udfs.pseudonymizing import Pseudonymizer

pytestmark = [
    pytest.mark.integration,
    # kafka-python may leave a socket to the garbage collector when a client closes under load.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]
FIRST_MS = 1_370_080_800_000  # 2013-06-01T10:00:00Z
WAIT_S = 240
COUNT = 9_000
# No hash has these letters, so a hash is never taken for it.
PERSON = "jane0189"


def event(chance: random.Random, number: int) -> bytes:
    """Return an event that is right or wrong in one way or another."""
    person = f"{PERSON}-{chance.randrange(40)}"
    shape = {
        "specversion": "1.0",
        "id": f"{person}/{number}",
        "source": "web",
        "type": "used",
        "subject": person,
        "time": "2013-06-01T10:00:00Z",
        "data": {
            "units": chance.choice(["1.50", 7, "x"]),
            "place": chance.choice("xyz"),
            "color": f"{person} likes {chance.randrange(3)}",
            "note": person,
        },
    }
    wrong = chance.random()
    if wrong < 0.02:
        shape["time"] = person
    elif wrong < 0.04:
        shape["subject"] = {"name": person}
    elif wrong < 0.06:
        shape |= {"type": "meterclose.retraction", "data": {"source": "web", "id": f"{person}/1"}}
    return json.dumps(shape).encode()


def raw_records(seed: int) -> list[Raw]:
    """Return a load: events, batches, heartbeats, and bytes that nobody can read."""
    chance = random.Random(seed)  # noqa: S311
    records: list[Raw] = []
    for number in range(COUNT):
        partition, time_ms = number % PARTITIONS, FIRST_MS + number
        value, kind = event(chance, number), chance.random()
        key: bytes | None = PERSON.encode()
        if kind < 0.01:
            value = value[:-1]
        elif kind < 0.02:
            value = b"[" + value + b"," + event(chance, COUNT + number) + b",7]"
        elif kind < 0.03:
            key, value = None, encode_heartbeat(partition, f"2013-06-01T10:00:0{number % 10}Z")
        records.append((partition, time_ms, key, value))
        if chance.random() < 0.05:
            records.append(records[-1])
    return records


def told(record: ParsedRecord) -> list[tuple[object, ...]]:
    """Return the fate of each event of a record, with its units."""
    if record.batch is not None:
        return [fate for each in record.batch for fate in told(each.event)]
    return [(record.reason, record.event_us, (record.shares or ())[1::3])]


def meter_in_full(world: GatewayWorld, raw: list[Raw]) -> None:
    """Send a load in pieces; kill the gateway amid some of them and start it again."""
    gateway = world.start()
    for at in range(0, len(raw), 1 + len(raw) // 4):
        before = world.count_usage()
        world.send(raw[at : at + 1 + len(raw) // 4])

        def moved(gateway: Child = gateway, before: int = before) -> bool:
            gateway.check()
            return world.count_usage() > before

        wait_until(moved, "records in the usage topic", WAIT_S)
        gateway.kill()
        gateway = world.start()

    def all_there() -> bool:
        gateway.check()
        return len({(each.partition, each.value) for each in world.usage()}) == len(
            {(partition, value) for partition, _, _, value in raw}
        )

    wait_until(all_there, "all records in the usage topic", WAIT_S)
    gateway.stop()
    assert world.said().rstrip().split("\n")[-1].startswith("privacy-usage: "), world.said()
    assert "Traceback" not in world.said()


def test_a_gateway_that_is_killed_loses_nothing(kafka: Kafka, tmp_path: Path) -> None:
    """All records arrive, in order but for repeats, with time, fate and units, and no person."""
    world = make_gateway_world(tmp_path, kafka.bootstrap_servers, "privacy")
    raw = raw_records(7)
    meter_in_full(world, raw)
    meters = load_meters(world.settings.metering.meters_file)
    parser = RecordParser(ParsingRules(meters, 65_536, 3600 * 10**6, 400 * 86_400 * 10**6))
    privacy = world.settings.privacy
    assert privacy is not None
    rewrite = Pseudonymizer(privacy.rules, parser, 65_536, MASTER_KEY.encode()).rewrite
    with open_key_store(privacy) as store:

        def key_of(subject: str) -> SubjectKey:
            key = store.find_key(subject)
            assert key is not None, "the gateway has made it"
            return subject_key_of(key, subject)

        expected, fates = [], []
        for partition, time_ms, key, value in sorted(raw, key=lambda each: each[0]):
            (became,) = rewrite(key, value, time_ms, key_of).records
            expected.append((partition, time_ms, became.key, became.value))
            assert told(parser.parse(became.value, time_ms)) == told(parser.parse(value, time_ms))
            fates += [fate[0] for fate in told(parser.parse(value, time_ms))]
    found = [(each.partition, each.timestamp, each.key, each.value) for each in world.usage()]
    once, right = list(dict.fromkeys(found)), list(dict.fromkeys(expected))
    # The first difference alone: pytest would take minutes to show all.
    assert (
        next((pair for pair in zip(once, right, strict=False) if pair[0] != pair[1]), None) is None
    )
    assert len(once) == len(right)
    assert {"malformed_json", "not_an_object", "bad_time", "missing_field", None} <= set(fates)
    for _, _, key, value in found:
        assert PERSON.encode() not in (key or b"") + (value or b"")
    files = [each for each in tmp_path.iterdir() if each.is_file()]
    assert not [each for each in files if PERSON.encode() in each.read_bytes()]
