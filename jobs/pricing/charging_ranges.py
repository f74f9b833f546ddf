"""Charges all accounts, range after range, in as many processes as are asked for.

A worker has a pipe to the program that asks, and nothing else: where that program ends, in whatever
way, the pipe closes, and the worker ends too.
"""

import signal
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from traceback import format_exc

from iceberg.account_ranges import AccountRange, cut_ranges
from jobs.pricing.account_inputs import Agreements
from jobs.pricing.charging_range import ChargedRange, RangeCharger, RangeInputs


class WorkerError(Exception):
    """A worker has ended before its task; one line."""


RANGE_ROWS = 50_000
"""Rows of usage and charges that a worker has in memory at a time, about."""


@dataclass(frozen=True, slots=True)
class RangeWork:
    """All that is to be charged.

    Attributes:
        inputs: The same for all ranges.
        sizes: Of each account with usage or charges, the number of its rows, ordered by id.
        agreements: With all accounts.
    """

    inputs: RangeInputs
    sizes: Sequence[tuple[str, int]]
    agreements: Agreements


def charge_ranges(
    work: RangeWork, workers: int, say: Callable[[str], None]
) -> Iterator[ChargedRange]:
    """Yield what each range adds, in the order of the accounts.

    Args:
        work: What is to be charged.
        workers: Processes at a time; what fits into one range is charged in this one.
        say: Takes a line of progress.

    Raises:
        UnknownTermsError, MissingDetailError, MissingPriceError: Usage cannot be priced.
        WorkerError: A worker was killed, such as for want of memory.
    """
    sizes = _with_agreements(work)
    ranges = cut_ranges(sizes, RANGE_ROWS)
    account_ids = [account_id for account_id, _ in sizes]
    tasks = [(each, work.agreements.of(_within(account_ids, each))) for each in ranges]
    count = min(workers, len(tasks))
    charged = _charge_here(work, tasks) if count <= 1 else _charge_beside(work, tasks, count)
    done = charges = 0
    for each in charged:
        done, charges = done + each.accounts, charges + each.sums.count
        if len(tasks) > 1:
            say(f"{done:,} of {len(account_ids):,} accounts, {charges:,} charges")
        yield each


_Task = tuple[AccountRange, Agreements]


def _with_agreements(work: RangeWork) -> list[tuple[str, int]]:
    """Return the sizes of all accounts, also of those that have a contract and nothing else."""
    sizes = dict.fromkeys(work.agreements.contracts, 1) | dict(work.sizes)
    return sorted(sizes.items())


def _within(account_ids: Sequence[str], within: AccountRange) -> Sequence[str]:
    until = len(account_ids) if within.until is None else bisect_left(account_ids, within.until)
    return account_ids[bisect_left(account_ids, within.since) : until]


def _charge_here(work: RangeWork, tasks: Sequence[_Task]) -> Iterator[ChargedRange]:
    with closing(RangeCharger(work.inputs)) as charger:
        for within, agreements in tasks:
            yield charger.charge(within, agreements)


def _charge_beside(work: RangeWork, tasks: Sequence[_Task], count: int) -> Iterator[ChargedRange]:
    """Yield what workers return, who take turns; each has one task at a time."""
    workers = [_Worker(work) for _ in range(count)]
    try:
        for worker, task in zip(workers, tasks, strict=False):
            worker.start(task)
        for place in range(len(tasks)):
            worker = workers[place % count]
            charged = worker.finish()
            if place + count < len(tasks):
                worker.start(tasks[place + count])
            yield charged
    finally:
        for worker in workers:
            worker.stop()


class _Worker:
    """A process that charges ranges."""

    def __init__(self, work: RangeWork) -> None:
        # A new interpreter: a fork would take over the threads' locks of Arrow and DuckDB.
        context = get_context("spawn")
        self._tasks, theirs = context.Pipe()
        arguments = (theirs, work.inputs)
        self._process = context.Process(target=_work, args=arguments, daemon=True)
        self._process.start()
        theirs.close()

    def start(self, task: _Task) -> None:
        # Of one that has ended, `finish` tells.
        with suppress(BrokenPipeError):
            self._tasks.send(task)

    def finish(self) -> ChargedRange:
        try:
            found = self._tasks.recv()
        except (EOFError, ConnectionResetError):
            self._process.join()
            raise WorkerError(
                f"worker: expected charges, found its end, exit code {self._process.exitcode};"
                " fewer --workers need less memory"
            ) from None
        if isinstance(found, Exception):
            raise found
        assert isinstance(found, ChargedRange)
        return found

    def stop(self) -> None:
        self._tasks.close()
        self._process.terminate()
        self._process.join()


def _work(tasks: Connection, inputs: RangeInputs) -> None:
    """Charge what comes through a pipe until it closes."""
    # A terminal sends its interrupt to all; the program that asks closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with closing(RangeCharger(inputs)) as charger:
        while True:
            try:
                tasks.send(_charge(charger, *tasks.recv()))
            except (EOFError, BrokenPipeError):
                return


def _charge(
    charger: RangeCharger, within: AccountRange, agreements: Agreements
) -> ChargedRange | Exception:
    """Return what a range adds, or why it cannot be charged, for the program that asked."""
    try:
        return charger.charge(within, agreements)
    except Exception as error:
        error.add_note(format_exc())
        return error
