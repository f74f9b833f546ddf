"""Whatever freezes were put on and lifted in between, in the end each line comes to the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from schemas.account_pricing import AccountPricing
from schemas.charge import Charge
from schemas.contract import CreditGrant
from schemas.freeze import FreezeScope
from schemas.instant import HOUR_US
from tests.properties.test_charging_accounts import (
    BOUNDARIES,
    CARD,
    CONTRACT,
    END_US,
    ONCE,
    Call,
    D,
    _usage,
    calls,
    untils,
)
from tests.udfs.schedules import monthly
from udfs.charging import line_key
from udfs.charging_accounts import PricingRules, charge_account

GRANT = CreditGrant("prepaid", "acme", "USD", D(60), BOUNDARIES[0], None)
_instants = st.none() | st.sampled_from(BOUNDARIES)
scopes = st.builds(
    FreezeScope,
    st.sampled_from([(), ("acme",), ("other",)]),
    st.sampled_from([(), ("calls",), ("miles",)]),
    _instants,
    _instants,
)
freezes = st.lists(st.lists(scopes, max_size=2), min_size=7, max_size=7)
"""Those that stand at each of up to seven runs; the last one has none."""


def _final(
    known: Sequence[Call],
    instants: Sequence[int],
    standing: Iterable[Sequence[FreezeScope]],
    *grants: CreditGrant,
) -> dict[tuple[object, ...], tuple[object, ...]]:
    """Return what each line comes to after runs under freezes, and a last one without."""
    before: tuple[Charge, ...] = ()
    terms = (monthly(BOUNDARIES[0]),)
    for number, (until_us, frozen) in enumerate(zip(instants, standing, strict=False)):
        rules = PricingRules({("standard", "USD"): (CARD,)}, until_us, HOUR_US, f"run {number}")
        rules = replace(rules, freezes=() if until_us == END_US else tuple(frozen))
        usage = _usage(known, until_us)
        account = AccountPricing("acme", terms, (CONTRACT,), grants, (ONCE,), usage, before)
        before = (*before, *charge_account(rules, account))
        again = replace(account, before=before)
        assert not charge_account(rules, again)
    return _lines(before)


def _lines(charges: Iterable[Charge]) -> dict[tuple[object, ...], tuple[object, ...]]:
    """Return quantity and minor units by line; the latter are the sum of what was charged."""
    lines: dict[tuple[object, ...], tuple[object, ...]] = {}
    minor: dict[tuple[object, ...], int] = {}
    for each in sorted(charges, key=lambda one: one.revision):
        name = (each.period_start_us, each.period_end_us, line_key(each))
        minor[name] = minor.get(name, 0) + each.amount_minor
        assert minor[name] == each.total_minor
        lines[name] = (each.quantity, each.total_minor)
    return {name: line for name, line in lines.items() if any(line)}


@given(st.lists(calls(), max_size=12), untils, freezes)
def test_freezes_change_no_charge(
    known: list[Call], instants: list[int], standing: list[list[FreezeScope]]
) -> None:
    """Neither quantity nor amount of any line; only when it is charged may differ."""
    assert _final(known, instants, standing) == _final(known, [END_US], [()])


@given(st.lists(calls(), max_size=12), untils, freezes)
def test_freezes_change_no_credit_of_usage_in_time(
    known: list[Call], instants: list[int], standing: list[list[FreezeScope]]
) -> None:
    """Periods draw on credit in their order, too, where none is corrected after a later one."""
    in_time = [replace_known(each, BOUNDARIES[each.month + 1] + HOUR_US) for each in known]
    expected = _final(in_time, [END_US], [()], GRANT)
    assert _final(in_time, instants, standing, GRANT) == expected


def replace_known(call: Call, known_us: int) -> Call:
    """Return calls that were known at another instant."""
    return call._replace(known_us=known_us)
