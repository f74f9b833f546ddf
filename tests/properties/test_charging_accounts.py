"""Charges of an account end in the same totals, however often it is priced on the way there.

What they have to be is reckoned here once more, from single events, without the rules' own code.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from schemas.account_pricing import AccountPricing, PeriodUsage
from schemas.aggregation import Aggregation
from schemas.charge import Charge
from schemas.contract import Contract, Discount, OneOffFee
from schemas.instant import DAY_US, HOUR_US
from schemas.price_model import Graduated, Tier
from schemas.priced_usage import UsageTotal
from schemas.rate_card import Due, MeterPrice, RateCard, RecurringFee
from tests.udfs.pricing.stating import at
from tests.udfs.schedules import monthly
from udfs.charging_accounts import PricingRules, charge_account
from udfs.summing_charges import ChargeSums

D = Decimal
BOUNDARIES = tuple(at(f"2026-0{month}-01") for month in range(1, 7))
MONTHS = tuple(pairwise(BOUNDARIES))
"""January to May; no call is of May, which stays open."""
END_US = MONTHS[-1][0] + DAY_US
CARD = RateCard(
    "standard",
    "USD",
    1,
    BOUNDARIES[0],
    prices=(
        MeterPrice("calls", "calls", "calls", Graduated((Tier(D(5), D(2)), Tier(None, D("1.5"))))),
    ),
    fees=(
        RecurringFee("desk", "desks", D(31), Due.ADVANCE),
        RecurringFee("support", "support", D(10)),
    ),
)
CONTRACT = Contract(
    "acme",
    1,
    BOUNDARIES[0],
    None,
    "USD",
    (Discount("partner", D("0.1"), None, (), BOUNDARIES[0], None),),
    commitment=D(45),
)
ONCE = OneOffFee("once", "acme", "desks", "USD", D("7.77"), BOUNDARIES[1])


class Call(NamedTuple):
    """Calls of a month, and when they were known: the cut of the month, or the end of a bucket."""

    month: int
    known_us: int
    units: int


@st.composite
def calls(draw: st.DrawFn) -> Call:
    """Draw calls that came in time, or hours to months later; some take others back."""
    month = draw(st.integers(0, len(MONTHS) - 2))
    late_hours = draw(st.just(0) | st.integers(1, 80 * 24))
    known_us = MONTHS[month][1] + (1 + late_hours) * HOUR_US
    return Call(month, known_us, draw(st.integers(1, 9) | st.integers(-3, -1)))


untils = st.lists(st.integers(0, 120 * 24), max_size=6, unique=True).map(
    lambda hours: [*(BOUNDARIES[0] + hour * HOUR_US for hour in sorted(hours)), END_US]
)


def _usage(known: Iterable[Call], until_us: int) -> tuple[PeriodUsage, ...]:
    by_month: dict[int, list[Call]] = defaultdict(list)
    for call in known:
        if call.known_us <= until_us:
            by_month[call.month].append(call)
    return tuple(
        PeriodUsage(
            (
                UsageTotal(
                    "acme",
                    *MONTHS[month],
                    "UTC",
                    "calls",
                    "{}",
                    "call",
                    D(sum(call.units for call in found)),
                    len(found),
                    Aggregation.SUM,
                    tuple(f"r{number}" for number in range(len(found))),
                ),
            )
        )
        for month, found in sorted(by_month.items())
    )


def _price(known: Sequence[Call], instants: Sequence[int]) -> tuple[Charge, ...]:
    *_, (_, charges) = _runs(known, instants)
    return charges


def _runs(
    known: Sequence[Call], instants: Sequence[int]
) -> Iterator[tuple[int, tuple[Charge, ...]]]:
    """Price at one instant after another; yield it, and all charges until then."""
    terms = (monthly(BOUNDARIES[0]),)
    before: tuple[Charge, ...] = ()
    for until_us in instants:
        rules = PricingRules({("standard", "USD"): (CARD,)}, until_us, HOUR_US, f"run {until_us}")
        account = AccountPricing(
            "acme", terms, (CONTRACT,), (), (ONCE,), _usage(known, until_us), before
        )
        added = charge_account(rules, account)
        assert not charge_account(rules, replace(account, before=(*before, *added)))
        before = (*before, *added)
        yield until_us, before


def _totals(charges: Iterable[Charge]) -> dict[tuple[int, str, str], int]:
    sums: dict[tuple[int, str, str], int] = defaultdict(int)
    for each in charges:
        sums[each.period_start_us, each.line_id, each.product] += each.amount_minor
    return {name: minor for name, minor in sums.items() if minor}


def _naive(known: Sequence[Call], until_us: int) -> dict[int, int]:
    """Return what each month comes to in cents, from single events."""
    months: dict[int, int] = {}
    for month, (start_us, end_us) in enumerate(MONTHS):
        if start_us >= until_us:
            continue
        cents = {"desk": 3100}
        if end_us + HOUR_US <= until_us:
            units = sum(c.units for c in known if c.month == month and c.known_us <= until_us)
            cents["calls"] = 200 * units if units <= 5 else 1000 + 150 * (units - 5)
            cents["support"] = 1000
            if month == 1:
                cents["once"] = 777
        by_product = {"desks": cents.pop("desk") + cents.pop("once", 0), **cents}
        taken = Fraction(sum(each for each in by_product.values() if each > 0), 10)
        total = sum(by_product.values()) - int(taken + Fraction(1, 2))
        if end_us + HOUR_US <= until_us:
            one_off = 777 if month == 1 else 0
            total += max(0, 4500 - (total - one_off))
        months[start_us] = total
    return months


@given(st.lists(calls(), max_size=8), untils)
def test_any_sequence_of_runs_ends_in_the_same_totals(
    known: list[Call], instants: list[int]
) -> None:
    """Line by line as one run at the end has them; each run adds nothing when it is done again."""
    charges = _price(known, instants)
    assert _totals(charges) == _totals(_price(known, [END_US]))
    assert len({each.charge_id for each in charges}) == len(charges)


@given(st.lists(calls(), max_size=8), untils)
def test_months_cost_what_a_naive_reckoning_says(known: list[Call], instants: list[int]) -> None:
    """At any instant, after any runs before it."""
    for until_us, charges in _runs(known, instants):
        sums: dict[int, int] = defaultdict(int)
        for (start_us, _, _), minor in _totals(charges).items():
            sums[start_us] += minor
        assert sums == _naive(known, until_us)


@given(st.lists(calls(), max_size=8), untils)
def test_revisions_are_a_chain(known: list[Call], instants: list[int]) -> None:
    """Each names the one before, their amounts add up, and none is due before the one before."""
    by_id = {each.charge_id: each for each in _price(known, instants)}
    for each in by_id.values():
        before = by_id.get(each.corrected_charge_id or "")
        assert (before is None) == (each.revision == 0)
        total_minor = 0 if before is None else before.total_minor
        assert each.total_minor == total_minor + each.amount_minor
        if before is not None:
            assert each.revision == before.revision + 1
            assert each.due_us >= before.due_us


@given(st.lists(calls(), max_size=4), untils, st.randoms(use_true_random=False))
def test_the_hash_of_charges_knows_no_order_and_no_run(
    known: list[Call], instants: list[int], random: st.DataObject
) -> None:
    """Nor how a decimal is written; any other amount is another hash."""
    charges = list(_price(known, instants))
    rest = [replace(each, run_id="", quantity=each.quantity + D("0.000")) for each in charges]
    random.shuffle(rest)  # type: ignore[attr-defined]
    assert _hash(rest) == _hash(charges)
    assert _hash([*rest[1:], replace(rest[0], amount_minor=1)]) != _hash(charges)
    assert _hash(rest[1:]) != _hash(charges)


def _hash(charges: Iterable[Charge]) -> tuple[str, str]:
    sums = ChargeSums()
    for charge in charges:
        sums.add([charge])
    return sums.output_hash(), sums.totals()
