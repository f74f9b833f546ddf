"""Takes off what costs nothing in a trial, and what discounts and coupons give."""

from __future__ import annotations

from fractions import Fraction

from schemas.contract import Discount
from schemas.statement import Line, LineKey, LineKind, PricedPeriod
from udfs.aggregating import EXACT, plain_text
from udfs.pricing.lining import (
    Run,
    divide_by_product,
    minor_line,
    runs_of,
    starts_within,
    sum_by_product,
    whole_run,
)
from udfs.rounding import round_whole, to_minor

Lines = tuple[Line, ...]


def take_trial(period: PricedPeriod, lines: Lines) -> Lines:
    """Take off what usage and recurring fees of a trial would cost."""
    added: list[Line] = []
    for run in runs_of(period, lambda each: each.is_trial):
        if not run.last.is_trial:
            continue
        tried = [
            line
            for line in lines
            if starts_within(line, run) and line.key.kind is not LineKind.ONE_OFF_FEE
        ]
        for product, total in sum_by_product(tried).items():
            if total:
                key = LineKey(LineKind.TRIAL, run.last.card.card_id, product, run.start_us)
                added.append(minor_line(run, key, -total, "trial"))
    return (*lines, *added)


def take_discounts(period: PricedPeriod, lines: Lines) -> Lines:
    """Take discounts off one after another, each from what those before it have left.

    A discount of a rate is rounded once, in all, and then divided over the products it is on, by
    largest remainder. One of an amount takes at most what is there.
    """
    run = whole_run(period)
    for discount, number in period.discount_periods:
        if discount.periods is None or number <= discount.periods:
            lines = (*lines, *_discount_lines(period, run, discount, lines))
    return lines


def _discount_lines(period: PricedPeriod, run: Run, discount: Discount, lines: Lines) -> list[Line]:
    sums = {
        product: total
        for product, total in sum_by_product(lines).items()
        if total > 0 and (not discount.products or product in discount.products)
    }
    card, base = run.last.card, sum(sums.values())
    if discount.rate is not None:
        taken = round_whole(base * Fraction(discount.rate), card.rounding)
        label = f"{plain_text(EXACT.scaleb(discount.rate, 2))} %"
    else:
        assert discount.amount is not None, f"discount {discount.discount_id}: neither is given"
        taken = to_minor(Fraction(discount.amount), card.currency, card.rounding)
        label = "amount"
    taken = min(taken, base)
    if taken <= 0:
        return []
    return [
        minor_line(
            run,
            LineKey(LineKind.DISCOUNT, discount.discount_id, product, period.period_start_us),
            part,
            label,
        )
        for product, part in divide_by_product(-taken, sums)
    ]
