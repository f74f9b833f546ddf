"""What a record costs grows with its bytes, and with nothing else."""

import pytest

from tests.fuzz.corpus import kept
from tests.fuzz.costs import cost_of
from tests.fuzz.nasty_records import LONG_ENDS

LONG = {name: payload for name, payload in kept("records").items() if len(payload) > 2000}
PIECES = (b"9", b"[", b"[],", b'"",', b"\\\\", b"\\u0001", b'"a":{},', "\U0001f600".encode())


@pytest.mark.parametrize("name", LONG)
def test_a_kept_record_is_within_its_bounds(name: str) -> None:
    """Operations for each KiB, and memory for each byte, are bounded."""
    cost = cost_of(LONG[name])
    assert cost.is_within(), cost


@pytest.mark.parametrize("piece", PIECES)
def test_twice_as_long_is_twice_the_work(piece: bytes) -> None:
    """At every place of a record that can be long."""
    for head, tail in LONG_ENDS:
        short, long = (cost_of(head + piece * (size // len(piece)) + tail) for size in (3000, 6000))
        assert long.operations < 2.2 * short.operations + 2000
        # Python's containers grow by steps; what grows with the square would be four times as much.
        assert long.peak < 3 * short.peak + 65_536
