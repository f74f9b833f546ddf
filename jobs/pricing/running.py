"""One run of pricing: reads at a cut, charges range by range of accounts, commits once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from iceberg.charge_rows import ChargeRows
from iceberg.charge_store import ChargeStore
from iceberg.pricing_inputs import (
    PricingInputs,
    find_repeated,
    inputs_text,
    open_usage,
    read_inputs,
    until_of,
)
from jobs import VERSION
from jobs.pricing.account_inputs import Agreements, HeldAccount, agreements_of, held_accounts
from jobs.pricing.charging_on_flink import FlinkWork, charge_on_flink
from jobs.pricing.charging_range import RangeInputs
from jobs.pricing.charging_ranges import RangeWork, charge_ranges
from jobs.pricing.finding_windows import window_span
from jobs.pricing.finishing import finish_runs
from jobs.pricing.pricing_rules import card_fingerprints, contract_fingerprint, late_us, rules_of
from jobs.settings import Settings
from schemas.instant import to_text
from schemas.pricing_run import PricingRun, RunStatus
from udfs.charging_accounts import PricingRules
from udfs.identifying import digest
from udfs.summing_charges import ChargeSums

_MANY_ROWS = 100_000


class RefusedInputError(Exception):
    """Tables show that something went wrong before pricing; one line that names it."""


class Runner(StrEnum):
    """What charges the accounts: processes on this machine, or a job on Flink."""

    LOCAL = "local"
    FLINK = "flink"


@dataclass(frozen=True, slots=True)
class AskedRun:
    """What is asked of a run.

    Attributes:
        at_us: When it begins, wall clock.
        until_us: Log time up to which usage is priced; None: as far as it is complete.
        workers: Processes on this machine that price at a time.
        runner: What charges the accounts.
    """

    at_us: int
    until_us: int | None = None
    workers: int = 1
    runner: Runner = Runner.LOCAL


@dataclass(frozen=True, slots=True)
class PricingReport:
    """What a run did.

    Attributes:
        run_id: Its id; None: there was nothing to charge, and nothing was written.
        finished_run_ids: Runs that had died and were finished.
        until_us: Log time up to which usage was priced; None: there is no usage yet.
        accounts: How many were looked at.
        charges: How many were written.
        amount_minor: What they come to, by currency.
        frozen: Whose charges wait, as a freeze of billing stands.
    """

    run_id: str | None
    finished_run_ids: tuple[str, ...]
    until_us: int | None
    accounts: int = 0
    charges: int = 0
    amount_minor: Mapping[str, int] | None = None
    frozen: tuple[HeldAccount, ...] = ()


class _Run:
    """One run over its inputs; what it has charged so far."""

    def __init__(self, settings: Settings, inputs: PricingInputs, store: ChargeStore, at_us: int):
        self.inputs, self._store, self._at_us = inputs, store, at_us
        # One that looks again, as another was faster, is a run of its own.
        self.run_id = digest("run", str(at_us), inputs_text(inputs), str(store.snapshot_id))
        self.sums = ChargeSums()
        self.accounts = 0
        self.agreements = agreements_of(inputs)
        self.rules = rules_of(settings, inputs, self.run_id)

    def batches(
        self, work: RangeWork, workers: int, say: Callable[[str], None]
    ) -> Iterator[ChargeRows]:
        """Yield all charges; then note the run, as the commit of the charges comes next."""
        for charged in charge_ranges(work, workers, say):
            self.accounts += charged.accounts
            self.sums.merge(charged.sums)
            yield charged.rows
        self.note(ChargeSums(), 0)

    def note(self, sums: ChargeSums, accounts: int) -> None:
        """Count what was charged, then note the run, as the commit of the charges comes next."""
        self.sums.merge(sums)
        self.accounts += accounts
        if self.sums.count:
            self._store.write_run(self.row(RunStatus.STARTED))

    def row(self, status: RunStatus) -> PricingRun:
        """Return the run's row."""
        lists = self.inputs.lists
        return PricingRun(
            self.run_id,
            status,
            self._at_us,
            inputs_text(self.inputs),
            card_fingerprints(lists),
            contract_fingerprint(lists),
            VERSION,
            self.sums.totals(),
            self.sums.output_hash(),
        )


def price_once(
    catalog: Any,
    settings: Settings,
    folder: Path,
    asked: AskedRun,
    say: Callable[[str], None],
) -> PricingReport:
    """Finish runs that died, then charge what is not charged yet; see `jobs.price_usage`.

    What it charges is booked by `finish_runs`, which comes after.
    """
    namespace = settings.catalog.namespace
    finished = finish_runs(catalog, namespace, _empty(folder / "before"))
    repeated = find_repeated(catalog, namespace)
    if repeated:
        raise RefusedInputError(repeated_text(repeated))
    partitions = settings.kafka.partitions
    inputs = read_inputs(catalog, namespace, partitions, late_us(settings), asked.until_us)
    if inputs is None:
        return PricingReport(None, finished, None)
    with closing(ChargeStore(catalog, namespace, str(_empty(folder / "charges")))) as store:
        check_order(store, inputs.until_us)
        run = _Run(settings, inputs, store, asked.at_us)
        if asked.runner is Runner.FLINK:
            flink_work = FlinkWork(run.rules, inputs, run.agreements, store.snapshot_id)
            charge_on_flink(catalog, settings, flink_work, run.note)
        else:
            place = str(_empty(folder / "usage"))
            work = read_work(
                catalog, namespace, run.rules, inputs, run.agreements, store, place, say
            )
            store.append(run.batches(work, asked.workers, say))
    frozen = held_accounts(run.agreements, run.rules)
    if not run.sums.count:
        return PricingReport(None, finished, inputs.until_us, run.accounts, frozen=frozen)
    return PricingReport(
        run.run_id,
        finished,
        inputs.until_us,
        run.accounts,
        run.sums.count,
        run.sums.minor_by_currency(),
        frozen,
    )


def read_work(
    catalog: Any,
    namespace: str,
    rules: PricingRules,
    inputs: PricingInputs,
    agreements: Agreements,
    store: ChargeStore,
    folder: str,
    say: Callable[[str], None],
) -> RangeWork:
    """Read usage and charges into their databases, and give both up to those who charge.

    Args:
        catalog: Has the tables.
        namespace: Theirs.
        rules: Of the run.
        inputs: Of the run.
        agreements: Of all accounts.
        store: Has what was charged before.
        folder: An empty folder for the database of the usage.
        say: Takes a line of progress, where there is much to read.

    Raises:
        BrokenRowsError: Rows contradict each other.
    """
    with closing(open_usage(catalog, namespace, inputs, folder)) as usage:
        span = window_span(agreements, rules.cards, usage.used_meters())
        usage.load_windows(span)
        sizes = dict(usage.sizes())
    _say_read(say, "totals and windows of usage", sum(sizes.values()))
    for account_id, count in store.sizes():
        sizes[account_id] = sizes.get(account_id, 0) + count
    store.close()
    _say_read(say, "rows with charges", sum(sizes.values()))
    same = RangeInputs(rules, usage.path, store.path, is_detailed=span is not None)
    return RangeWork(same, sorted(sizes.items()), agreements)


def _empty(folder: Path) -> Path:
    folder.mkdir()
    return folder


def check_order(store: ChargeStore, until_us: int) -> None:
    """Refuse to price as of before an earlier run: it would take back what that one charged."""
    before_us = max((until_of(run) for run in store.finished()), default=until_us)
    if until_us < before_us:
        raise RefusedInputError(
            f"usage: expected to price it up to {to_text(before_us)} or later, as a run before did,"
            f" found {to_text(until_us)}; ask for a later --until, or wait for the metering job"
        )


def repeated_text(repeated: Mapping[str, Sequence[Any]]) -> str:
    """Return one line for what `find_repeated` has found."""
    name, found = next(iter(sorted(repeated.items())))
    first = found[0]
    return (
        f"table {name}: expected each commit once, found the {first.kind} {first.name} in snapshots"
        f" {', '.join(map(str, first.snapshot_ids))}; look at it before anything is priced"
        " (jobs.accept_commits)"
    )


def _say_read(say: Callable[[str], None], what: str, count: int) -> None:
    if count >= _MANY_ROWS:
        say(f"read: {count:,} {what}")
