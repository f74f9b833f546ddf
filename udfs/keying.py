"""Keyed hashes: texts that tell nothing of what they stand for to whoever lacks the key.

HMAC with SHA-256 (RFC 2104). What is hashed is a tuple, its parts told apart by their lengths and
its purpose by the first one. A text has 128 bits of the hash: among a million million subjects, two
have the same with a probability below 1 in 2**48, and nobody without the keys can look for two.
"""

from __future__ import annotations

import hmac

from schemas.privacy import SubjectKey

KEY_BYTES = 32
_TEXT_DIGITS = 32


def keyed_hash(key: bytes, *parts: bytes) -> bytes:
    """Return the 32 bytes that a key makes of a tuple."""
    message = b"".join([len(part).to_bytes(8) + part for part in parts])
    return hmac.digest(key, message, "sha256")


def keyed_text(kind: str, key: bytes, *parts: bytes) -> str:
    """Return the text that a key makes of a tuple, such as `h-07f3...` of the kind `h`."""
    return f"{kind}-{keyed_hash(key, kind.encode(), *parts).hex()[:_TEXT_DIGITS]}"


def subject_key_of(key: bytes, subject: str) -> SubjectKey:
    """Return a subject's key with the pseudonym that it makes."""
    return SubjectKey(key, keyed_text("p", key, subject.encode()))


def combined_key(master_key: bytes, stored: bytes) -> bytes:
    """Return a subject's key, of the bytes that the key store has for it.

    Whoever has the store but not the master key cannot try its keys out on subjects.
    """
    return keyed_hash(master_key, b"subject", stored)


def lookup_of(master_key: bytes, subject: str) -> bytes:
    """Return where the key store has a subject's key: nothing that tells the subject."""
    return keyed_hash(master_key, b"lookup", subject.encode())


def check_value_of(master_key: bytes) -> bytes:
    """Return what tells one master key from another, and nothing of either."""
    return keyed_hash(master_key, b"check")


def record_key_of(master_key: bytes) -> bytes:
    """Return the key for what belongs to no subject: ids, sources, record keys, fingerprints."""
    return keyed_hash(master_key, b"records")
