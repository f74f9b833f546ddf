"""What the rules that span several entries ask of an engine: the state of one account."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from schemas.meter_state import Chain, ChainKey, EntryKey, Group, GroupKey, Part, PeriodEntry
from udfs.metering.receiving import PartReceipt


class AccountState(Protocol):
    """The entries, parts, chains and timers of one account."""

    def entry(self, key: EntryKey) -> PeriodEntry | None:
        """Return an entry, or None."""

    def put_entry(self, key: EntryKey, entry: PeriodEntry) -> None:
        """Keep an entry."""

    def remove_entry(self, key: EntryKey, entry: PeriodEntry) -> None:
        """Forget an entry that is there, with its parts."""

    def parts(self, key: EntryKey) -> Iterable[Part]:
        """Return the parts of an entry, in any order."""

    def receive(self, key: EntryKey, entry: PeriodEntry, receipt: PartReceipt) -> None:
        """Add to a part of an entry: `keep_receipt`."""

    def chain(self, key: ChainKey) -> Chain | None:
        """Return a chain, or None."""

    def put_chain(self, key: ChainKey, chain: Chain) -> None:
        """Keep a chain."""

    def remove_chain(self, key: ChainKey) -> None:
        """Forget a chain that is there."""

    def group(self, key: GroupKey) -> Group | None:
        """Return a group, or None."""

    def put_group(self, key: GroupKey, group: Group) -> None:
        """Keep a group."""

    def remove_group(self, key: GroupKey) -> None:
        """Forget a group, if it is there."""

    def wake(self, at_us: int) -> None:
        """Register a timer; registering one again changes nothing."""
