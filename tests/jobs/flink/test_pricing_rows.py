"""Rows of the pricing job cross its border unchanged, and the SQL names every column."""

import json
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest

from iceberg.charge_tables import CHARGES
from jobs.flink.pricing_rows import (
    charge_type,
    read_account,
    read_refusal,
    write_charge,
    write_refusal,
)
from jobs.flink.pricing_sql import PricedTables, gathered_sql, with_windows_sql
from jobs.flink.rows import instant_text
from schemas.account_rows import AccountRows, RefusedAccount
from schemas.contract import Contract, CreditGrant
from schemas.plain_form import encode_shape
from tests.charges import EVERY_KIND
from tests.jobs.pricing_world import MONTHS
from tests.udfs.account_usage import JANUARY, back, closed, corrected, window

CONTRACT = Contract("A", 1, JANUARY, "standard", "USD")
GRANT = CreditGrant("prepaid", "A", "USD", Decimal(5), JANUARY, None)


def _line(name: str, shape: Any) -> str:
    """Return a row as SQL hands it over: each column as text."""
    values = [getattr(shape, field.name) for field in fields(shape)]
    texts = [
        value if value is None else _text(field.name, value)
        for field, value in zip(fields(shape), values, strict=True)
    ]
    return json.dumps([name, *texts])


def _text(name: str, value: Any) -> str:
    if name.endswith("_us"):
        return instant_text(value)
    if isinstance(value, bool):
        return str(value).upper()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _account(offset: int, plan: str) -> str:
    terms = json.dumps({"account_id": "A", "terms": [dict(MONTHS, plan=plan)]})
    return json.dumps(["accounts", str(offset), terms])


def test_an_account_is_read_as_its_rows_are() -> None:
    """Exact decimals, instants to the microsecond, null where there is none, the last terms."""
    rows = AccountRows(
        "A",
        contracts=(CONTRACT,),
        grants=(GRANT,),
        closed=(closed("12345678901234567890.123456789", first_event_time_us=None),),
        corrections=(corrected(1, "0.000000001", "-1", last_log_time_us=JANUARY - 1),),
        brought_back=(back("-0.5"),),
        windows=(window(JANUARY + 1, is_retraction=True), window(JANUARY, is_rolled_up=True)),
        before=EVERY_KIND,
    )
    lines = [_line("closed_usage", each) for each in rows.closed]
    lines += [_line("usage_corrections", each) for each in rows.corrections]
    lines += [_line("brought_back_usage", each) for each in rows.brought_back]
    lines += [_line("metering_windows", each) for each in rows.windows]
    lines += [_line("charges", each) for each in rows.before]
    lines += [json.dumps(["contracts", encode_shape(CONTRACT)])]
    lines += [json.dumps(["credit_grants", encode_shape(GRANT)])]
    lines += [_account(10, "gold"), _account(9, "standard")]
    found = read_account("A", lines)
    assert found.terms[0].plan == "gold"
    assert replace(found, terms=()) == rows


def test_a_charge_has_a_value_for_each_column() -> None:
    """In the order of the table; decimals and instants as text."""
    for charge in EVERY_KIND:
        row = write_charge(charge)
        names = charge_type().get_field_names()
        assert names == list(CHARGES.names)
        values = dict(zip(names, row, strict=True))
        assert values["period_start"] == "2013-01-01 00:00:00.000000"
        assert Decimal(values["amount"]) == charge.amount
        assert (values["kind"], values["amount_minor"]) == (charge.kind.value, charge.amount_minor)
        assert values["corrected_charge_id"] is None


def test_the_least_refusal_is_that_of_the_first_step() -> None:
    """Then that of the first account, whatever the lines say."""
    refusals = [
        RefusedAccount(10, "A", "E", "a"),
        RefusedAccount(2, "B", "E", 'quoted "ü"\n'),
        RefusedAccount(2, "AB", "E", "z"),
        RefusedAccount(2, "A", "E", "z"),
    ]
    texts = [write_refusal(each) for each in refusals]
    assert [read_refusal(text) for text in sorted(texts)] == [
        refusals[3],
        refusals[2],
        refusals[1],
        refusals[0],
    ]


@pytest.mark.parametrize("name", ["closed_usage", "charges", "contracts", "accounts"])
def test_only_tables_with_a_snapshot_are_read(name: str) -> None:
    """Each as of its snapshot."""
    sql = gathered_sql(PricedTables("`c`.`n`", {name: 7, "raw_events": 8}))
    assert f"FROM `c`.`n`.`{name}` /*+ OPTIONS('snapshot-id' = '7') */" in sql
    assert "UNION ALL" not in sql
    assert "raw_events" not in sql


def test_windows_join_their_periods() -> None:
    """What was rolled up is told by the version that wrote it."""
    sql = with_windows_sql(PricedTables("`c`.`n`", {"metering_windows": 7}), "gathered", "spans")
    assert "w.`job_version` LIKE 'roll-up %'" in sql
    assert "w.`event_window_start` < CAST(s.`until` AS TIMESTAMP_LTZ(6))" in sql
