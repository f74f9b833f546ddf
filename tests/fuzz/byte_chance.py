"""Chance that is read off bytes: what a coverage-guided fuzzer changes, changes what is drawn."""

import random


class ByteChance(random.Random):
    """Draws from bytes, and when they are used up, from a generator that they seeded."""

    def __new__(cls, content: bytes) -> "ByteChance":
        """Keep the bytes from the seeding of the generator that is inherited."""
        return super().__new__(cls)

    def __init__(self, content: bytes) -> None:
        """Begin at the first byte."""
        super().__init__(len(content))
        self._content, self._at = content, 0

    def random(self) -> float:
        """Return a number from 0 to just under 1: two bytes of it, while there are some."""
        pair = self._content[self._at : self._at + 2]
        self._at += 2
        return int.from_bytes(pair, "little") / 65_536 if len(pair) == 2 else super().random()

    def getrandbits(self, count: int, /) -> int:
        """Return so many bits, from as few bytes as hold them."""
        size = (count + 7) // 8
        piece = self._content[self._at : self._at + size]
        self._at += size
        if len(piece) < size:
            return super().getrandbits(count)
        return int.from_bytes(piece, "little") >> (8 * size - count)
