"""Holds a period within the amounts that were agreed: maximum, minimum, commitment."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from schemas.statement import Line, LineKey, LineKind, PricedPeriod, Segment
from udfs.pricing.lining import (
    USED,
    Run,
    divide_by_product,
    minor_line,
    runs_of,
    starts_within,
    sum_by_product,
    sum_minor,
    time_share,
    whole_run,
)
from udfs.rounding import to_minor

Lines = tuple[Line, ...]


def hold_maximum(period: PricedPeriod, lines: Lines) -> Lines:
    """Take off what usage costs beyond the card's maximum, from each product its part."""
    added: list[Line] = []
    for run in _card_runs(period):
        card = run.last.card
        if card.maximum is None:
            continue
        used = sum_by_product(_used(lines, run))
        above = sum(used.values()) - _bound_minor(period, run, card.maximum)
        if above > 0:
            for product, part in divide_by_product(-above, used):
                key = LineKey(LineKind.MAXIMUM, card.card_id, product, run.start_us)
                added.append(minor_line(run, key, part, "above the maximum"))
    return (*lines, *added)


def hold_minimum(period: PricedPeriod, lines: Lines) -> Lines:
    """Add what usage costs less than the card's minimum, once the period has closed."""
    if not period.is_closed:
        return lines
    added: list[Line] = []
    for run in _card_runs(period):
        card = run.last.card
        if card.minimum is None:
            continue
        below = _bound_minor(period, run, card.minimum) - sum_minor(_used(lines, run))
        if below > 0:
            key = LineKey(LineKind.MINIMUM, card.card_id, card.minimum_product, run.start_us)
            added.append(minor_line(run, key, below, "up to the minimum"))
    return (*lines, *added)


def add_commitment(period: PricedPeriod, lines: Lines) -> Lines:
    """Add what is missing to the committed amount: the true-up.

    All lines count but those of one-off fees, less trials and discounts. Each version of the
    contract commits to its share of time; a trial to nothing.
    """
    if not period.is_closed:
        return lines
    committed = sum(
        (
            Fraction(each.contract.commitment or 0) * time_share(period, each.start_us, each.end_us)
            for each in period.segments
            if not each.is_trial
        ),
        Fraction(0),
    )
    run = whole_run(period)
    card, contract = run.last.card, run.last.contract
    counted = sum_minor(each for each in lines if each.key.kind is not LineKind.ONE_OFF_FEE)
    below = to_minor(committed, card.currency, card.rounding) - counted
    if not committed or below <= 0:
        return lines
    product = contract.commitment_product
    key = LineKey(LineKind.COMMITMENT, card.card_id, product, period.period_start_us)
    return (*lines, minor_line(run, key, below, "up to the commitment"))


def _card_runs(period: PricedPeriod) -> tuple[Run, ...]:
    def alike(segment: Segment) -> tuple[object, ...]:
        return (segment.card.card_id, segment.card.version, segment.is_trial)

    return runs_of(period, alike)


def _used(lines: Iterable[Line], run: Run) -> list[Line]:
    return [line for line in lines if line.key.kind in USED and starts_within(line, run)]


def _bound_minor(period: PricedPeriod, run: Run, amount: Decimal) -> int:
    card = run.last.card
    share = time_share(period, run.start_us, run.end_us)
    return to_minor(Fraction(amount) * share, card.currency, card.rounding)
