"""Charges are reconciled while billing is frozen: what waits is told, and is no difference."""

from __future__ import annotations

import json
from typing import Any

import pytest

from iceberg.decided_tables import BROUGHT_BACK_USAGE
from jobs.freeze_billing import main as freeze_main
from jobs.reconcile_charges import main
from schemas.instant import to_us
from tests.iceberg.filling import append
from tests.iceberg.rows import brought_back
from tests.jobs.january import JANUARY
from tests.jobs.pricing_rows import closed, corrected, day
from tests.jobs.pricing_world import CARDS, CONTRACTS, World
from udfs import charging_accounts

Output = pytest.CaptureFixture[str]
WHY = ("--by", "Ada L", "--reason", "usage was lost")
NOTHING = {"accounts": 0, "account_periods": 0, "usage": {}}


def decide(world: World, capsys: Output, *words: str) -> str:
    """Freeze or lift; return the id of the freeze."""
    assert freeze_main(["--settings", str(world.settings), *words, *WHY, "--json"], {}) == 0
    (found,) = json.loads(capsys.readouterr().out)["decisions"]
    return str(found["freeze_id"])


def tell(world: World, capsys: Output, *words: str, code: int = 0) -> dict[str, Any]:
    """Return what the reconciliation says."""
    options = ["--settings", str(world.settings), "--json", *words]
    assert main(options, {}, lambda: to_us(day(2, 5))) == code, capsys.readouterr().out
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_what_is_frozen_waits(january: World, capsys: Output) -> None:
    """Nothing of A is charged, which is no difference; lifted and priced, nothing waits."""
    freeze_id = decide(january, capsys, "freeze", "--account", "A")
    january.price()
    told = tell(january, capsys)
    assert told["usage_rows"] == {"behind a freeze": 1, "charged": 1}
    usage = {"flights": {"rows": 1, "quantity": "8"}}
    assert told["waiting"] == {"accounts": 1, "account_periods": 2, "usage": usage}
    assert told["priced_again"]["not_recomputed"] == {}
    assert main(["--settings", str(january.settings)], {}, lambda: to_us(day(2, 6))) == 0
    output = capsys.readouterr().out
    assert "frozen: 2 billing periods of 1 accounts wait\n" in output
    assert "frozen: 8 of flights in 1 rows of usage are not charged\n" in output
    decide(january, capsys, "lift", "--freeze", freeze_id)
    # Nothing has been priced since: the run that is looked at has left A out.
    assert tell(january, capsys)["waiting"] == told["waiting"]
    january.price(at_us=2)
    assert january.sums() == JANUARY
    again = tell(january, capsys)
    assert (again["waiting"], again["usage_rows"]) == (NOTHING, {"charged": 2})
    assert tell(january, capsys, "--as-of", told["run_id"])["waiting"] == told["waiting"]


def test_of_a_meter_and_with_credit(january: World, capsys: Output) -> None:
    """January's card has flights: A's February is charged; B has credit, and its February waits."""
    until = ("--period-until", "2013-02-01T00:00:00Z", "--meter", "flights")
    freeze_id = decide(january, capsys, "freeze", "--all-accounts", *until)
    january.price()
    told = tell(january, capsys)
    usage = {"flights": {"rows": 2, "quantity": "11"}}
    assert told["waiting"] == {"accounts": 2, "account_periods": 3, "usage": usage}
    assert told["priced_again"]["lines"] == 1
    decide(january, capsys, "lift", "--freeze", freeze_id)
    decide(january, capsys, "freeze", "--all-accounts", "--meter", "baggage")
    january.price(at_us=2)
    assert january.sums() == JANUARY
    assert tell(january, capsys)["waiting"] == NOTHING


@pytest.mark.parametrize("account_id", ["A", "B"])
def test_what_had_been_charged_stays(priced: World, capsys: Output, account_id: str) -> None:
    """Its January is as it was before the freeze, what came later waits; lifted, it is corrected.

    B has credit, so it is priced again run by run.
    """
    freeze_id = decide(priced, capsys, "freeze", "--account", account_id)
    late = [corrected(name, 1, 1, used, 2, day(2, 8)) for name, used in (("A", 10), ("B", 5))]
    rows = {"closed_usage": [closed(each, 2, 6) for each in "AB"], "usage_corrections": late}
    priced.meter(day(3, 2), **rows)
    priced.price(at_us=2)
    told = tell(priced, capsys)
    assert told["usage_rows"] == {"behind a freeze": 2, "charged": 4}
    usage = {"flights": {"rows": 2, "quantity": "8"}}
    assert told["waiting"] == {"accounts": 1, "account_periods": 3, "usage": usage}
    assert told["priced_again"]["account_periods"] == 5
    assert told["priced_again"]["not_recomputed"] == {}
    decide(priced, capsys, "lift", "--freeze", freeze_id)
    priced.price(at_us=3)
    again = tell(priced, capsys)
    assert (again["waiting"], again["usage_rows"]) == (NOTHING, {"charged": 6})
    assert again["priced_again"]["account_periods"] == 6


def test_what_is_brought_back_behind_a_freeze_waits(priced: World, capsys: Output) -> None:
    """Nobody tells when it came, so its period is not priced again; no row of it is missed."""
    freeze_id = decide(priced, capsys, "freeze", "--account", "A")
    span = {"period_start": day(1, 1), "period_end": day(2, 1)}
    append(priced.catalog, BROUGHT_BACK_USAGE, [brought_back("e1", account_id="A", **span)])
    priced.meter(day(3, 2), closed_usage=[closed("B", 2, 6)])
    priced.price(at_us=2)
    told = tell(priced, capsys)
    assert told["usage_rows"] == {"behind a freeze": 1, "charged": 3}
    assert told["priced_again"]["not_recomputed"] == {"usage brought back and a freeze": 1}
    decide(priced, capsys, "lift", "--freeze", freeze_id)
    priced.price(at_us=3)
    again = tell(priced, capsys)
    assert (again["waiting"], again["usage_rows"]) == (NOTHING, {"charged": 4})
    assert again["priced_again"]["not_recomputed"] == {}


def test_a_charge_despite_a_freeze_is_found(
    january: World, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its run, and by its price: nothing was expected of these periods."""
    decide(january, capsys, "freeze", "--account", "A")
    monkeypatch.setattr(charging_accounts, "waiting_spans", lambda *_: set())
    january.price()
    told = tell(january, capsys, code=1)
    assert told["differences"] == {
        "charged_while_frozen": 2,
        "price_differs": 4,
        "quantity_differs": 1,
    }
    wrong = [each for each in told["found"] if each["kind"] == "charged_while_frozen"]
    assert {each["account_id"] for each in wrong} == {"A"}
    assert [each["found"].split(" of ")[0] for each in wrong] == ["3 charges", "1 charges"]
    assert told["waiting"]["account_periods"] == 2


def test_what_is_not_charged_without_a_freeze_is_found(
    january: World, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of B stands; A is left out all the same."""
    decide(january, capsys, "freeze", "--account", "B", "--period-from", "2013-02-01T00:00:00Z")

    def of_a(freezes: object, account: Any, spans: set[Any], *_: object) -> set[Any]:
        return {each for each in spans if account.account_id == "A" or each[0] >= to_us(day(2, 1))}

    monkeypatch.setattr(charging_accounts, "waiting_spans", of_a)
    january.price()
    told = tell(january, capsys, code=1)
    assert told["differences"] == {
        "price_differs": 4,
        "quantity_differs": 1,
        "usage_not_charged": 1,
    }
    assert {each["account_id"] for each in told["found"]} == {"A"}
    assert told["waiting"] == {"accounts": 1, "account_periods": 1, "usage": {}}


def test_credit_that_expires_behind_a_freeze_is_booked_later(
    unmetered: World, capsys: Output
) -> None:
    """What is left of it is no revenue yet, as a period that waits may draw on it."""
    ends = "granted: 2013-01-01T00:00:00Z, expires: 2013-02-01T00:00:00Z}"
    world = unmetered
    more = CONTRACTS + "  - {grant_id: winter, account_id: B, currency: USD, amount: 90, " + ends
    world.load(CARDS, more)
    capsys.readouterr()
    world.meter(day(2, 2), closed_usage=[closed("A", 1, 8), closed("B", 1, 3)])
    freeze_id = decide(world, capsys, "freeze", "--account", "B")
    world.price()
    assert not [each for each in world.entries() if each.entry.source_kind.value == "expiry"]
    assert tell(world, capsys)["waiting"]["accounts"] == 1
    decide(world, capsys, "lift", "--freeze", freeze_id)
    world.price(at_us=2)
    assert [each for each in world.entries() if each.entry.source_kind.value == "expiry"]
    assert tell(world, capsys)["waiting"] == NOTHING
