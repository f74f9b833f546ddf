"""The spool: events and the agent's state in one append-only file, until Kafka has the events.

An event and the state that has told it are one line, and a line is on disk before anyone sends what
it holds. So whatever ends the agent, what was used is told by exactly one event: the line is there
and is sent with the same bytes again, or it is not and the usage is still untold.

The file has at most `max_bytes`. Events that wait may fill half of it; then no further one is made,
and usage gathers in the state, which always has room: the next event tells it all. Where the disk
itself is full the state waits in memory.
"""

import errno
import fcntl
import os
import threading
from collections import deque
from itertools import islice
from pathlib import Path
from typing import Self

from jobs.metering_agent.spool_lines import KeptEvent, Line, SpoolError, decode_line, encode_line
from schemas.pod_usage import PodState

LEAST_BYTES = 64 * 1024
# Texts of the command line are short, so no line comes near it.
_LONGEST_LINE = 8 * 1024
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


class SpoolFullError(Exception):
    """The disk has no room for a line; the spool is as it was before."""


class Spool:
    """One agent's spool in a folder of its own. Two threads may use it. A context manager.

    Attributes:
        state: The agent's state as of the last line; None in a spool that is new.
        dropped_bytes: Length of a last line that was not written to its end, found at the start.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        """Open the spool, or make it.

        Raises:
            SpoolError: Another agent has it open, or a line within it is damaged.
            OSError: The folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.state: PodState | None = None
        self.dropped_bytes = 0
        self._folder, self._max_bytes = folder, max_bytes
        self._path, self._new_path = folder / "spool", folder / "spool.new"
        self._waiting: deque[KeptEvent] = deque()
        self._waiting_bytes = 0
        self._changed = threading.Condition()
        self._lock_fd = _lock(folder)
        self._new_path.unlink(missing_ok=True)
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        self._length = self._load()
        # What was written and not yet on disk may have been read: it must not be sent before it is.
        os.ftruncate(self._fd, self._length)
        os.fsync(self._fd)
        self._sync_folder()

    def has_room(self) -> bool:
        """Tell whether one more event may wait."""
        with self._changed:
            return self._waiting_bytes + _LONGEST_LINE <= self._max_bytes // 2

    def keep(self, state: PodState, event: KeptEvent | None) -> None:
        """Write the state, and the event that it has told, to disk.

        Raises:
            SpoolFullError: Nothing was written.
            OSError: The disk failed; the line is not there, and the agent must end.
        """
        with self._changed:
            self._append(Line(state, event))
            self.state = state
            if event is not None:
                self._wait_for(event)
                self._changed.notify_all()

    def waiting(self, most: int) -> tuple[KeptEvent, ...]:
        """Return the first events that Kafka has not acknowledged, in their order."""
        with self._changed:
            return tuple(islice(self._waiting, most))

    def count_waiting(self) -> int:
        """Return how many events Kafka has not acknowledged."""
        with self._changed:
            return len(self._waiting)

    def acknowledge(self, number: int) -> None:
        """Forget the events up to this number: Kafka has them.

        Raises:
            OSError: The disk failed, and the agent must end.
        """
        with self._changed:
            self._forget(number)
            self._changed.notify_all()
            try:
                self._append(Line(acknowledged=number))
            except SpoolFullError:
                # Known in memory: after a restart they are sent once more, with the same ids.
                return

    def wait_for_event(self, stopping: threading.Event, timeout_s: float) -> None:
        """Wait until an event waits, or `stopping` is set and `wake` called, or time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or stopping.is_set(), timeout_s)

    def wait_for_change(self, timeout_s: float) -> None:
        """Wait until an event comes or goes, or `wake` is called, or time is over."""
        with self._changed:
            self._changed.wait(timeout_s)

    def wake(self) -> None:
        """Let whoever waits look again."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Close the files, and let another agent open them."""
        with self._changed:
            os.close(self._fd)
            # Whoever delivers may come back from Kafka later than this; no other file is to suffer.
            self._fd = -1
            os.close(self._lock_fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _load(self) -> int:
        """Read all lines; return where the last whole one ends."""
        content, offset = self._path.read_bytes(), 0
        while (end := content.find(b"\n", offset)) >= 0:
            line = decode_line(content[offset:end])
            if line is None:
                break
            self._take(line)
            offset = end + 1
        rest = content[offset:]
        # Each line was on disk before the next was begun: only the last one can be torn.
        if any(decode_line(each) for each in rest.split(b"\n")[1:] if each):
            raise SpoolError(
                f"spool, {self._path}: expected whole lines, found a damaged one at byte {offset}"
                " before others; move the file away, usage in it is not delivered"
            )
        self.dropped_bytes = len(rest)
        return offset

    def _take(self, line: Line) -> None:
        self.state = line.state or self.state
        if line.event is not None:
            self._wait_for(line.event)
        if line.acknowledged is not None:
            self._forget(line.acknowledged)

    def _wait_for(self, event: KeptEvent) -> None:
        self._waiting.append(event)
        self._waiting_bytes += _size_of(event)

    def _forget(self, number: int) -> None:
        while self._waiting and self._waiting[0].number <= number:
            self._waiting_bytes -= _size_of(self._waiting.popleft())

    def _append(self, line: Line) -> None:
        """Write one line and wait until it is on disk."""
        content = encode_line(line)
        if self._length + len(content) > self._max_bytes:
            self._rewrite()
        try:
            _write(self._fd, content, self._length)
        except OSError as error:
            # Neither a part of it nor all of it may be found after a restart.
            os.ftruncate(self._fd, self._length)
            raise _full_or_same(error) from error
        self._length += len(content)

    def _rewrite(self) -> None:
        """Put a file in this one's place that holds the events that wait, and the state."""
        lines = [encode_line(Line(event=event)) for event in self._waiting]
        lines.append(encode_line(Line(self.state)))
        new_fd = os.open(self._new_path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            _write(new_fd, b"".join(lines), 0)
            os.rename(self._new_path, self._path)
        except OSError as error:
            os.close(new_fd)
            self._new_path.unlink(missing_ok=True)
            raise _full_or_same(error) from error
        os.close(self._fd)
        self._fd, self._length = new_fd, sum(map(len, lines))
        self._sync_folder()

    def _sync_folder(self) -> None:
        """Make sure that the file's name is on disk."""
        folder_fd = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder_fd)
        finally:
            os.close(folder_fd)


def _size_of(event: KeptEvent) -> int:
    """Return the bytes that an event takes in a file that was rewritten."""
    return len(encode_line(Line(event=event)))


def _lock(folder: Path) -> int:
    """Keep other agents out; the lock ends with the process, however that ends."""
    lock_fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock_fd)
        raise SpoolError(
            f"spool, {folder}: expected no other agent, found one that has it open"
        ) from None
    return lock_fd


def _write(fd: int, content: bytes, offset: int) -> None:
    """Write all of it at an offset, and wait until it is on disk."""
    view = memoryview(content)
    while view:
        written = os.pwrite(fd, view, offset)
        view, offset = view[written:], offset + written
    os.fsync(fd)


def _full_or_same(error: OSError) -> Exception:
    return SpoolFullError(str(error)) if error.errno in _NO_SPACE else error
