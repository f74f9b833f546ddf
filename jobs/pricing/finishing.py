"""Books the charges of runs, and notes that the runs are finished.

What a run charged stands in `charges` once its one commit is there. The journal follows from it
alone, so whoever comes first can book it: the run itself, or the next one after a crash.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from iceberg.charge_store import ChargeStore
from iceberg.journal_store import JournalStore
from iceberg.price_lists import read_price_lists
from iceberg.pricing_inputs import until_of
from jobs.pricing.booking_credit import new_grants
from schemas.journal import ChainedEntry, JournalEntry
from schemas.pricing_run import PricingRun, RunStatus
from udfs.chaining import chain, head_of
from udfs.posting import post_charge

_BATCH_ENTRIES = 50_000


def finish_runs(catalog: Any, namespace: str, folder: Path) -> tuple[str, ...]:
    """Book what is charged and not booked; return the ids of the runs that are finished by it.

    Args:
        catalog: Has the tables.
        namespace: Theirs.
        folder: An empty folder for a database.

    Raises:
        CommitConflictError: Another program was faster; look again.
        UnknownCommitError: The catalog gave no clear answer; look again.
    """
    with closing(ChargeStore(catalog, namespace, str(folder))) as store:
        unfinished = store.unfinished()
        for run in unfinished:
            journal = JournalStore(catalog, namespace)
            if not journal.has_run(run.run_id):
                entries = _entries(catalog, namespace, store, journal, run)
                head = head_of(journal.last())
                journal.append(_batched(chain(entries, head, run.run_id)))
            store.write_run(replace(run, status=RunStatus.FINISHED))
    return tuple(run.run_id for run in unfinished)


def _entries(
    catalog: Any, namespace: str, store: ChargeStore, journal: JournalStore, run: PricingRun
) -> Iterator[JournalEntry]:
    """Yield what a run books: grants of credit that are new, then its charges."""
    grants = read_price_lists(catalog, namespace).credit_grants
    yield from new_grants(grants, journal, until_of(run))
    for charge in store.of_run(run.run_id):
        entry = post_charge(charge)
        if entry is not None:
            yield entry


def _batched(entries: Iterator[ChainedEntry]) -> Iterator[list[ChainedEntry]]:
    while batch := list(islice(entries, _BATCH_ENTRIES)):
        yield batch
