"""The quiet night of the mini cluster's tests: what is published, and the program itself."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from jobs.flights.departures import DEPARTED, Departure
from jobs.flights.receiving import Injections, Receipt
from jobs.local.children import Child
from jobs.local.flink_home import FlinkHome, flink_distribution
from jobs.local.places import PYTHON
from tests.fuzz.corpus import kept_of
from tests.integration.batching import batch_edges, batch_of, in_batches
from tests.integration.flights import at_ms, choose, receipts_of
from tests.integration.new_account import (
    NEW_AT,
    new_flight,
    receipt,
)
from tests.integration.retracting import seat_receipts
from tests.integration.world import (
    JOB,
    World,
)
from tests.oracle.comparing import Rows
from tests.oracle.edge_records import edge_records

ACCOUNTS = ("AA", "WN", "HA")
EDGES_FROM, EDGES_AT = "2013-02-20", "2013-02-20T23:00:00"


@dataclass(frozen=True, slots=True)
class Night:
    """The tables as time went on.

    Attributes:
        world: Where they are.
        receipts: What was published, without the heartbeats.
        silent: When all records were there, and no heartbeat yet.
        short: When the heartbeats were one millisecond short of the cut.
        at_cut: When they had reached it.
        closed: When all periods were over.
        log: What the program wrote to its terminal.
    """

    world: World
    receipts: list[Receipt]
    silent: Mapping[str, Rows]
    short: Mapping[str, Rows]
    at_cut: Mapping[str, Rows]
    closed: dict[str, Rows]
    log: str


def published(departures: list[Departure]) -> list[Receipt]:
    """Return flights of the accounts, the edge records, the corpus, and a new account's flight."""
    chosen = [
        each
        for each in choose(departures, "2013-02-05T00:00:00", "2013-02-28T00:00:00", 3)
        if each.event.subject in ACCOUNTS
    ]
    receipts = receipts_of(chosen, Injections(repeat_rate=0.1, malformed=1))
    receipts += [
        each
        for each in seat_receipts()
        if each.key in {name.encode() for name in ACCOUNTS}
        and each.log_time_ms < at_ms("2013-03-02")
    ]
    receipts = in_batches(sorted(receipts, key=lambda each: each.log_time_ms))
    edges = edge_records("AA", DEPARTED, "miles", EDGES_FROM)
    receipts += [receipt(EDGES_AT, "AA", value, "edge") for value in edges]
    others = [value.replace(b'"edges"', b'"edges of a batch"') for value in edges]
    batches = [batch_of(others), *batch_edges("AA", DEPARTED, f"{EDGES_FROM}T09:00:00Z")]
    receipts += [receipt(EDGES_AT, "AA", value, "edge of a batch") for value in batches]
    corpus = kept_of("AA", DEPARTED, "miles", "origin", EDGES_FROM)
    receipts += [receipt(EDGES_AT, "AA", value, "corpus") for value in corpus]
    receipts.append(new_flight(NEW_AT, NEW_AT))
    return sorted(receipts, key=lambda each: each.log_time_ms)


@contextlib.contextmanager
def running(world: World, folder: Path) -> Iterator[Child]:
    """Run the program; the folder is for its Flink's configuration and logs."""
    home = FlinkHome(folder, flink_distribution())
    options = home.default_options(0, 0, 1)
    # A program that has no cluster reads these options only.
    options["env.java.opts.all"] += f" {options['env.java.opts.client']}"
    home.prepare(options)
    command = [str(PYTHON), "-m", JOB, *world.arguments]
    program = Child("meter_usage", command, home.environment(), folder / "meter_usage.log")
    try:
        yield program
    finally:
        program.kill()
