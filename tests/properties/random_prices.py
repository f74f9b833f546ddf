"""Price models, rate cards, contracts and usage drawn at random.

Usage is drawn as single events, each on a day of April 2026, so that any cut of the period divides
it. Prices, fees and rates are 0 or more; units may be given back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from hypothesis import strategies as st

from schemas.contract import Contract, CreditGrant, Discount
from schemas.instant import DAY_US
from schemas.money import Rounding
from schemas.price_model import (
    Cell,
    Dynamic,
    Flat,
    Graduated,
    Matrix,
    Package,
    Percentage,
    PerUnit,
    PriceModel,
    Stairstep,
    Step,
    Tier,
    Volume,
)
from schemas.rate_card import Due, MeterPrice, PartyShare, Proration, RateCard, RecurringFee
from schemas.statement import CreditBalance, GroupUsage, MeterUsage, PricedPeriod, Segment
from tests.udfs.pricing.stating import at

D = Decimal
START_US = at("2026-04-01")
DAYS = 30
METERS = ("calls", "peak")
"""Usage of `peak` does not add up."""
FX_RATES = (("EUR", D("1.085")),)


class Event(NamedTuple):
    """One event of a meter."""

    meter_id: str
    day: int
    place: str
    units: Decimal


def _scaled(most: int, digits: int) -> st.SearchStrategy[Decimal]:
    return st.builds(
        lambda number, places: D(number).scaleb(-places),
        st.integers(0, most),
        st.integers(0, digits),
    )


amounts = _scaled(3_000, 4)
units = _scaled(2_000, 3)
rates = st.integers(0, 1_000).map(lambda number: D(number) / 1_000)
_ends = st.lists(
    _scaled(500, 1).filter(bool), max_size=3, unique_by=lambda each: each.normalize()
).map(sorted)


@st.composite
def _tiers(draw: st.DrawFn) -> tuple[Tier, ...]:
    fees = amounts | st.just(D(0))
    return tuple(Tier(end, draw(amounts), draw(fees)) for end in (*draw(_ends), None))


@st.composite
def _steps(draw: st.DrawFn) -> tuple[Step, ...]:
    ends = (*draw(_ends), None)
    rising = sorted(draw(st.lists(amounts, min_size=len(ends), max_size=len(ends))))
    return tuple(Step(end, amount) for end, amount in zip(ends, rising, strict=True))


_bounded = st.builds(
    lambda rate, fixed, bounds: Percentage(rate, fixed, D(0), *bounds),
    rates,
    amounts,
    st.tuples(amounts, amounts).map(sorted) | st.tuples(amounts, st.none()),
)
_cells = st.lists(
    st.builds(Cell, st.sampled_from([(("at", "A"),), (("at", "B"),), ()]), amounts), max_size=2
).map(tuple)

falling_models: st.SearchStrategy[PriceModel] = st.builds(Volume, _tiers(), st.booleans())
"""More usage may cost less."""
rising_models: st.SearchStrategy[PriceModel] = st.one_of(
    st.builds(PerUnit, amounts),
    st.builds(Graduated, _tiers(), st.booleans()),
    st.builds(Package, _scaled(500, 1).filter(bool), amounts),
    st.builds(Stairstep, _steps(), st.booleans()),
    st.builds(Percentage, rates, amounts, amounts),
    _bounded,
    st.builds(Matrix, _cells, amounts),
    st.builds(Dynamic, st.sampled_from([None, "EUR", "USD"]), rates),
)
"""More usage never costs less, and parts of a period add up by usage."""
flat_models: st.SearchStrategy[PriceModel] = st.builds(Flat, amounts, st.booleans())


def is_by_event(model: PriceModel) -> bool:
    """Return whether a model bounds what single events cost: beside it nothing is free."""
    return isinstance(model, Percentage) and model.least_fee is not None


@st.composite
def prices(
    draw: st.DrawFn, models: st.SearchStrategy[PriceModel], meter_id: str = "calls"
) -> MeterPrice:
    """Draw a price, with free units, bounds and parties perhaps."""
    model = draw(models)
    least, greatest = sorted(draw(st.tuples(amounts, amounts)))
    return MeterPrice(
        meter_id,
        meter_id,
        draw(st.sampled_from(["gold", "tin"])),
        model,
        D(0) if is_by_event(model) else draw(units | st.just(D(0))),
        draw(st.sampled_from([None, least])),
        draw(st.sampled_from([None, greatest])),
        draw(st.sampled_from([(), ("at",)])),
        draw(st.sampled_from([(), (PartyShare("b", D("0.3")), PartyShare("a", D("0.7")))])),
    )


_events = st.builds(
    Event,
    st.sampled_from(METERS),
    st.integers(0, DAYS - 1),
    st.sampled_from("AB"),
    units | units.map(lambda number: -number),
)
usage_of_a_period = st.lists(_events, max_size=10)
used_up = st.lists(_events.map(lambda each: each._replace(units=abs(each.units))), max_size=8)
"""Usage of which nothing is given back."""


def group(events: Iterable[Event], adds_up: bool = True) -> tuple[GroupUsage, ...]:
    """Return events by dimensions: added up, or the most of them."""
    by_place: dict[str, list[Decimal]] = defaultdict(list)
    for event in events:
        by_place[event.place].append(event.units)
    return tuple(
        GroupUsage(
            f'{{"at":"{place}"}}',
            sum(found, D(0)) if adds_up else max(found),
            len(found),
            tuple(sorted(Counter(found).items())),
        )
        for place, found in sorted(by_place.items())
    )


_discounts = st.builds(
    lambda number, rate, amount, products: Discount(
        f"d{number}",
        rate if number % 2 else None,
        None if number % 2 else amount,
        products,
        0,
        None,
    ),
    st.integers(0, 9),
    rates,
    amounts,
    st.sampled_from([(), ("gold",), ("plan", "tin")]),
)
_grants = st.builds(
    lambda number, cents, priority, is_paid: CreditGrant(
        f"g{number}", "acme", "USD", D(cents) / 100, 0, None, priority, is_paid
    ),
    st.integers(0, 9),
    st.integers(0, 5_000),
    st.integers(0, 1),
    st.booleans(),
)


@st.composite
def _cards(draw: st.DrawFn, version: int) -> RateCard:
    least, greatest = sorted(draw(st.tuples(amounts, amounts)))
    models = rising_models | falling_models | flat_models
    fees = st.builds(
        RecurringFee,
        st.just("seat"),
        st.just("plan"),
        amounts,
        st.sampled_from(Due),
        st.sampled_from(Proration),
        st.booleans(),
    )
    return RateCard(
        "basic",
        "USD",
        version,
        0,
        draw(st.sampled_from(Rounding)),
        tuple(draw(prices(models, meter_id)) for meter_id in METERS),
        tuple(draw(st.lists(fees, max_size=1))),
        draw(st.sampled_from([None, least])),
        draw(st.sampled_from([None, greatest])),
    )


@dataclass(frozen=True, slots=True)
class Agreement:
    """All that is agreed for April: from which day on which card and contract hold.

    April is the end of a whole period of `stub_of_days`.
    """

    parts: tuple[tuple[int, RateCard, Contract], ...]
    trial_days: int
    stub_of_days: int
    discounts: tuple[Discount, ...]
    grants: tuple[CreditGrant, ...]


@st.composite
def agreements(draw: st.DrawFn) -> Agreement:
    """Draw one to three parts, of one or two versions of a card, and all that is beside it."""
    days = [0, *sorted(draw(st.sets(st.integers(1, DAYS - 1), max_size=2)))]
    rates_of_both = [draw(_cards(version)) for version in (1, 2)]
    trial_days = draw(st.sampled_from([0, 0, 10]))
    parts = []
    for version, day in enumerate(days, start=1):
        seats = (("seat", draw(st.integers(0, 3))),)
        commitment = draw(st.none() | amounts)
        terms = Contract("acme", version, 0, "basic", "USD", commitment=commitment, seats=seats)
        parts.append((day, draw(st.sampled_from(rates_of_both)), terms))
    discounts = draw(st.lists(_discounts, max_size=2, unique_by=lambda each: each.discount_id))
    grants = draw(st.lists(_grants, max_size=3, unique_by=lambda each: each.grant_id))
    stub_of_days = draw(st.sampled_from([DAYS, DAYS, 45]))
    return Agreement(tuple(parts), trial_days, stub_of_days, tuple(discounts), tuple(grants))


def period_of(
    agreed: Agreement, events: Sequence[Event], more_cuts: Collection[int] = ()
) -> PricedPeriod:
    """Return April as agreed, cut on further days, too, with its usage; nothing is drawn yet."""
    found = {day: (rates, terms) for day, rates, terms in agreed.parts}
    days = sorted({*found, agreed.trial_days, *more_cuts})
    segments, by_day, now = [], [], found[0]
    for day, end in zip(days, [*days[1:], DAYS], strict=True):
        now = found.get(day, now)
        start_us, end_us = (START_US + each * DAY_US for each in (day, end))
        segments.append(Segment(start_us, end_us, *now, is_trial=end <= agreed.trial_days))
        by_day.append([each for each in events if day <= each.day < end])
    usage = []
    for meter_id in METERS:
        mine = [[each for each in part if each.meter_id == meter_id] for part in by_day]
        adds_up = meter_id != "peak"
        whole = [each for part in mine for each in part]
        groups = tuple(group(part if adds_up else whole, adds_up) for part in mine)
        usage.append(MeterUsage(meter_id, "unit", adds_up, adds_up, groups, ()))
    end_us = START_US + DAYS * DAY_US
    return PricedPeriod(
        "acme",
        START_US,
        end_us,
        "UTC",
        end_us - agreed.stub_of_days * DAY_US,
        end_us,
        tuple(segments),
        tuple(usage),
        tuple((each, 1) for each in agreed.discounts),
        (),
        tuple(CreditBalance(each, int(each.amount * 100), 0) for each in agreed.grants),
        FX_RATES,
    )


def draw_down(period: PricedPeriod, drawn: dict[str, int]) -> PricedPeriod:
    """Return a period of whose grants some was drawn by runs before, by id."""
    balances = (
        replace(each, drawn_minor=drawn.get(each.grant.grant_id, 0)) for each in period.credits
    )
    return replace(period, credits=tuple(balances))
