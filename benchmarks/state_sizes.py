"""How many bytes the keyed stage keeps for each thing, without RocksDB's own share."""

from collections import UserDict
from dataclasses import replace
from decimal import Decimal

from jobs.flink.keyed_state import KeyedAccount, NodeState, write_usage
from schemas.account import Account, encode_account
from schemas.meter import Meter
from schemas.meter_state import EntryKey, Group, GroupKey
from schemas.metered_usage import MeteredUsage
from udfs.aggregating import combine
from udfs.metering.receiving import open_entry
from udfs.scheduling import period_containing


class _Map(UserDict[str, str]):
    """A map state that can be measured."""

    def put(self, name: str, value: str) -> None:
        self[name] = value

    def size(self) -> int:
        return sum(len(name) + len(value) for name, value in self.items())


def encoded_sizes(account: Account, meter: Meter, dimensions: str, at_us: int) -> dict[str, int]:
    """Return the bytes of names and values as they are encoded, by what they stand for.

    Args:
        account: Whose state.
        meter: Of the open period.
        dimensions: Canonical JSON of one of its dimensions.
        at_us: An instant in the period.
    """
    period = period_containing(account.terms, at_us)
    assert not isinstance(period, str), period
    units, times = Decimal("1234.5"), (at_us, at_us + 1, at_us, at_us + 1)
    names = (account.account_id, meter.meter_id, dimensions)
    usage = MeteredUsage(*names, at_us, units, 12, *times, at_us)
    opened = replace(open_entry(meter, period), total=combine(meter.aggregation, None, usage))
    sizes = {"account and terms": len(account.account_id) + len(encode_account(account))}
    for name, text in (("open entry, no dimensions", "{}"), ("open entry, dimensions", dimensions)):
        entries, groups = _Map(), _Map()
        state = KeyedAccount(
            account.account_id, entries, NodeState(_Map()), _Map(), groups, lambda _: None
        )
        state.put_entry(EntryKey(period.start_us, period.end_us, meter.meter_id, text), opened)
        sizes[name] = entries.size()
    state.put_group(GroupKey(period.start_us, meter.meter_id), Group(3, False))
    sizes["group of dimensions"] = groups.size()
    sizes["waiting row"] = len(write_usage(usage))
    return sizes
