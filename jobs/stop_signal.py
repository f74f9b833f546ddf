"""The signal by which a program that runs on is told to end: SIGTERM, or SIGINT from a keyboard."""

import signal
import threading
from types import FrameType


def until_signal() -> threading.Event:
    """Return what is set when the process is told to end; it then has to end by itself."""
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return stopped
