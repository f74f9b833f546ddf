"""Charges: what a run adds to what was charged for a period before.

The charges of a line are its revisions. Each adds the difference between what the line comes to now
and what it came to before, so a corrected period costs exactly what its usage costs, however often
it was corrected, and a correction that is taken back leaves nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from schemas.charge import Charge
from schemas.rate_card import Due
from schemas.statement import Line, LineKey, LineKind, PricedPeriod, RatedPart
from udfs.aggregating import EXACT, plain_text
from udfs.identifying import digest
from udfs.rounding import allocate

AMOUNT_DIGITS = 12
"""Decimals of an amount before rounding, as it is kept in a column."""


@dataclass(frozen=True, slots=True)
class ChargeRun:
    """The run that writes charges.

    Attributes:
        run_id: Its id.
        corrections_due_us: Instant from which an invoice takes corrections: the end of the billing
            period that is open now.
    """

    run_id: str
    corrections_due_us: int


def charge_changes(
    period: PricedPeriod, lines: Sequence[Line], before: Sequence[Charge], run: ChargeRun
) -> tuple[Charge, ...]:
    """Return the charges that a run adds for one period, ordered by key of the line.

    Args:
        period: What was priced.
        lines: What it comes to now.
        before: All charges of the period until now, in any order.
        run: The run that writes them.

    Returns:
        One charge for each line that is new, or whose quantity or amount is another; and one that
        takes back each line that is gone.
    """
    last = _last_revisions(before)
    found = {line.key: line for line in lines}
    assert len(found) == len(lines), f"{period.account_id}: lines of one key"
    # Before a period closes, all is due at its start: what is due later tells that it was priced
    # closed, and then all that follows corrects.
    was_closed = any(each.due_us >= period.period_end_us for each in before)
    pricing = _Pricing(period, run, was_closed)
    return tuple(
        charge
        for key in sorted(last.keys() | found.keys())
        if (charge := _change(pricing, key, found.get(key), last.get(key))) is not None
    )


def line_key(charge: Charge) -> LineKey:
    """Return the key of the line that a charge is a revision of."""
    start_us = charge.segment_start_us
    return LineKey(charge.kind, charge.line_id, charge.product, start_us, charge.group)


def _last_revisions(before: Sequence[Charge]) -> dict[LineKey, Charge]:
    last: dict[LineKey, Charge] = {}
    for charge in sorted(before, key=lambda each: each.revision):
        last[line_key(charge)] = charge
    return last


@dataclass(frozen=True, slots=True)
class _Pricing:
    """The period that is charged, the run that does, and whether arrears were charged before."""

    period: PricedPeriod
    run: ChargeRun
    was_closed: bool


def _change(
    pricing: _Pricing, key: LineKey, line: Line | None, last: Charge | None
) -> Charge | None:
    if line is None:
        assert last is not None
        if not last.total_minor and not last.quantity and not _exact(last):
            return None
        return _row(pricing, key, None, last)
    if last is not None:
        is_same = (last.total_minor, last.quantity) == (line.amount_minor, line.quantity)
        if is_same and _exact(last) == line.amount:
            return None
    return _row(pricing, key, line, last)


def _row(pricing: _Pricing, key: LineKey, line: Line | None, last: Charge | None) -> Charge:
    period = pricing.period
    source = line or last
    assert source is not None
    total_minor = 0 if line is None else line.amount_minor
    exact = Fraction(0) if line is None else line.amount
    payouts = _payouts(line)
    revision = 0 if last is None else last.revision + 1
    paid_before = json.loads(last.payouts) if last is not None else {}
    return Charge(
        charge_id=_charge_id(period, key, revision),
        corrected_charge_id=None if last is None else last.charge_id,
        account_id=period.account_id,
        period_start_us=period.period_start_us,
        period_end_us=period.period_end_us,
        timezone=period.timezone,
        kind=key.kind,
        line_id=key.line_id,
        group=key.group,
        segment_start_us=key.segment_start_us,
        segment_end_us=source.segment_end_us,
        revision=revision,
        product=key.product,
        meter_id=source.meter_id,
        unit=source.unit,
        quantity=line.quantity if line else Decimal(0),
        breakdown=_breakdown(exact, line.parts if line else ()),
        amount=EXACT.subtract(_decimal(exact), _decimal(_exact(last) if last else Fraction(0))),
        amount_minor=total_minor - (last.total_minor if last else 0),
        total_minor=total_minor,
        currency=last.currency if last is not None else period.segments[-1].card.currency,
        card_id=source.card_id,
        card_version=source.card_version,
        contract_version=source.contract_version,
        usage_row_ids=_text(line.row_ids if line else ()),
        payouts=_text(payouts),
        payouts_delta=_text(_less(payouts, paid_before)),
        tags=_tags(period, source),
        due_us=_due_us(pricing, key, last),
        run_id=pricing.run.run_id,
    )


def _tags(period: PricedPeriod, source: Line | Charge) -> str:
    """Return the tags of the contract's version that a line names; what is taken back keeps its."""
    if isinstance(source, Charge):
        return source.tags
    versions = {each.contract.version: each.contract for each in period.segments}
    return _text(dict(versions[source.contract_version].tags))


def _charge_id(period: PricedPeriod, key: LineKey, revision: int) -> str:
    instants = (period.period_start_us, period.period_end_us, key.segment_start_us, revision)
    texts = (key.kind.value, key.line_id, key.product, key.group)
    return digest("charge", period.account_id, *map(str, instants), *texts)


def _due_us(pricing: _Pricing, key: LineKey, last: Charge | None) -> int:
    """Return when an invoice takes a charge; a correction never before what it corrects.

    What a run adds that first prices the closed period is due at its end, also where it adds to a
    line of before, such as a discount on a fee in advance: usage and its discount meet in one
    invoice.
    """
    period = pricing.period
    if pricing.was_closed:
        latest_us = period.period_end_us if last is None else last.due_us
        return max(pricing.run.corrections_due_us, latest_us)
    if not period.is_closed or (last is None and _is_in_advance(period, key)):
        return period.period_start_us
    return period.period_end_us


def _is_in_advance(period: PricedPeriod, key: LineKey) -> bool:
    return key.kind is LineKind.RECURRING_FEE and any(
        fee.fee_id == key.line_id and fee.due is Due.ADVANCE
        for each in period.segments
        if each.start_us == key.segment_start_us
        for fee in each.card.fees
    )


def _payouts(line: Line | None) -> dict[str, int]:
    """Return what each other party gets of a line; with the seller's own part, they sum to it."""
    if line is None or not line.shares:
        return {}
    shares = sorted(line.shares, key=lambda each: each.party)
    weights = [Fraction(each.share) for each in shares]
    parts = allocate(line.amount_minor, [*weights, 1 - sum(weights, Fraction(0))])
    return {each.party: part for each, part in zip(shares, parts, strict=False) if part}


def _less(after: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    parties = sorted(after.keys() | before.keys())
    changes = {party: after.get(party, 0) - before.get(party, 0) for party in parties}
    return {party: change for party, change in changes.items() if change}


def _breakdown(exact: Fraction, parts: Sequence[RatedPart]) -> str:
    """Return how an amount was formed, exactly, as canonical JSON."""
    steps = [
        {
            "label": each.label,
            "quantity": plain_text(each.quantity),
            **({} if each.unit_price is None else {"unit_price": plain_text(each.unit_price)}),
            "amount": str(each.amount),
        }
        for each in parts
    ]
    return _text({"amount": str(exact), "parts": steps})


def _exact(charge: Charge) -> Fraction:
    """Return what a line came to exactly with a revision."""
    return Fraction(json.loads(charge.breakdown)["amount"])


def _decimal(exact: Fraction) -> Decimal:
    """Return an exact amount with `AMOUNT_DIGITS` decimals, half even."""
    scaled = round(exact * 10**AMOUNT_DIGITS)
    return EXACT.scaleb(Decimal(scaled), -AMOUNT_DIGITS)


_text = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
