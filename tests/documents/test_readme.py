"""The README's examples, run: its event, its meters and accounts, its commands, its query."""

import json
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from audit.judging import Limits, judge
from audit.shapes import RawRecord
from jobs.demo.running import INJECTIONS
from jobs.demo.running import SETTINGS as DEMO
from jobs.flights.departures import DEPARTED, read_departure, read_flights
from jobs.flights.receiving import count_kinds, receive
from jobs.kafka_clients import open_admin
from jobs.local.waiting import wait_until
from jobs.settings import load_accounts, load_meters, load_settings
from jobs.topic_offsets import end_offsets
from tests.conftest import Kafka
from tests.documents.reading import ROOT, blocks, commands
from tests.jobs.metered_tables import make_world

SETTINGS = """\
kafka:
  {{bootstrap_servers: "{servers}", usage_topic: readme-usage, accounts_topic: readme-accounts}}
catalog: {{uri: catalog.db, warehouse: warehouse}}
metering: {{meters_file: meters.yaml}}
flink: {{checkpoint_dir: checkpoints}}
"""


def _block(language: str, containing: str) -> str:
    (found,) = [each.text for each in blocks("README.md", language) if containing in each.text]
    return found


def test_the_demos_numbers_are_those_published() -> None:
    """The fates in the README's output of the demo are those of what it publishes."""
    departures = [read_departure(row) for row in read_flights()]
    kinds = count_kinds(receive(departures, INJECTIONS, lambda _: 0))
    published = {
        "counted": len(departures),
        "duplicates": kinds["repeat"] + kinds["conflict"] + kinds["repeat/respelled"],
        "rejected": sum(number for kind, number in kinds.items() if kind.startswith("refused/")),
        "heartbeats": load_settings(DEMO, {}).kafka.partitions,
    }
    published["records"] = sum(published.values())
    assert published["records"] == sum(kinds.values()) + published["heartbeats"]
    shown = _block("text", "Every record by its fate")
    for fate, number in published.items():
        assert re.search(rf"^ {fate} +{number:,} +{number:,}$", shown, re.MULTILINE), fate
    assert f"All {published['records']:,} records add up." in shown
    assert re.search(rf"^   of other content +{kinds['conflict']}$", shown, re.MULTILINE)
    departed = Counter(d.event.subject for d in departures if d.event.type == DEPARTED)
    queried = dict(re.findall(r"│ (\w\w) +│ +(\d+) │", _block("text", "account_id │")))
    assert {account: int(flights) for account, flights in queried.items()} == departed


@pytest.fixture
def my(tmp_path: Path) -> Path:
    """The reader's own folder: `my/` with the README's meters and accounts."""
    folder = tmp_path / "my"
    folder.mkdir()
    (folder / "meters.yaml").write_text(_block("yaml", "meters:"))
    (folder / "accounts.yaml").write_text(_block("yaml", "accounts:"))
    return folder


def test_the_event_feeds_the_meter(my: Path) -> None:
    """The event is valid, and the meter listens to its type and finds its units and dimensions."""
    event = json.loads(_block("json", "specversion"))
    (meter,) = load_meters(my / "meters.yaml")
    received_ms = int(datetime.fromisoformat(event["time"]).timestamp() * 1000) + 500
    record = RawRecord(0, 0, received_ms, json.dumps(event).encode())
    judged = judge(record, {meter.event_type: meter.dimensions}, Limits())
    assert meter.property in judged.data
    assert set(meter.dimensions) <= set(judged.data)


def test_the_account_is_the_events(my: Path) -> None:
    """The accounts file is read, and knows the event's subject."""
    (account,) = load_accounts(my / "accounts.yaml")
    assert account.account_id == json.loads(_block("json", "specversion"))["subject"]


def test_the_query_runs(tmp_path: Path) -> None:
    """The Python of the README reads the tables that the demo leaves, from the project's folder."""
    demo = tmp_path / ".run" / "demo"
    demo.mkdir(parents=True)
    make_world(demo)
    (query,) = blocks("README.md", "python")
    done = subprocess.run(
        [sys.executable, "-c", query.text],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "flights" in done.stdout


def _run(words: list[str], folder: Path) -> str:
    """Run one of our programs as typed, in the reader's folder; return what it prints."""
    done = subprocess.run(
        [sys.executable, *words[1:]],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.integration
def test_the_preparation_runs(my: Path, kafka: Kafka) -> None:
    """The commands of `Prepare`, and the heartbeat, on a real broker and new tables."""
    (my / "live.yaml").write_text(SETTINGS.format(servers=kafka.bootstrap_servers))
    typed = [words for words in commands("README.md") if "my/live.yaml" in words]
    prepare, [beat] = typed[:3], [words for words in typed if "jobs.beat_heartbeat" in words]
    told = [_run(words, my.parent) for words in prepare]
    assert "readme-usage: created" in told[0]
    assert "closed_usage: created" in told[1]
    assert told[2] == "readme-accounts: 1 accounts\n"
    heart = subprocess.Popen(
        [sys.executable, *beat[1:]], cwd=my.parent, env={"PYTHONPATH": str(ROOT), "PATH": ""}
    )
    try:
        wait_until(_has_beaten(my / "live.yaml"), "heartbeats", 60)
    finally:
        heart.send_signal(signal.SIGTERM)
        assert heart.wait(30) == 0


def _has_beaten(settings: Path) -> Callable[[], bool]:
    kafka = load_settings(settings, {}).kafka

    def there() -> bool:
        with open_admin(kafka) as admin:
            return all(end_offsets(admin, kafka.usage_topic))

    return there
