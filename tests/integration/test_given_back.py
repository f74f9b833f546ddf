"""Usage taken back, by real Flink without Kafka: a row says when its events were received."""

import json
import subprocess
from typing import Any

import pytest

from jobs.local.flink_home import FlinkHome, flink_distribution
from jobs.local.places import PYTHON, ROOT
from jobs.settings import KafkaSettings
from tests.integration.flights import write_config, write_meters
from tests.integration.world import Topics, make_world

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1500)]

SOLD_MS, DAY_MS = 1_767_225_600_000, 86_400_000
_METERS = [
    {"meter": name, "event_type": "used", "aggregation": kind, "unit": "u", "retractable": True}
    for name, kind in (("calls", "sum"), ("last", "latest"), ("top", "max"))
]
Told = dict[str, list[list[str]]]


def event(number: int, log_ms: int, account_id: str, units: str) -> list[Any]:
    """Return an event as `first_seen` has it, with what the three meters count of it."""
    place, names = (0, number, None, log_ms), (f"e{number}", "app", "used", account_id)
    shares = ["{}", units, "", "{}", units, "*", "{}", units, units]
    return [*place, *names, SOLD_MS * 1000, shares, None, None]


def retraction(number: int, log_ms: int, account_id: str, of: int) -> list[Any]:
    """Return the retraction of an event."""
    place = (0, number, None, log_ms)
    names = (f"r{number}", "desk", "meterclose.retraction", account_id)
    return [*place, *names, log_ms * 1000, None, "app", f"e{of}"]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The rows of two accounts that do the same, of which one is never known."""
    folder = tmp_path_factory.mktemp("given_back")
    records = []
    for number, account_id in ((0, "known"), (10, "never")):
        records += [
            event(number, SOLD_MS, account_id, "2"),
            event(number + 1, SOLD_MS + 20_000, account_id, "2"),
            event(number + 2, SOLD_MS + 21_000, account_id, "3"),
            retraction(number + 3, SOLD_MS + DAY_MS, account_id, number),
            retraction(number + 4, SOLD_MS + DAY_MS + 1000, account_id, number + 1),
        ]
    records.sort(key=lambda record: record[3])
    (folder / "records.json").write_text(json.dumps(records))
    config = write_config(folder / "config")
    write_meters(config / "meters.yaml", _METERS)
    world = make_world(folder / "world", Topics(KafkaSettings("127.0.0.1:1"), config))
    home = FlinkHome(folder / "flink", flink_distribution())
    home.prepare(home.default_options(0, 0, 1))
    program = [str(PYTHON), "-m", "tests.integration.given_back_of"]
    done = subprocess.run(
        [*program, str(world.file), str(folder / "records.json")],
        env=home.environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: Told = {"closed": [], "unassigned": [], "usage": []}
    for name, *row in map(json.loads, done.stdout.splitlines()):
        found[name].append(row)
    return found


def test_one_row_says_when_each_of_its_events_was_received(told: Told) -> None:
    """The dedupe and the windows keep the time; the row is one, as it was without it."""
    (row,) = (
        each for each in told["usage"] if each[:2] == ["known", "calls"] and each[-2] == "True"
    )
    assert row[4:9] == ["", "-4.000000000", "-2.000000000", "-2.000000000", "-2"]
    parts = sorted(part.split(":") for part in row[-1].split(";"))
    assert [(part[0], part[1], part[4]) for part in parts] == [
        (str(SOLD_MS + 10_000), "-2.000000000", "-1"),
        (str(SOLD_MS + 30_000), "-2.000000000", "-1"),
    ]
    (last, other) = sorted(
        each[4] for each in told["usage"] if each[:2] == ["known", "last"] and each[-2] == "True"
    )
    assert (last, other) == ("0:0", "0:1")


def test_each_account_gets_back_what_it_had(told: Told) -> None:
    """In its period where it is known, else of what was unassigned; the state outlives its use."""
    assert {(row[2], row[8], row[11]) for row in told["closed"]} == {
        ("calls", "3.000000000", "1"),
        ("last", "3.000000000", "1"),
        ("top", "3", "1"),
    }
    sums: dict[str, int] = {}
    for row in told["unassigned"]:
        assert row[1] == "never"
        sums[row[2]] = sums.get(row[2], 0) + int(row[9])
    assert sums == {"calls": 1, "last": 1, "top": 1}
