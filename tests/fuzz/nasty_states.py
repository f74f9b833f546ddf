"""State bytes of every version that was ever written, and damaged ones."""

import random
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "fixtures" / "state"
KINDS = ("usage", "entry", "chain", "group", "counted", "running")
"""The first byte of a fuzzed state is the place of its kind here."""


@cache
def written_states() -> tuple[bytes, ...]:
    """Return the kept states, each with the byte of its kind before it."""
    states = []
    for path in sorted(FOLDER.iterdir()):
        for line in path.read_text().splitlines():
            name, _, digits = line.partition(" ")
            kind = name.partition("-")[0]
            if kind in KINDS:
                states.append(bytes([KINDS.index(kind)]) + bytes.fromhex(digits))
    return tuple(states)


def draw_state(chance: random.Random) -> bytes:
    """Return a kept state with some bytes changed, added, or cut off."""
    state = bytearray(chance.choice(written_states()))
    for _ in range(chance.choice((0, 1, 1, 2, 8))):
        at = chance.randrange(1, len(state))
        state[at] = chance.choice((0, 1, 2, 127, 128, 255, chance.randrange(256)))
    if chance.random() < 0.2:
        return bytes(state[: chance.randrange(1, len(state) + 1)])
    return bytes(state) + bytes(chance.choice((0, 0, 0, 1)))
