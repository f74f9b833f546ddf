"""Drafts the invoices of all accounts with charges that are due."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

from iceberg.charge_store import ChargeStore
from iceberg.price_lists import read_price_lists
from jobs.invoices.changing import RefusedInvoiceError, Rows, Tables, take_step
from schemas.charge import Charge
from schemas.contract import Contract
from schemas.invoice import BilledAccount, Invoice, NothingReason
from schemas.invoicing_setup import InvoicingSetup
from udfs.invoicing import draft_invoice, invoiced_ids, invoices_of, terms_of

T = TypeVar("T")
K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class CarriedOver:
    """Charges that are due and stay for the next invoice, as they come to too little.

    Attributes:
        account_id: Whose.
        currency: ISO 4217 code.
        total_minor: What they come to, taxes included.
    """

    account_id: str
    currency: str
    total_minor: int


@dataclass(frozen=True, slots=True)
class Drafts:
    """What drafting came to.

    Attributes:
        invoices: The new drafts.
        carried: What stays for the next.
    """

    invoices: tuple[Invoice, ...]
    carried: tuple[CarriedOver, ...]


def draft_due(tables: Tables, setup: InvoicingSetup, until_us: int, now_us: int) -> Drafts:
    """Draft an invoice for each account with charges that are due and on no invoice.

    Args:
        tables: Where they are.
        setup: Of the seller.
        until_us: Charges due by this instant are taken.
        now_us: When.

    Raises:
        MissingTaxRateError: The taxes have nothing for a product.
        RefusedInvoiceError: An account with charges has no buyer, or a pricing run has charges and
            is not finished.
    """
    carried: list[CarriedOver] = []

    def decide(rows: Rows) -> list[Invoice]:
        carried.clear()
        contracts = read_price_lists(tables.catalog, tables.namespace).contracts
        drafts = []
        for made in _draft_each(tables, setup, contracts, invoices_of(rows), until_us):
            if isinstance(made, Invoice):
                drafts.append(made)
            else:
                carried.append(made)
        return drafts

    return Drafts(take_step(tables, decide, now_us), tuple(carried))


def _draft_each(
    tables: Tables,
    setup: InvoicingSetup,
    contracts: Sequence[Contract],
    invoices: Sequence[Invoice],
    until_us: int,
) -> Iterator[Invoice | CarriedOver]:
    """Yield what each account comes to that has something due which is on no invoice."""
    buyers = {each.account_id: each for each in setup.buyers}
    of_account = _grouped(contracts, lambda each: each.account_id)
    before = _grouped(invoices, lambda each: (each.terms.account_id, each.terms.currency))
    taken = invoiced_ids(invoices)
    for account_id, currency, charges in _charged(tables):
        if all(each.due_us > until_us or each.charge_id in taken for each in charges):
            continue
        if account_id not in buyers:
            expected = f"one for account {account_id}, which has charges that are due"
            raise RefusedInvoiceError(f"buyers: expected {expected}, found none")
        agreed = of_account.get(account_id, ())
        made = draft_invoice(
            BilledAccount(
                terms_of(setup, buyers[account_id], agreed, currency, until_us),
                setup.taxes,
                charges,
                tuple(before.get((account_id, currency), ())),
                until_us,
            )
        )
        if isinstance(made, Invoice):
            yield made
        elif made.reason is NothingReason.BELOW_MINIMUM:
            yield CarriedOver(account_id, currency, made.total_minor)


def _grouped(values: Iterable[T], key_of: Callable[[T], K]) -> dict[K, list[T]]:
    groups: dict[K, list[T]] = {}
    for each in values:
        groups.setdefault(key_of(each), []).append(each)
    return groups


def _charged(tables: Tables) -> Iterator[tuple[str, str, tuple[Charge, ...]]]:
    """Yield each account and currency that has charges, with all of them."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(ChargeStore(tables.catalog, tables.namespace, folder)) as store,
    ):
        for run in store.unfinished():
            raise RefusedInvoiceError(
                f"run {run.run_id}: expected a pricing run that is finished, found one whose"
                " charges are not booked yet: run python -m jobs.price_usage"
            )
        for account_id, charges in store.by_account():
            in_currency = _grouped(charges, lambda each: each.currency)
            for currency in sorted(in_currency):
                yield account_id, currency, tuple(in_currency[currency])
