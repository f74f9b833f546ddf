"""The spool loses nothing that was kept and keeps nothing twice, wherever a crash hits."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.metering_agent.spool import LEAST_BYTES, Spool, SpoolFullError
from jobs.metering_agent.spool_lines import KeptEvent, Line, SpoolError, encode_line
from schemas.pod_usage import PodState
from tests.udfs.pod_readings import reading
from udfs.sampling import first_state

STATE = first_state(reading(0, 10**20, 10**12), "s")


@pytest.fixture
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no disk, where a test writes thousands of lines and cuts no power."""
    monkeypatch.setattr(os, "fsync", lambda fd: None)


def state(number: int) -> PodState:
    """Return a state after so many events."""
    return replace(STATE, next_number=number + 1, memory_byte_us=10**30 + number)


def event(number: int) -> KeptEvent:
    """Return an event, with characters that JSON escapes and others."""
    return KeptEvent(number, 'ac"me', f'{{"id":"{number}","pod":"wéb\\n"}}'.encode())


def fill(spool: Spool, *numbers: int) -> None:
    """Keep events of these numbers."""
    for number in numbers:
        spool.keep(state(number), event(number))


def found(folder: Path) -> tuple[PodState | None, tuple[KeptEvent, ...]]:
    """Return what an agent finds that starts there."""
    with Spool(folder, LEAST_BYTES) as spool:
        return spool.state, spool.waiting(10**6)


def test_what_was_kept_is_found(tmp_path: Path) -> None:
    """To the byte and in its order; what was acknowledged is gone."""
    with Spool(tmp_path, LEAST_BYTES) as spool:
        assert (spool.state, spool.waiting(9)) == (None, ())
        fill(spool, 0, 1, 2, 3)
        spool.keep(state(9), None)
        spool.acknowledge(1)
        assert spool.waiting(1) == (event(2),)
        assert spool.count_waiting() == 2
    assert found(tmp_path) == (state(9), (event(2), event(3)))


@pytest.mark.usefixtures("quick_disk")
def test_a_crash_at_every_byte_of_the_last_line(tmp_path: Path) -> None:
    """It is there whole, event and state, or neither of both is; and writing goes on."""
    with Spool(tmp_path, LEAST_BYTES) as spool:
        fill(spool, 0)
        before = (tmp_path / "spool").read_bytes()
        fill(spool, 1)
    after = (tmp_path / "spool").read_bytes()
    for length in range(len(before), len(after) + 1):
        (tmp_path / "spool").write_bytes(after[:length])
        with Spool(tmp_path, LEAST_BYTES) as spool:
            is_whole = length == len(after)
            assert spool.dropped_bytes == (0 if is_whole else length - len(before))
            assert spool.state == state(1 if is_whole else 0)
            assert spool.waiting(9) == ((event(0), event(1)) if is_whole else (event(0),))
            fill(spool, 2)
        assert [each.number for each in found(tmp_path)[1]] == ([0, 1, 2] if is_whole else [0, 2])


def test_a_line_of_zeros_is_a_torn_one(tmp_path: Path) -> None:
    """After a power cut a file may have its new length, and zeros where nothing was written."""
    with Spool(tmp_path, LEAST_BYTES) as spool:
        fill(spool, 0)
    with (tmp_path / "spool").open("ab") as file:
        file.write(b"\x00" * 300 + b"}\n")
    assert found(tmp_path) == (state(0), (event(0),))
    assert (tmp_path / "spool").read_bytes().endswith(b"}\n")


def test_damage_before_other_lines_is_refused(tmp_path: Path) -> None:
    """That is no crash: nobody may guess what stood there, and nothing is overwritten."""
    with Spool(tmp_path, LEAST_BYTES) as spool:
        fill(spool, 0, 1, 2)
    content = bytearray((tmp_path / "spool").read_bytes())
    content[len(content) // 3 + 20] ^= 1
    (tmp_path / "spool").write_bytes(content)
    with pytest.raises(SpoolError, match=r"found a damaged one at byte \d+ before others"):
        Spool(tmp_path, LEAST_BYTES)
    assert (tmp_path / "spool").read_bytes() == bytes(content)


def test_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, instead of guessing."""
    with Spool(tmp_path, LEAST_BYTES) as spool:
        fill(spool, 0)
    monkeypatch.setattr("jobs.metering_agent.spool_lines._VERSION", 2)
    with pytest.raises(SpoolError, match="version of the spool: expected 2, found 1"):
        Spool(tmp_path, LEAST_BYTES)


def test_one_agent_at_a_time(tmp_path: Path) -> None:
    """Two would tell the same usage under two ids."""
    with (
        Spool(tmp_path, LEAST_BYTES),
        pytest.raises(SpoolError, match="expected no other agent, found one"),
    ):
        Spool(tmp_path, LEAST_BYTES)


@pytest.mark.usefixtures("quick_disk")
def test_the_file_keeps_to_its_size(tmp_path: Path) -> None:
    """However many lines are written; a spool that is full of events has room for states."""
    most = 0
    with Spool(tmp_path, LEAST_BYTES) as spool:
        number = 0
        for later in range(400):
            if spool.has_room():
                fill(spool, number)
                number += 1
            else:
                spool.keep(state(later), None)
            most = max(most, (tmp_path / "spool").stat().st_size)
        assert not spool.has_room()
        assert [each.number for each in spool.waiting(10**6)] == [*range(number)]
        spool.acknowledge(number - 1)
        assert spool.has_room()
    assert LEAST_BYTES * 3 // 4 < most <= LEAST_BYTES
    assert number > 30
    assert found(tmp_path) == (state(399), ())


@pytest.mark.usefixtures("quick_disk")
def test_a_rewritten_spool_knows_what_waits(tmp_path: Path) -> None:
    """Rewriting leaves out what Kafka has, and nothing else."""
    with Spool(tmp_path, LEAST_BYTES) as spool:
        for number in range(300):
            fill(spool, number)
            if number > 2:
                spool.acknowledge(number - 3)
    assert (tmp_path / "spool").stat().st_size < LEAST_BYTES
    assert found(tmp_path) == (state(299), (event(297), event(298), event(299)))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("room", [0, 1, 200])
def test_a_full_disk_leaves_the_spool_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, room: int
) -> None:
    """Also where a part of the line was written; once there is room it goes on."""
    write, left = os.pwrite, [room]

    def short(fd: int, content: bytes, offset: int) -> int:
        if not left[0]:
            raise OSError(code, os.strerror(code))
        left[0] -= (written := write(fd, content[: left[0]], offset))
        return written

    with Spool(tmp_path, LEAST_BYTES) as spool:
        fill(spool, 0)
        content = (tmp_path / "spool").read_bytes()
        with monkeypatch.context() as patched:
            patched.setattr(os, "pwrite", short)
            with pytest.raises(SpoolFullError):
                fill(spool, 1)
            assert (tmp_path / "spool").read_bytes() == content
            assert (spool.state, spool.waiting(9)) == (state(0), (event(0),))
            left[0] = 0
            spool.acknowledge(0)
            assert spool.waiting(9) == ()
        fill(spool, 1)
    # The acknowledgement was not written: its event is sent once more.
    assert found(tmp_path) == (state(1), (event(0), event(1)))


def test_a_full_disk_while_rewriting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old file stays, and no half of a new one beside it."""
    with Spool(tmp_path, LEAST_BYTES) as spool:
        number = 0
        while (tmp_path / "spool").stat().st_size < LEAST_BYTES - 900:
            fill(spool, number)
            spool.acknowledge(number)
            number += 1
        content = (tmp_path / "spool").read_bytes()

        def refuse(*_: object) -> int:
            raise OSError(errno.ENOSPC, "none")

        monkeypatch.setattr(os, "pwrite", refuse)
        with pytest.raises(SpoolFullError):
            fill(spool, number, number + 1)
    assert (tmp_path / "spool").read_bytes() == content
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lock", "spool"]


def test_a_disk_that_fails_ends_the_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be made durable is taken back, so that nobody finds and sends it."""
    with Spool(tmp_path, LEAST_BYTES) as spool:
        fill(spool, 0)

        def fail(_: int) -> None:
            raise OSError(errno.EIO, "disk")

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", fail)
            with pytest.raises(OSError, match="disk"):
                fill(spool, 1)
    assert found(tmp_path) == (state(0), (event(0),))


def test_a_rewrite_that_was_cut_off_is_forgotten(tmp_path: Path) -> None:
    """Until it is renamed, the file beside it is the spool."""
    with Spool(tmp_path, LEAST_BYTES) as spool:
        fill(spool, 0)
    (tmp_path / "spool.new").write_bytes(encode_line(Line(state(5), event(5))))
    assert found(tmp_path) == (state(0), (event(0),))
    assert not (tmp_path / "spool.new").exists()


def test_who_comes_back_late_writes_nowhere(tmp_path: Path) -> None:
    """Delivery may outlive the spool by a moment; its number may be another file's by then."""
    with Spool(tmp_path, LEAST_BYTES) as spool:
        fill(spool, 0)
    content = (tmp_path / "spool").read_bytes()
    other = os.open(tmp_path / "other", os.O_RDWR | os.O_CREAT)
    with pytest.raises(OSError, match="Bad file descriptor"):
        spool.acknowledge(0)
    os.close(other)
    assert (tmp_path / "spool").read_bytes() == content
    assert (tmp_path / "other").read_bytes() == b""
