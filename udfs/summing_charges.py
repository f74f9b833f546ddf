"""What a run's charges come to, and one hash of all of them, whatever their order."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from decimal import Decimal
from hashlib import sha256

from schemas.charge import Charge
from udfs.aggregating import plain_text

_MODULUS = 2**256
_NAMES = tuple(field.name for field in fields(Charge) if field.name != "run_id")


class ChargeSums:
    """Counts charges as they come; no more than sums are kept."""

    def __init__(self) -> None:
        self._count = 0
        self._hash = 0
        self._minor: dict[str, int] = {}

    @property
    def count(self) -> int:
        """How many charges came."""
        return self._count

    def add(self, charges: Iterable[Charge]) -> None:
        """Count charges."""
        for charge in charges:
            self._count += 1
            self._hash = (self._hash + _hash(charge)) % _MODULUS
            before = self._minor.get(charge.currency, 0)
            self._minor[charge.currency] = before + charge.amount_minor

    def merge(self, others: ChargeSums) -> None:
        """Count what others have counted."""
        self._count += others._count
        self._hash = (self._hash + others._hash) % _MODULUS
        for currency, minor in others._minor.items():
            self._minor[currency] = self._minor.get(currency, 0) + minor

    def output_hash(self) -> str:
        """Return the sum of the charges' hashes, 64 hex digits; runs' ids are not in it.

        Charges that are read from their table have the same one.
        """
        return f"{self._hash:064x}"

    def minor_by_currency(self) -> dict[str, int]:
        """Return what charges come to in minor units, ordered by currency."""
        return dict(sorted(self._minor.items()))

    def totals(self) -> str:
        """Return the number of charges and the minor units by currency, canonical JSON."""
        members = {"charges": self._count, "amount_minor": self.minor_by_currency()}
        return json.dumps(members, separators=(",", ":"))


def _hash(charge: Charge) -> int:
    values = [_plain(getattr(charge, name)) for name in _NAMES]
    return int.from_bytes(sha256(json.dumps(values).encode()).digest())


def _plain(value: object) -> str:
    """Return a value as text; a decimal has no more decimals than it needs."""
    return plain_text(value) if isinstance(value, Decimal) else str(value)
