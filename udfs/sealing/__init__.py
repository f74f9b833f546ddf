"""Seals: a row of usage and its events in one hash, and proofs of what is in it and what is not."""

from udfs.sealing.proving import RepeatedEventError, SealedTree
from udfs.sealing.spelling import read_row
from udfs.sealing.verifying import verify_proof
from udfs.sealing.writing_proofs import read_proofs, write_proofs

__all__ = [
    "RepeatedEventError",
    "SealedTree",
    "read_proofs",
    "read_row",
    "verify_proof",
    "write_proofs",
]
