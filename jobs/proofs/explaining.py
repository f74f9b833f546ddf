"""Walks from an invoice or a charge down to events, and checks at each step that all adds up."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from iceberg.charged_usage import ChargedTotal, charged_totals
from iceberg.reading import BrokenRowsError
from jobs.proofs.explained_rows import explained_rows
from jobs.proofs.explanation import (
    ExplainedCharge,
    ExplainedLine,
    ExplainedRow,
    Explanation,
)
from jobs.proofs.recomputing import Recomputed
from schemas.charge import Charge
from schemas.instant import EPOCH, MICROSECOND
from schemas.invoice import Invoice, LinePart
from schemas.price_lists import PriceLists
from schemas.seal import Seal
from schemas.statement import LineKind
from udfs.aggregating import plain_text
from udfs.explaining import charge_faults, in_group, invoice_faults, line_faults, quantity_faults
from udfs.rating.rated import exact_sum

ADJUSTED = "usage_adjustments"
"""Where rows are said to stand that a repair has added."""

_ADDS_UP = ("count", "sum", "histogram", "time_weighted_sum")
_BY_WINDOW = ("count", "sum", "histogram")


class ExplainedWorld:
    """Everything that explanations are read from."""

    def __init__(
        self,
        usage: Recomputed,
        charges: Sequence[Charge],
        lists: PriceLists,
        seals: Mapping[str, Seal],
        keeps_windows: bool,
    ) -> None:
        """Keep it.

        Args:
            usage: Tables of usage, their recompute, and the running usage of the account.
            charges: All of the account.
            lists: Rate cards.
            seals: Of the account's rows, by id.
            keeps_windows: Whether running usage is kept.
        """
        self._usage, self._charges, self._seals = usage, charges, seals
        self._keeps_windows = keeps_windows
        self._rounding = {
            (each.card_id, each.currency, each.version): each.rounding for each in lists.rate_cards
        }

    def explain_charge(self, charge: Charge) -> Explanation:
        """Explain one charge."""
        explained, faults = self._explain(charge)
        return Explanation(None, (), (explained,), tuple(faults))

    def explain_invoice(self, invoice: Invoice, number: int | None) -> Explanation:
        """Explain an invoice, or the line of it that has a number, from 1."""
        by_id = {each.charge_id: each for each in self._charges}
        faults = [*invoice_faults(invoice)]
        lines = []
        for place, line in enumerate(invoice.lines, 1):
            if number not in (None, place):
                continue
            name = f"invoice {invoice.number or invoice.invoice_id}, line {place}"
            faults += line_faults(line, by_id, name)
            charges = []
            for charge_id in line.charge_ids:
                if charge_id in by_id:
                    explained, found = self._explain(by_id[charge_id])
                    charges.append(explained)
                    faults += found
            lines.append(ExplainedLine(place, line, tuple(charges)))
        return Explanation(invoice, tuple(lines), (), tuple(faults))

    def _explain(self, charge: Charge) -> tuple[ExplainedCharge, list[str]]:
        name = (charge.card_id, charge.currency, charge.card_version)
        faults = [*charge_faults(charge, self._charges, self._rounding.get(name))]
        if name not in self._rounding:
            faults.append(
                f"charge {charge.charge_id}: expected rate card {charge.card_id}, version"
                f" {charge.card_version}, found none"
            )
        rows: tuple[ExplainedRow, ...] = ()
        if charge.kind is LineKind.USAGE:
            rows = explained_rows(self._usage.rows, charge, self._seals)
            faults += self._usage_faults(charge, rows)
        return ExplainedCharge(charge, _steps(charge), rows), faults

    def _usage_faults(self, charge: Charge, rows: Sequence[ExplainedRow]) -> Iterator[str]:
        missing = {*json.loads(charge.usage_row_ids)} - {row.row_id for row in rows}
        for row_id in sorted(missing):
            yield f"charge {charge.charge_id}: expected row {row_id} of usage, found none"
        try:
            totals = charged_totals(self._usage.rows, [row.row_id for row in rows])
        except BrokenRowsError as error:
            yield f"charge {charge.charge_id}: {error}"
            return
        yield from _priced_faults(charge, rows, totals)
        adjusted = {row.dimensions for row in rows if row.table == ADJUSTED}
        for dimensions in sorted(adjusted):
            together = [row for row in rows if row.dimensions == dimensions]
            yield from _adjusted_faults(charge, together, dimensions)
        for row in rows:
            if row.dimensions not in adjusted:
                yield from _row_faults(row, totals)
                if self._keeps_windows:
                    yield from _window_faults(row)


def _steps(charge: Charge) -> tuple[LinePart, ...]:
    """Return how a charge's amount was formed."""
    return tuple(
        LinePart(
            part["label"],
            Decimal(part["quantity"]),
            Decimal(part["unit_price"]) if "unit_price" in part else None,
            Fraction(part["amount"]),
        )
        for part in json.loads(charge.breakdown)["parts"]
    )


def _priced_faults(
    charge: Charge, rows: Sequence[ExplainedRow], totals: Sequence[ChargedTotal]
) -> Iterator[str]:
    """Yield where a charge's quantity is not that of its usage.

    Of a part of the period it is that of the events in it, where usage can be cut; else that of
    the totals that are priced together.
    """
    if not charge.quantity and not rows:
        return  # a line that was taken back
    whole = (charge.period_start_us, charge.period_end_us)
    kinds = {each.aggregation for each in totals}
    adds_up = kinds <= {*_ADDS_UP}
    mine = [
        each
        for each in totals
        if (in_group(charge.group, each.dimensions) if adds_up else each.dimensions == charge.group)
    ]
    if (charge.segment_start_us, charge.segment_end_us) == whole or not kinds <= {*_BY_WINDOW}:
        yield from quantity_faults(charge, exact_sum(each.quantity for each in mine), "its rows")
        return
    by_count = kinds == {"histogram"}
    events = [
        Decimal(-1 if event.is_retraction else 1) if by_count else event.quantity
        for row in rows
        if in_group(charge.group, row.dimensions)
        for event in row.events
        if charge.segment_start_us <= event.event_time_us < charge.segment_end_us
    ]
    yield from quantity_faults(charge, exact_sum(events), "the events in its part of the period")


def _row_faults(row: ExplainedRow, totals: Sequence[ChargedTotal]) -> Iterator[str]:
    """Yield where a row of usage does not add what its events do."""
    name = f"row {row.row_id} of {row.table}"
    count = sum(-1 if event.is_retraction else 1 for event in row.events)
    if count != row.event_count_delta:
        yield f"{name}: expected {count} events of the archive, found {row.event_count_delta}"
    kind = next((each.aggregation for each in totals if each.dimensions == row.dimensions), "")
    if kind in ("count", "sum"):
        quantity = exact_sum(event.quantity for event in row.events)
        if quantity != row.quantity_delta:
            expected, found = plain_text(quantity), plain_text(row.quantity_delta)
            yield f"{name}: expected {expected} {row.unit} of its events, found {found}"


def _adjusted_faults(
    charge: Charge, rows: Sequence[ExplainedRow], dimensions: str
) -> Iterator[str]:
    """Yield where rows that lacked events do not come to them with what was adjusted.

    No single row is what its events come to then, nor are windows: that is what was repaired.
    """
    expected = sum(-1 if event.is_retraction else 1 for row in rows for event in row.events)
    found = sum(row.event_count_delta for row in rows)
    if expected != found:
        yield (
            f"charge {charge.charge_id}, {dimensions}, adjusted: expected {expected} events of the"
            f" archive, found {found}"
        )


def _window_faults(row: ExplainedRow) -> Iterator[str]:
    """Yield where running usage does not have the events of a row."""
    lost = [event for event in row.events if event.window_no is None]
    if lost:
        yield (
            f"row {row.row_id} of {row.table}: expected a metering window of each event, found none"
            f" of {len(lost)}, the first {lost[0].event_id} of {lost[0].source}"
        )
    for window in row.windows:
        if window.event_count != window.found_count:
            start = EPOCH + window.event_window_start_us * MICROSECOND
            yield (
                f"metering window from {start:%Y-%m-%dT%H:%M:%SZ} of row {row.row_id}:"
                f" expected {window.found_count} events of the archive, found {window.event_count}"
            )
