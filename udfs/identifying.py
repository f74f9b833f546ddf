"""Ids of rows: hashes of their natural keys, the same in every run over the same log."""

from __future__ import annotations

from hashlib import blake2b


def digest(*parts: str) -> str:
    """Hash a tuple of texts; each carries its length, so no two tuples share an encoding."""
    encoded = [part.encode() for part in parts]
    message = b"".join(len(part).to_bytes(4, "little") + part for part in encoded)
    return blake2b(message, digest_size=16).hexdigest()
