"""Finds what is asked to be explained, and reads all that the explanation needs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from iceberg.charge_rows import find_account, read_charges
from iceberg.price_lists import read_price_lists
from iceberg.reading import BrokenRowsError
from iceberg.seal_store import SealStore
from jobs.invoices.changing import Tables, find_row, read_rows
from jobs.proofs.explaining import ExplainedWorld
from jobs.proofs.explanation import Explanation
from jobs.proofs.proving import prove_event
from jobs.proofs.recomputing import recomputed_usage
from jobs.settings import Settings
from schemas.charge import Charge
from schemas.invoice import Invoice
from schemas.seal import Proof
from udfs.invoicing import decode_invoice


class UnknownChargeError(Exception):
    """There is no such charge, or no such line; one line."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be explained.

    Attributes:
        charge_id: A charge; None: an invoice.
        invoice: Number or id of an invoice; None: a charge.
        line: Which of its lines, from 1; None: all.
        event: Source and id of an event to prove; None: none.
        is_complete: Whether to show all events of the rows, with proofs that they are all.
    """

    charge_id: str | None
    invoice: str | None = None
    line: int | None = None
    event: tuple[str, str] | None = None
    is_complete: bool = False


@dataclass(frozen=True, slots=True)
class Explained:
    """What was asked for.

    Attributes:
        explanation: Of charge or invoice.
        proofs: Of the event, or of all events; none where none was asked for.
    """

    explanation: Explanation
    proofs: tuple[Proof, ...]


def explain(catalog: Any, settings: Settings, asked: Asked) -> Explained:
    """Return an explanation, and the proofs of an event.

    Args:
        catalog: Has the tables.
        settings: Name the namespace, the meters and the clocks.
        asked: What.

    Raises:
        UnknownChargeError, RefusedInvoiceError: There is no such charge, line or invoice.
        SettingsError: The meters file is wrong.
        BrokenRowsError, InvoiceFormatError, RepeatedEventError: Rows contradict each other.
        UnsealedRowError: A row has no seal, or is not what was sealed.
    """
    namespace = settings.catalog.namespace
    invoice = _find_invoice(catalog, namespace, asked)
    account_id = _account(catalog, namespace, asked) if invoice is None else _payer(invoice)
    charges = read_charges(catalog, namespace, [account_id])
    wanted = _wanted(charges, invoice, asked)
    row_ids = {row_id for each in wanted for row_id in json.loads(each.usage_row_ids)}
    seals = SealStore(catalog, namespace).seals(row_ids) if row_ids else {}
    lists = read_price_lists(catalog, namespace)
    with recomputed_usage(catalog, settings, is_repaired=True) as usage:
        span = (
            min((each.period_start_us for each in wanted), default=0),
            max((each.period_end_us for each in wanted), default=0),
        )
        usage.load_windows([account_id], span)
        world = ExplainedWorld(usage, charges, lists, seals, settings.metering.keep_windows)
        if invoice is None:
            explanation = world.explain_charge(wanted[0])
        else:
            explanation = world.explain_invoice(invoice, asked.line)
        rows = [row for each in explanation.all_charges for row in each.rows]
        if asked.event is None and not asked.is_complete:
            return Explained(explanation, ())
        if all(row.revision is None for row in rows):
            raise UnknownChargeError("proof: expected a charge of sealed usage, found none")
        if not usage.archive.has_backfilled:
            return Explained(explanation, prove_event(usage, rows, seals, asked.event))
    with recomputed_usage(catalog, settings) as usage:
        return Explained(explanation, prove_event(usage, rows, seals, asked.event))


def _find_invoice(catalog: Any, namespace: str, asked: Asked) -> Invoice | None:
    if asked.invoice is None:
        return None
    found = find_row(read_rows(Tables(catalog, namespace)), asked.invoice)
    invoice = decode_invoice(found.content.encode())
    expected = sha256(found.content.encode()).hexdigest()
    if found.content_hash != expected:
        raise BrokenRowsError(
            f"invoices, {asked.invoice}: expected content_hash {expected}, found"
            f" {found.content_hash}"
        )
    count = len(invoice.lines)
    if asked.line is not None and not 1 <= asked.line <= count:
        raise UnknownChargeError(f"--line: expected a line from 1 to {count}, found {asked.line}")
    return invoice


def _payer(invoice: Invoice) -> str:
    return invoice.terms.account_id


def _account(catalog: Any, namespace: str, asked: Asked) -> str:
    assert asked.charge_id is not None
    account_id = find_account(catalog, namespace, asked.charge_id)
    if account_id is None:
        raise UnknownChargeError(f"charge: expected the id of one, found {asked.charge_id!r}")
    return account_id


def _wanted(
    charges: tuple[Charge, ...], invoice: Invoice | None, asked: Asked
) -> tuple[Charge, ...]:
    """Return the charges that are asked for; a missing one is a fault of the invoice."""
    ids = {asked.charge_id}
    if invoice is not None:
        lines = invoice.lines if asked.line is None else (invoice.lines[asked.line - 1],)
        ids = {charge_id for line in lines for charge_id in line.charge_ids}
    return tuple(each for each in charges if each.charge_id in ids)
