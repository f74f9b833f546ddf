"""The audit, which shares no code with the rules, leaves out what freezes make runs leave out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.prices.agreements import Agreements, agree
from audit.prices.charges import Comparison
from audit.prices.recomputing import recompute
from audit.prices.waiting import PricedRun, Waiting, waiting_spans
from iceberg.charge_rows import charges_table
from iceberg.creating import iceberg_schema
from iceberg.decided_tables import BROUGHT_BACK_USAGE
from iceberg.tables import CLOSED_USAGE, METERING_WINDOWS, USAGE_CORRECTIONS
from schemas.account_pricing import AccountPricing
from schemas.charge import Charge
from schemas.contract import CreditGrant
from schemas.freeze import FreezeScope
from schemas.instant import EPOCH, HOUR_US, MICROSECOND
from schemas.plain_form import encode_shape
from tests.iceberg.rows import row_of
from tests.properties.test_charging_accounts import (
    CARD,
    CONTRACT,
    MONTHS,
    ONCE,
    Call,
    _usage,
    calls,
    untils,
)
from tests.properties.test_freezing import GRANT, freezes
from tests.udfs.schedules import monthly
from udfs.charging_accounts import PricingRules, charge_account, waiting

Item = dict[str, Any]
TERMS = {
    "version": 1,
    "effective_from": "2026-01-01T00:00:00Z",
    "timezone": "UTC",
    "cadence": "month",
    "anchor": "2026-01-01",
    "plan": "standard",
}


class Ran(NamedTuple):
    """What the rules have charged, run by run."""

    runs: list[tuple[PricingRules, AccountPricing]]
    charges: tuple[Charge, ...]


def _run(
    known: Sequence[Call],
    instants: Sequence[int],
    standing: Sequence[Sequence[FreezeScope]],
    *grants: CreditGrant,
) -> Ran:
    """Charge at each instant under the freezes of then; a run that adds nothing is none."""
    runs, before = list[tuple[PricingRules, AccountPricing]](), tuple[Charge, ...]()
    for until_us, frozen in zip(instants, standing, strict=False):
        rules = PricingRules({("standard", "USD"): (CARD,)}, until_us, HOUR_US, f"run {until_us}")
        rules = replace(rules, freezes=tuple(frozen))
        terms, usage = (monthly(MONTHS[0][0]),), _usage(known, until_us)
        account = AccountPricing("acme", terms, (CONTRACT,), grants, (ONCE,), usage, before)
        if added := charge_account(rules, account):
            runs.append((rules, account))
            before = (*before, *added)
    return Ran(runs, before)


def _agreed(rules: PricingRules, account: AccountPricing) -> Agreements:
    lists = {
        "rate_cards": [CARD],
        "contracts": account.contracts,
        "credit_grants": account.grants,
        "one_off_fees": account.one_off_fees,
    }
    plain: dict[str, list[Item]] = {
        name: [json.loads(encode_shape(each)) for each in shapes] for name, shapes in lists.items()
    }
    frozen = [
        {
            "account_ids": set(each.account_ids),
            "meter_ids": set(each.meter_ids),
            "since": None if each.since_us is None else _instant(each.since_us),
            "until": None if each.until_us is None else _instant(each.until_us),
        }
        for each in rules.freezes
    ]
    return replace(agree({"acme": [TERMS]}, plain, timedelta(hours=1)), freezes=frozen)


def _open(known: Sequence[Call], charges: tuple[Charge, ...]) -> duckdb.DuckDBPyConnection:
    """Return a connection with the tables; each call is a row of its own."""
    rows = duckdb.connect()
    rows.execute("SET TimeZone = 'UTC'")
    closed = [
        row_of(
            CLOSED_USAGE,
            row_id=str(number),
            account_id="acme",
            meter_id="calls",
            aggregation="sum",
            period_start=_instant(MONTHS[call.month][0]),
            period_end=_instant(MONTHS[call.month][1]),
            cut=_instant(call.known_us),
            quantity=call.units,
        )
        for number, call in enumerate(known)
    ]
    for table in (CLOSED_USAGE, USAGE_CORRECTIONS, BROUGHT_BACK_USAGE, METERING_WINDOWS):
        some = closed if table is CLOSED_USAGE else []
        schema = iceberg_schema(table).as_arrow()
        rows.register(table.name, pa.Table.from_pylist(some, schema))
    rows.register("charges", charges_table(charges))
    return rows


def _compare(known: Sequence[Call], ran: Ran) -> tuple[Waiting, Comparison]:
    runs = [
        PricedRun(rules.run_id, _instant(rules.until_us), partial(_agreed, rules, account))
        for rules, account in ran.runs
    ]
    with _open(known, ran.charges) as rows:
        found = Waiting(rows, runs)
        return found, recompute(rows, found)


def _instant(instant_us: int) -> datetime:
    return EPOCH + instant_us * MICROSECOND


@settings(max_examples=40)
@given(st.lists(calls(), max_size=8), untils, freezes, st.booleans())
def test_what_runs_leave_out_is_expected(
    known: list[Call], instants: list[int], standing: list[list[FreezeScope]], is_paid: bool
) -> None:
    """Each line is that of the last run that took its period; all is priced twice."""
    ran = _run(known, instants, standing, *([GRANT] if is_paid else []))
    if not ran.runs:
        return
    found, compared = _compare(known, ran)
    assert (compared.differences, compared.not_recomputed) == ([], {})
    rules, account = ran.runs[-1]
    left = {(each.start, each.end) for each in found.periods}
    spans = {(each.period_start_us, each.period_end_us) for each in ran.charges}
    spans |= {span for span in MONTHS if span[0] < rules.until_us}
    expected = waiting(rules, account, spans)
    assert left == {(_instant(start_us), _instant(end_us)) for start_us, end_us in expected}


@given(freezes, st.booleans(), st.sets(st.sampled_from(MONTHS)))
def test_the_same_periods_wait(
    standing: list[list[FreezeScope]], is_paid: bool, spans: set[tuple[int, int]]
) -> None:
    """Of any periods, under any freezes."""
    rules = PricingRules({("standard", "USD"): (CARD,)}, MONTHS[-1][1], HOUR_US, "run")
    rules = replace(rules, freezes=tuple(standing[0]))
    terms, grants = (monthly(MONTHS[0][0]),), (GRANT,) if is_paid else ()
    account = AccountPricing("acme", terms, (CONTRACT,), grants, (), (), ())
    expected = waiting(rules, account, spans)
    asked = {(_instant(start_us), _instant(end_us)) for start_us, end_us in spans}
    assert waiting_spans(_agreed(rules, account), "acme", asked) == {
        (_instant(start_us), _instant(end_us)) for start_us, end_us in expected
    }
