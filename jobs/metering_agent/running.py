"""Readings at even times and delivery beside them, until the end is asked for."""

import threading
from collections.abc import Callable
from typing import NamedTuple

from jobs.metering_agent.delivering import Connect, deliver
from jobs.metering_agent.spool import Spool
from schemas.instant import SECOND_US


class Moment(NamedTuple):
    """Two clocks, read at once.

    Attributes:
        at_us: Wall clock, an instant.
        boot_us: Time since the node started, in microseconds.
    """

    at_us: int
    boot_us: int


class _Delivery(threading.Thread):
    """Delivers in a thread of its own, so that an outage delays no reading.

    Attributes:
        error: What ended it before its time.
    """

    def __init__(self, work: Callable[[], None], stopped: threading.Event) -> None:
        # It may be in the middle of a call that nothing ends when the grace is over.
        super().__init__(name="delivery", daemon=True)
        self.error: Exception | None = None
        self._work, self._stopped = work, stopped

    def run(self) -> None:
        try:
            self._work()
        except Exception as error:
            self.error = error
            self._stopped.set()


def run_agent(
    spool: Spool,
    sample: Callable[[Moment], None],
    connect: Connect,
    clock: Callable[[], Moment],
    every_s: int,
    grace_s: float,
    stopped: threading.Event,
    tell: Callable[[str], None],
) -> int:
    """Read at once, at each multiple of `every_s` of the wall clock, and once more at the end.

    Args:
        spool: What is delivered.
        sample: Takes a reading.
        connect: Opens a connection to Kafka.
        clock: The time.
        every_s: Seconds between two readings.
        grace_s: Seconds that delivery may still take after the last reading.
        stopped: Set by whoever ends it.
        tell: Is told what somebody should know.

    Returns:
        The number of events that still wait; after that `spool` must not be written to.

    Raises:
        SettingsError: The configuration cannot be followed.
        OSError: The disk failed.
    """
    stopping = threading.Event()
    sample(clock())
    delivery = _Delivery(lambda: deliver(spool, connect, stopping, tell), stopped)
    delivery.start()
    try:
        while not stopped.wait(_until_next_us(clock().at_us, every_s) / SECOND_US):
            sample(clock())
        if delivery.error is None:
            sample(clock())
    finally:
        stopping.set()
        spool.wake()
        delivery.join(grace_s)
    if delivery.error is not None:
        raise delivery.error
    return spool.count_waiting()


def _until_next_us(at_us: int, every_s: int) -> int:
    every_us = every_s * SECOND_US
    return every_us - at_us % every_us
