"""What keyed state holds: names of entries, and our own versioned bytes as text."""

import json
from collections.abc import Callable, Iterator
from json.encoder import encode_basestring_ascii as _quote

from pyflink.common import Types
from pyflink.datastream.state import MapState

from schemas.chain_state import decode_chain, encode_chain
from schemas.entry_state import decode_entry, encode_entry
from schemas.group_state import decode_group, encode_group
from schemas.meter_state import Chain, ChainKey, EntryKey, Group, GroupKey, Part, PeriodEntry
from schemas.metered_usage import MeteredUsage
from schemas.running_state import (
    decode_counted,
    decode_running,
    encode_counted,
    encode_running,
)
from schemas.running_total import CountedUsage, RunningPeriod, TotalKey
from schemas.usage_state import decode_usage, encode_usage, encoded_account
from udfs.branching import read_parts, remove_parts
from udfs.metering import PartReceipt, keep_receipt

# Bytes are kept as text, one character (Latin-1) a byte: thread mode cannot write byte arrays.
BYTES = Types.STRING()
ONE_TO_ONE = "latin-1"


class NodeState:
    """The nodes of parts in keyed state."""

    def __init__(self, nodes: MapState) -> None:
        """Keep the state; its map is that of the key at hand."""
        self._nodes = nodes

    def get(self, name: str) -> bytes | None:
        """Return a node, or None."""
        node = self._nodes.get(name)
        return None if node is None else node.encode(ONE_TO_ONE)

    def put(self, name: str, node: bytes) -> None:
        """Keep a node."""
        self._nodes.put(name, node.decode(ONE_TO_ONE))

    def remove(self, name: str) -> None:
        """Forget a node."""
        self._nodes.remove(name)


def entry_name(account_id: str, key: EntryKey) -> str:
    """Return the entry's name in state: the account and its key as canonical JSON array text."""
    return f"[{_quote(account_id)},{key.encode()[1:]}"


def tree_name(account_id: str, key: EntryKey) -> str:
    """Return the name of the entry's parts; new terms may change the end of its period."""
    names = (account_id, key.meter_id, key.dimensions)
    return f"[{key.period_start_us},{','.join(map(_quote, names))}]"


def read_name(name: str) -> tuple[str, EntryKey]:
    """Return the account and the key that a name says."""
    account_id, *rest = json.loads(name)
    return account_id, EntryKey(*rest)


def write_entry(entry: PeriodEntry) -> str:
    """Return an entry as text of its bytes."""
    return encode_entry(entry).decode(ONE_TO_ONE)


def read_entry(state: str) -> PeriodEntry:
    """Read an entry back."""
    return decode_entry(state.encode(ONE_TO_ONE))


def write_usage(usage: MeteredUsage) -> str:
    """Return usage as text of its bytes."""
    return encode_usage(usage).decode(ONE_TO_ONE)


def read_usage(state: str) -> MeteredUsage:
    """Read usage back."""
    return decode_usage(state.encode(ONE_TO_ONE))


def waits_for(state: str, account_id: str) -> bool:
    """Return whether usage in state is of the account, without reading the rest of it."""
    return encoded_account(state.encode(ONE_TO_ONE)) == account_id.encode()


def write_counted(usage: CountedUsage) -> str:
    """Return counted usage as text of its bytes."""
    return encode_counted(usage).decode(ONE_TO_ONE)


def read_counted(state: str) -> CountedUsage:
    """Read counted usage back."""
    return decode_counted(state.encode(ONE_TO_ONE))


def total_name(key: TotalKey) -> str:
    """Return the name of a running total in state."""
    return f"[{key.period_start_us},{_quote(key.account_id)},{_quote(key.meter_id)}]"


def write_running(period: RunningPeriod) -> str:
    """Return a running total as text of its bytes."""
    return encode_running(period).decode(ONE_TO_ONE)


def read_running(state: str) -> RunningPeriod:
    """Read a running total back."""
    return decode_running(state.encode(ONE_TO_ONE))


class KeyedAccount:
    """The state of one account: `udfs.metering.AccountState`."""

    def __init__(
        self,
        account_id: str,
        entries: MapState,
        nodes: NodeState,
        chains: MapState,
        groups: MapState,
        wake: Callable[[int], None],
    ) -> None:
        """Keep the states; they are those of the key at hand."""
        self._account_id, self._entries = account_id, entries
        self._nodes, self._chains, self._groups = nodes, chains, groups
        self.wake = wake

    def entry(self, key: EntryKey) -> PeriodEntry | None:
        """Return an entry, or None."""
        state = self._entries.get(entry_name(self._account_id, key))
        return None if state is None else read_entry(state)

    def put_entry(self, key: EntryKey, entry: PeriodEntry) -> None:
        """Keep an entry."""
        self._entries.put(entry_name(self._account_id, key), write_entry(entry))

    def remove_entry(self, key: EntryKey, entry: PeriodEntry) -> None:
        """Forget an entry that is there, with its parts."""
        self._entries.remove(entry_name(self._account_id, key))
        if entry.has_parts:
            remove_parts(self._nodes, tree_name(self._account_id, key))

    def parts(self, key: EntryKey) -> Iterator[Part]:
        """Return the parts of an entry."""
        return read_parts(self._nodes, tree_name(self._account_id, key))

    def receive(self, key: EntryKey, entry: PeriodEntry, receipt: PartReceipt) -> None:
        """Add to a part of an entry."""
        keep_receipt(self._nodes, tree_name(self._account_id, key), entry, receipt)

    def chain(self, key: ChainKey) -> Chain | None:
        """Return a chain, or None."""
        state = self._chains.get(self._chain_name(key))
        return None if state is None else decode_chain(state.encode(ONE_TO_ONE))

    def put_chain(self, key: ChainKey, chain: Chain) -> None:
        """Keep a chain."""
        self._chains.put(self._chain_name(key), encode_chain(chain).decode(ONE_TO_ONE))

    def remove_chain(self, key: ChainKey) -> None:
        """Forget a chain that is there."""
        self._chains.remove(self._chain_name(key))

    def group(self, key: GroupKey) -> Group | None:
        """Return a group, or None."""
        state = self._groups.get(self._group_name(key))
        return None if state is None else decode_group(state.encode(ONE_TO_ONE))

    def put_group(self, key: GroupKey, group: Group) -> None:
        """Keep a group."""
        self._groups.put(self._group_name(key), encode_group(group).decode(ONE_TO_ONE))

    def remove_group(self, key: GroupKey) -> None:
        """Forget a group, if it is there."""
        self._groups.remove(self._group_name(key))

    def _group_name(self, key: GroupKey) -> str:
        names = (self._account_id, key.meter_id)
        return f"[{key.period_start_us},{','.join(map(_quote, names))}]"

    def _chain_name(self, key: ChainKey) -> str:
        names = (self._account_id, key.meter_id, key.dimensions)
        return f"[{key.run_start_us},{','.join(map(_quote, names))}]"
