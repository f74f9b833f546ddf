"""A dry run: prices what an earlier run read, or the next one would, and writes nothing.

It does what a run does, over the inputs and the charges of before. So what it yields is what a run
would add: nothing, where neither prices nor code have changed what usage comes to.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from iceberg.charge_differences import ChargeDifferences
from iceberg.charge_history import ChargeHistory
from iceberg.charge_store import ChargeStore
from iceberg.pricing_inputs import PricingInputs, find_repeated, read_inputs, read_past_inputs
from jobs import VERSION
from jobs.pricing.account_inputs import HeldAccount, agreements_of, held_accounts
from jobs.pricing.charging_ranges import charge_ranges
from jobs.pricing.finding_runs import LATEST, NOW, find_run
from jobs.pricing.pricing_rules import late_us, rules_of
from jobs.pricing.running import RefusedInputError, check_order, read_work, repeated_text
from jobs.settings import Settings, SettingsError, load_meters, load_rate_cards
from schemas.price_lists import PriceLists
from schemas.pricing_run import PricingRun
from schemas.rate_card import RateCard
from udfs.trying_cards import check_tried, try_cards, uncharged_cards

_RUN_ID = "dry-run"


@dataclass(frozen=True, slots=True)
class AskedDryRun:
    """What is asked of a dry run.

    Attributes:
        as_of: Which usage and charges: id of a run, a snapshot of `charges`, `latest` or `now`.
        rate_card_path: File of rate cards that are tried; None: those that were loaded.
        until_us: Log time up to which usage is priced, as of `now`; None: as far as it is complete.
        workers: Processes that price at a time.
    """

    as_of: str = LATEST
    rate_card_path: str | None = None
    until_us: int | None = None
    workers: int = 1


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a dry run compared, and found.

    Attributes:
        run: Whose usage and charges; None: they are those of now.
        snapshot_id: Of the charges; None: there are none.
        until_us: Log time up to which usage is priced.
        code_version: Of this program.
        rate_card_path: File of the cards that were tried, if any.
        tried: Cards that were tried.
        left_out: Loaded cards in whose place they were.
        unfinished_run_ids: Runs that have charges and died; they are left as they are.
        accounts: How many were looked at.
        differences: By line, and in sums.
        frozen: Whose charges wait, as a freeze of billing stood or stands.
    """

    run: PricingRun | None
    snapshot_id: int | None
    until_us: int
    code_version: str
    rate_card_path: str | None
    tried: tuple[RateCard, ...]
    left_out: tuple[RateCard, ...]
    unfinished_run_ids: tuple[str, ...]
    accounts: int
    differences: ChargeDifferences
    frozen: tuple[HeldAccount, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether no line differs."""
        return not any(each.lines for each in self.differences.currencies())


@dataclass(frozen=True, slots=True)
class _Past:
    """What is priced, and the charges that it is held against."""

    run: PricingRun | None
    snapshot_id: int | None
    inputs: PricingInputs


def price_dry(
    catalog: Any, settings: Settings, folder: Path, asked: AskedDryRun, say: Callable[[str], None]
) -> DryRun:
    """Price without writing; close the differences when done, before the folder goes.

    Args:
        catalog: Has the tables.
        settings: Name the meters file.
        folder: An empty folder for databases.
        asked: What to price, and by what.
        say: Takes a line of progress.

    Raises:
        SettingsError: There is no such run; the file of rate cards is wrong, or prices nothing.
        RefusedInputError: There is nothing to price yet, or a table shows that something is wrong.
        UnknownSnapshotError: A snapshot that the run read has expired.
        IncompleteUsageError: The job has not come to the instant asked for.
        UnknownTermsError, MissingPriceError, MissingDetailError: Usage cannot be priced.
        BrokenRowsError: Rows contradict each other.
        WorkerError: A worker was killed.
    """
    namespace = settings.catalog.namespace
    tried = _read_tried(settings, asked.rate_card_path)
    history = ChargeHistory(catalog, namespace)
    past = _read_past(catalog, settings, history, asked)
    known = past.inputs.lists
    if asked.rate_card_path is not None:
        _check_tried(asked.rate_card_path, past.inputs, tried)
    inputs = replace(past.inputs, lists=try_cards(known, tried))
    places = [folder / name for name in ("charges", "usage", "differences")]
    for place in places:
        place.mkdir()
    with closing(ChargeStore(catalog, namespace, str(places[0]), past.snapshot_id)) as store:
        if past.run is None:
            check_order(store, inputs.until_us)
        rules = replace(rules_of(settings, inputs, _RUN_ID), tried=uncharged_cards(known, tried))
        agreements = agreements_of(inputs)
        work = read_work(catalog, namespace, rules, inputs, agreements, store, str(places[1]), say)
    differences = ChargeDifferences(work.inputs.charges_path, str(places[2]))
    accounts = 0
    try:
        for charged in charge_ranges(work, asked.workers, say):
            accounts += charged.accounts
            differences.add(charged.rows)
        differences.finish()
    except BaseException:
        differences.close()
        raise
    return DryRun(
        past.run,
        past.snapshot_id,
        inputs.until_us,
        VERSION,
        asked.rate_card_path,
        tried.rate_cards,
        tuple(card for card in known.rate_cards if card not in inputs.lists.rate_cards),
        tuple(run.run_id for run in history.unfinished),
        accounts,
        differences,
        held_accounts(agreements, rules),
    )


def _read_tried(settings: Settings, path: str | None) -> PriceLists:
    if path is None:
        return PriceLists()
    return load_rate_cards(path, load_meters(settings.metering.meters_file))


def _check_tried(path: str, inputs: PricingInputs, tried: PriceLists) -> None:
    problem = check_tried(inputs.lists, tried, inputs.terms, inputs.until_us)
    if problem is not None:
        where = f"{path}, {problem.what}"
        raise SettingsError("rate cards to try", where, problem.expected, problem.found)


def _read_past(
    catalog: Any, settings: Settings, history: ChargeHistory, asked: AskedDryRun
) -> _Past:
    namespace = settings.catalog.namespace
    if asked.as_of != NOW:
        run = find_run(history, asked.as_of)
        snapshot_id = history.snapshot_of(run)
        return _Past(run, snapshot_id, read_past_inputs(catalog, namespace, run))
    repeated = find_repeated(catalog, namespace)
    if repeated:
        raise RefusedInputError(repeated_text(repeated))
    partitions = settings.kafka.partitions
    inputs = read_inputs(catalog, namespace, partitions, late_us(settings), asked.until_us)
    if inputs is None:
        raise RefusedInputError(
            "usage: expected some to price, found none yet: the metering job has not made two"
            " checkpoints of every table"
        )
    return _Past(None, history.current_id, inputs)
