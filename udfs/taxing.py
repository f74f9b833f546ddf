"""Taxes: which rates are on a product at an instant, and what they come to, exactly.

A tax is reckoned once for each rate, on the sum of all that it is on, and rounded once. Then it is
divided over the lines by largest remainder, so lines sum to taxes and taxes to the invoice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from schemas.instant import to_text
from schemas.invoice import LineTax, TaxLine
from schemas.money import Rounding
from schemas.tax import (
    STANDARD_CLASS,
    MissingTaxRateError,
    TaxMode,
    TaxRate,
    TaxTable,
    TaxTableError,
    TaxTreatment,
)
from udfs.rounding import allocate, round_whole


@dataclass(frozen=True, slots=True)
class LevyKey:
    """What is rounded once: one tax at one rate.

    Attributes:
        tax_id: Which tax.
        rate: Its rate.
        mode: Whether prices contain it.
        on_taxes: Taxes that are part of its base.
    """

    tax_id: str
    rate: Decimal
    mode: TaxMode = TaxMode.EXCLUSIVE
    on_taxes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Taxable:
    """One amount that is taxed.

    Attributes:
        amount_minor: As it was charged, signed.
        levies: Taxes on it, those that others are on first; none: it is not taxed.
    """

    amount_minor: int
    levies: tuple[LevyKey, ...]


@dataclass(frozen=True, slots=True)
class TaxedAmounts:
    """What amounts come to with their taxes.

    Attributes:
        nets: For each amount, what is left of it without the taxes it contains.
        shares: For each amount, its share of each of its taxes.
        tax_lines: The taxes, inclusive ones first.
    """

    nets: tuple[int, ...]
    shares: tuple[tuple[LineTax, ...], ...]
    tax_lines: tuple[TaxLine, ...]


def check_tax_table(table: TaxTable) -> None:
    """Raise if a table contradicts itself.

    Raises:
        TaxTableError: A rate is below 0, ends before it begins or stands twice, or a tax is on one
            that does not stand before it, or an inclusive one on an exclusive one.
    """
    known: dict[tuple[str, str, str], set[TaxMode]] = {}
    seen: set[tuple[str, str, str, int]] = set()
    for rate in table.rates:
        where = f"tax {rate.tax_id}, {rate.jurisdiction}, {rate.product_class}"
        if not (rate.rate.is_finite() and rate.rate >= 0):
            raise TaxTableError(f"{where}: expected a rate of 0 or more, found {rate.rate}")
        until_us = rate.effective_until_us
        if until_us is not None and until_us <= rate.effective_from_us:
            expected = f"an end after {to_text(rate.effective_from_us)}"
            raise TaxTableError(f"{where}: expected {expected}, found {to_text(until_us)}")
        place = (rate.jurisdiction, rate.product_class, rate.tax_id)
        if (*place, rate.effective_from_us) in seen:
            found = f"a second from {to_text(rate.effective_from_us)}"
            raise TaxTableError(f"{where}: expected one rate from each instant, found {found}")
        seen.add((*place, rate.effective_from_us))
        for other in rate.on_taxes:
            modes = known.get((*place[:2], other), set())
            if not modes or other == rate.tax_id:
                raise TaxTableError(f"{where}: expected on_taxes that stand before, found {other}")
            if rate.mode is TaxMode.INCLUSIVE and TaxMode.EXCLUSIVE in modes:
                raise TaxTableError(f"{where}: expected on_taxes inclusive as it is, found {other}")
        known.setdefault(place, set()).add(rate.mode)


def find_levies(
    table: TaxTable, jurisdiction: str, product: str, at_us: int
) -> tuple[LevyKey, ...]:
    """Return the taxes on a product at an instant, in the order of the table.

    Args:
        table: All taxes.
        jurisdiction: Of the buyer.
        product: What is sold.
        at_us: The instant that decides, such as the last one of the billing period.

    Raises:
        MissingTaxRateError: The table has nothing for them; that a product is not taxed is said by
            a rate of 0, or by one that ends.
    """
    product_class = dict(table.product_classes).get(product, STANDARD_CLASS)
    held: dict[str, TaxRate] = {}
    for rate in table.rates:
        if (rate.jurisdiction, rate.product_class) != (jurisdiction, product_class):
            continue
        if rate.effective_from_us > at_us:
            continue
        last = held.get(rate.tax_id)
        if last is None or last.effective_from_us < rate.effective_from_us:
            held[rate.tax_id] = rate
    if not held:
        raise MissingTaxRateError(
            f"tax, product {product!r}: expected a rate of jurisdiction {jurisdiction!r}, class"
            f" {product_class!r} at {to_text(at_us)}, found none"
        )
    return tuple(
        LevyKey(each.tax_id, each.rate, each.mode, each.on_taxes)
        for each in held.values()
        if each.effective_until_us is None or at_us < each.effective_until_us
    )


def tax_amounts(amounts: Sequence[Taxable], rounding: Rounding) -> TaxedAmounts:
    """Return what amounts come to with their taxes.

    An inclusive tax is the exact part of the sum of the gross amounts; what is left is net. An
    exclusive one is its rate of the sum of its bases: net amounts, and what the taxes it is on come
    to, as they were rounded and divided. All amounts negated give all taxes negated.

    Args:
        amounts: In the order of lines.
        rounding: Of each tax.
    """
    shares = [dict.fromkeys(each.levies, 0) for each in amounts]
    ordered = _in_order(amounts)
    inclusive = [key for key in ordered if key.mode is TaxMode.INCLUSIVE]
    for key in inclusive:
        _divide(shares, key, [_contained(each, key) for each in amounts], rounding)
    nets = [each.amount_minor - sum(of.values()) for each, of in zip(amounts, shares, strict=True)]
    for key in ordered[len(inclusive) :]:
        bases = [_base(net, of, key) for net, of in zip(nets, shares, strict=True)]
        exact = [
            base * Fraction(key.rate) if key in each.levies else Fraction(0)
            for base, each in zip(bases, amounts, strict=True)
        ]
        _divide(shares, key, exact, rounding)
    return TaxedAmounts(
        tuple(nets),
        tuple(
            tuple(LineTax(key.tax_id, key.rate, of[key]) for key in ordered if key in of)
            for of in shares
        ),
        tuple(_tax_line(key, nets, shares) for key in ordered),
    )


def not_taxed(amounts_minor: Sequence[int], treatment: TaxTreatment) -> TaxedAmounts:
    """Return amounts of a buyer that is not taxed, with one tax line that says so.

    The price stays what it is, also where it would contain a tax.
    """
    line = TaxLine("", Decimal(0), TaxMode.EXCLUSIVE, (), treatment, sum(amounts_minor), 0)
    return TaxedAmounts(tuple(amounts_minor), tuple(() for _ in amounts_minor), (line,))


def divide_signed(total_minor: int, exact: Sequence[Fraction]) -> tuple[int, ...]:
    """Divide a total that is the rounded sum of exact amounts of either sign over them.

    Those of the sign that is less in all get their sum rounded half up, the others what is left,
    each by largest remainder. So all parts sum to the total, and each is off by less than 2.
    """
    above = [max(each, Fraction(0)) for each in exact]
    below = [max(-each, Fraction(0)) for each in exact]
    sum_above, sum_below = sum(above, Fraction(0)), sum(below, Fraction(0))
    if sum_above >= sum_below:
        total_below = round_whole(sum_below, Rounding.HALF_UP)
        total_above = total_minor + total_below
    else:
        total_above = round_whole(sum_above, Rounding.HALF_UP)
        total_below = total_above - total_minor
    parts = zip(allocate(total_above, above), allocate(total_below, below), strict=True)
    return tuple(more - less for more, less in parts)


def _in_order(amounts: Sequence[Taxable]) -> list[LevyKey]:
    """Return all taxes: inclusive ones first, each after those it is on, as they first appear."""
    keys = list(dict.fromkeys(key for each in amounts for key in each.levies))
    on: dict[str, set[str]] = {}
    for key in keys:
        on.setdefault(key.tax_id, set()).update(key.on_taxes)

    def depth(tax_id: str) -> int:
        return 1 + max((depth(other) for other in sorted(on.get(tax_id, ()))), default=0)

    return sorted(keys, key=lambda key: (key.mode is TaxMode.EXCLUSIVE, depth(key.tax_id)))


def _contained(amount: Taxable, key: LevyKey) -> Fraction:
    """Return how much of a gross amount an inclusive tax is, exactly."""
    factors: dict[str, Fraction] = {}
    for levy in amount.levies:
        if levy.mode is TaxMode.INCLUSIVE:
            base = 1 + sum(
                (factors.get(other, Fraction(0)) for other in levy.on_taxes), Fraction(0)
            )
            factors[levy.tax_id] = Fraction(levy.rate) * base
    factor = factors[key.tax_id] if key in amount.levies else Fraction(0)
    return amount.amount_minor * factor / (1 + sum(factors.values(), Fraction(0)))


def _base(net_minor: int, shares: dict[LevyKey, int], key: LevyKey) -> int:
    return net_minor + sum(share for other, share in shares.items() if other.tax_id in key.on_taxes)


def _divide(
    shares: Sequence[dict[LevyKey, int]],
    key: LevyKey,
    exact: Sequence[Fraction],
    rounding: Rounding,
) -> None:
    total = round_whole(sum(exact, Fraction(0)), rounding)
    for of, part in zip(shares, divide_signed(total, exact), strict=True):
        if key in of:
            of[key] = part
        else:
            assert part == 0, f"tax {key.tax_id}: a share for an amount that it is not on"


def _tax_line(key: LevyKey, nets: Sequence[int], shares: Sequence[dict[LevyKey, int]]) -> TaxLine:
    taxed = [(net, of) for net, of in zip(nets, shares, strict=True) if key in of]
    return TaxLine(
        key.tax_id,
        key.rate,
        key.mode,
        key.on_taxes,
        TaxTreatment.TAXED,
        sum(_base(net, of, key) for net, of in taxed),
        sum(of[key] for _, of in taxed),
    )
