"""Drafts the invoices of all accounts with charges that are due."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

from iceberg.charge_store import ChargeStore
from iceberg.price_lists import read_price_lists
from jobs.invoices.changing import RefusedInvoiceError, Rows, Tables, take_step
from jobs.invoices.holding import Holding
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
        frozen: Accounts with charges that are due and wait, as a freeze of billing stands.
    """

    invoices: tuple[Invoice, ...]
    carried: tuple[CarriedOver, ...]
    frozen: tuple[str, ...] = ()


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
    frozen: list[str] = []

    def decide(rows: Rows) -> list[Invoice]:
        carried.clear()
        frozen.clear()
        contracts = read_price_lists(tables.catalog, tables.namespace).contracts
        drafts = []
        for made in _draft_each(tables, setup, contracts, invoices_of(rows), until_us):
            if isinstance(made, Invoice):
                drafts.append(made)
            elif isinstance(made, CarriedOver):
                carried.append(made)
            else:
                frozen.append(made)
        return drafts

    drafted = take_step(tables, decide, now_us)
    return Drafts(drafted, tuple(carried), tuple(dict.fromkeys(frozen)))


def _draft_each(
    tables: Tables,
    setup: InvoicingSetup,
    contracts: Sequence[Contract],
    invoices: Sequence[Invoice],
    until_us: int,
) -> Iterator[Invoice | CarriedOver | str]:
    """Yield what each account comes to that has something due which is on no invoice.

    Where some of it waits the account is yielded, too, before what the rest comes to.
    """
    holding = Holding(tables)
    buyers = {each.account_id: each for each in setup.buyers}
    of_account = _grouped(contracts, lambda each: each.account_id)
    before = _grouped(invoices, lambda each: (each.terms.account_id, each.terms.currency))
    taken = invoiced_ids(invoices)
    for account_id, currency, charged in _charged(tables):
        held = holding.spans(account_id, {_span(each) for each in charged})
        charges = tuple(each for each in charged if _span(each) not in held)

        def is_new(each: Charge) -> bool:
            return each.due_us <= until_us and each.charge_id not in taken

        if any(is_new(each) and _span(each) in held for each in charged):
            yield account_id
        if not any(map(is_new, charges)):
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


def _span(charge: Charge) -> tuple[int, int]:
    return charge.period_start_us, charge.period_end_us


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
