"""The side output by which the keyed stage tells the budgets' stage what its entries took."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pyflink.datastream import OutputTag, RuntimeContext
from pyflink.datastream.state import MapState, ValueStateDescriptor

from jobs.flink.budget_function import counted_row
from jobs.flink.keyed_state import BYTES, read_entry, read_name
from jobs.flink.keying import pair_of
from jobs.flink.rows import COUNTED_USAGE
from schemas.account import Account
from schemas.running_total import CountedUsage
from udfs.budgeting import held_usage

COUNTED = OutputTag("counted_usage", pair_of(COUNTED_USAGE))

# Of each bucket; no value: it was never told.
_IS_TOLD, _WAS_TOLD = "is_told", "was_told"


class CountedOutput:
    """Tells usage, if anyone takes it, and first what entries held before anyone did."""

    def __init__(self, context: RuntimeContext, log_window_us: int, is_taken: bool) -> None:
        """Open the state.

        Args:
            context: Of the keyed stage.
            log_window_us: Usage is gathered by windows of so much log time.
            is_taken: Whether anyone takes it.
        """
        self._told: Any = context.get_state(ValueStateDescriptor("told", BYTES))
        self._log_window_us, self._is_taken = log_window_us, is_taken
        self._asked = set[int]()

    def tell(self, usages: Iterable[CountedUsage], ctx: Any) -> Iterator[Any]:
        """Yield usage of the bucket at hand."""
        if self._is_taken:
            for usage in usages:
                yield COUNTED, counted_row(ctx.get_current_key(), usage)

    def tell_held(
        self, entries: MapState, account_of: Callable[[str], Account], ctx: Any
    ) -> Iterator[Any]:
        """Yield what the entries of the bucket at hand hold, unless that was told."""
        bucket = ctx.get_current_key()
        if bucket in self._asked:
            return
        # Once for each run: only a restore may change what the state says.
        self._asked.add(bucket)
        told = self._told.value()
        if told == _IS_TOLD and not self._is_taken:
            self._told.update(_WAS_TOLD)
        elif told != _IS_TOLD and self._is_taken:
            self._told.update(_IS_TOLD)
            is_silent = told == _WAS_TOLD
            for name, state in list(entries.items()):
                account_id, key = read_name(name)
                entry, account = read_entry(state), account_of(account_id)
                held = held_usage(account, key, entry, self._log_window_us, is_silent)
                yield from self.tell(held, ctx)
