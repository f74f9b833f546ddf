"""One run of pricing: reads at a cut, charges account by account, commits once."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iceberg.charge_store import ChargeStore
from iceberg.priced_usage import PricedUsage
from iceberg.pricing_inputs import (
    PricingInputs,
    find_repeated,
    inputs_text,
    open_usage,
    read_inputs,
    until_of,
)
from jobs import VERSION
from jobs.pricing.account_inputs import account_inputs, agreements_of, find_detailed
from jobs.pricing.finishing import finish_runs
from jobs.settings import Settings, load_meters
from schemas.charge import Charge
from schemas.contract import Contract, FxRate
from schemas.instant import to_text
from schemas.plain_form import content_fingerprint, encode_shape
from schemas.price_lists import identity_of
from schemas.pricing_run import PricingRun, RunStatus
from schemas.rate_card import RateCard
from udfs.charging_accounts import PricingRules, charge_account
from udfs.identifying import digest
from udfs.summing_charges import ChargeSums

_BATCH_CHARGES = 50_000
_MS_US = 1000
_S_US = 1_000_000


class RefusedInputError(Exception):
    """Tables show that something went wrong before pricing; one line that names it."""


@dataclass(frozen=True, slots=True)
class AskedRun:
    """What is asked of a run.

    Attributes:
        at_us: When it begins, wall clock.
        until_us: Log time up to which usage is priced; None: as far as it is complete.
    """

    at_us: int
    until_us: int | None = None


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
    """

    run_id: str | None
    finished_run_ids: tuple[str, ...]
    until_us: int | None
    accounts: int = 0
    charges: int = 0
    amount_minor: Mapping[str, int] | None = None


class _Run:
    """One run over its inputs; what it has charged so far."""

    def __init__(self, settings: Settings, inputs: PricingInputs, store: ChargeStore, at_us: int):
        self.inputs, self._store, self._at_us = inputs, store, at_us
        # One that looks again, as another was faster, is a run of its own.
        self.run_id = digest("run", str(at_us), inputs_text(inputs), str(store.snapshot_id))
        self.sums = ChargeSums()
        self.accounts = 0
        self._agreements = agreements_of(inputs)
        self._rules = _rules(settings, inputs, self.run_id)

    def batches(self, usage: PricedUsage, say: Callable[[str], None]) -> Iterator[list[Charge]]:
        """Yield all charges; then note the run, as the commit of the charges comes next."""
        agreements, rules = self._agreements, self._rules
        detailed = find_detailed(agreements, usage, rules.cards)
        usage.load_details(detailed)
        charged = self._store.by_account()
        batch: list[Charge] = []
        for account in account_inputs(agreements, usage, charged, frozenset(detailed)):
            batch += charge_account(rules, account)
            self.accounts += 1
            if self.accounts % 10_000 == 0:
                say(f"{self.accounts:,} accounts, {self.sums.count + len(batch):,} charges")
            if len(batch) >= _BATCH_CHARGES:
                yield self._count(batch)
                batch = []
        yield self._count(batch)
        if self.sums.count:
            self._store.write_run(self.row(RunStatus.STARTED))

    def _count(self, batch: list[Charge]) -> list[Charge]:
        self.sums.add(batch)
        return batch

    def row(self, status: RunStatus) -> PricingRun:
        """Return the run's row."""
        lists = self.inputs.lists
        return PricingRun(
            self.run_id,
            status,
            self._at_us,
            inputs_text(self.inputs),
            _text(_fingerprints(lists.rate_cards)),
            content_fingerprint(_text(_fingerprints(lists.contracts))),
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
        raise RefusedInputError(_repeated_text(repeated))
    partitions, late_us = settings.kafka.partitions, _late_us(settings)
    inputs = read_inputs(catalog, namespace, partitions, late_us, asked.until_us)
    if inputs is None:
        return PricingReport(None, finished, None)
    with (
        closing(ChargeStore(catalog, namespace, str(_empty(folder / "charges")))) as store,
        closing(open_usage(catalog, namespace, inputs, str(_empty(folder / "usage")))) as usage,
    ):
        _check_order(store, inputs.until_us)
        run = _Run(settings, inputs, store, asked.at_us)
        store.append(run.batches(usage, say))
    if not run.sums.count:
        return PricingReport(None, finished, inputs.until_us, run.accounts)
    return PricingReport(
        run.run_id,
        finished,
        inputs.until_us,
        run.accounts,
        run.sums.count,
        run.sums.minor_by_currency(),
    )


def _empty(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _check_order(store: ChargeStore, until_us: int) -> None:
    """Refuse to price as of before an earlier run: it would take back what that one charged."""
    before_us = max((until_of(run) for run in store.finished()), default=until_us)
    if until_us < before_us:
        raise RefusedInputError(
            f"usage: expected to price it up to {to_text(before_us)} or later, as a run before did,"
            f" found {to_text(until_us)}; ask for a later --until, or wait for the metering job"
        )


def _repeated_text(repeated: Mapping[str, Sequence[Any]]) -> str:
    name, found = next(iter(sorted(repeated.items())))
    first = found[0]
    return (
        f"table {name}: expected each commit once, found the {first.kind} {first.name} in snapshots"
        f" {', '.join(map(str, first.snapshot_ids))}; look at it before anything is priced"
    )


def _rules(settings: Settings, inputs: PricingInputs, run_id: str) -> PricingRules:
    meters = load_meters(settings.metering.meters_file)
    lists = inputs.lists
    cards: dict[tuple[str, str], list[RateCard]] = {}
    for card in sorted(lists.rate_cards, key=lambda each: each.effective_from_us):
        cards.setdefault((card.card_id, card.currency), []).append(card)
    return PricingRules(
        cards,
        inputs.until_us,
        max(meter.grace_us for meter in meters),
        run_id,
        _by_day(lists.fx_rates),
    )


def _by_day(rates: Sequence[FxRate]) -> dict[tuple[str, str], list[FxRate]]:
    found: dict[tuple[str, str], list[FxRate]] = {}
    for rate in sorted(rates, key=identity_of):
        found.setdefault((rate.day, rate.quote), []).append(rate)
    return found


def _late_us(settings: Settings) -> int:
    """Return how long after its instant a row is emitted at most, in log time.

    A timer fires at its instant and the delay of its bucket, once the watermark, which is the slack
    behind, has passed it.
    """
    metering = settings.metering
    return metering.close_jitter_s * _S_US + (metering.watermark_slack_ms + 1) * _MS_US


def _fingerprints(shapes: Sequence[RateCard | Contract]) -> dict[str, str]:
    """Return a hash of each version's content, by what it is known by."""
    return {
        "/".join(map(str, identity_of(each))): content_fingerprint(encode_shape(each))
        for each in shapes
    }


def _text(members: Mapping[str, object]) -> str:
    return json.dumps(members, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
