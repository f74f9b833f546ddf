"""Fees that no usage leads to: recurring ones, those per seat, and those that are due once."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from schemas.contract import Contract
from schemas.rate_card import Due, RecurringFee
from schemas.statement import Line, LineKey, LineKind, PricedPeriod, RatedPart, Segment
from udfs.pricing.lining import Run, new_line, prorated_share, runs_of, whole_run


def add_recurring_fees(period: PricedPeriod, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Add recurring fees: those in advance always, those in arrears once the period has closed.

    A fee is cut where another version of the card begins, its seats change, or a trial ends. What
    was charged in advance and has changed since is so corrected when the period is priced again.
    """
    fee_ids = sorted({fee.fee_id for each in period.segments for fee in each.card.fees})
    added: list[Line] = []
    for fee_id in fee_ids:

        def alike(segment: Segment, fee_id: str = fee_id) -> tuple[object, ...]:
            seats = _seats(segment.contract, fee_id)
            return (segment.card.card_id, segment.card.version, seats, segment.is_trial)

        for run in runs_of(period, alike):
            fees = [fee for fee in run.last.card.fees if fee.fee_id == fee_id]
            added += [line for fee in fees if (line := _fee_line(period, run, fee)) is not None]
    return (*lines, *added)


def _fee_line(period: PricedPeriod, run: Run, fee: RecurringFee) -> Line | None:
    if fee.due is Due.ARREARS and not period.is_closed:
        return None
    count = _seats(run.last.contract, fee.fee_id) if fee.per_seat else 1
    share = prorated_share(period, run.start_us, run.end_us, fee.proration)
    if not share or not count:
        return None
    amount = Fraction(fee.amount) * count * share
    label = "seats" if fee.per_seat else "fee"
    part = RatedPart(label, Decimal(count), fee.amount, amount)
    key = LineKey(LineKind.RECURRING_FEE, fee.fee_id, fee.product, run.start_us)
    unit = "seat" if fee.per_seat else ""
    return new_line(run, key, (part,), unit=unit, quantity=Decimal(count))


def _seats(contract: Contract, fee_id: str) -> int:
    return next((count for name, count in contract.seats if name == fee_id), 0)


def add_one_off_fees(period: PricedPeriod, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Add the fees that are due once, once the period has closed."""
    if not period.is_closed:
        return lines
    run = whole_run(period)
    added = [
        new_line(
            run,
            LineKey(LineKind.ONE_OFF_FEE, fee.fee_id, fee.product, period.period_start_us),
            (RatedPart("fee", Decimal(1), fee.amount, Fraction(fee.amount)),),
            quantity=Decimal(1),
        )
        for fee in period.one_off_fees
    ]
    return (*lines, *added)
