"""Proofs of usage: rows beside their recompute, seals, and what charges are made of."""
