"""An account is charged from its rows: the same as from totals, or it is refused as a value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from schemas.account_pricing import AccountPricing
from schemas.account_rows import AccountRows, RefusedAccount
from schemas.freeze import FreezeScope
from schemas.instant import DAY_US
from schemas.price_model import PerUnit
from schemas.rate_card import MeterPrice
from tests.udfs.account_usage import FEBRUARY, JANUARY, back, closed, corrected, window
from tests.udfs.charged_accounts import CARD, CONTRACT, D
from tests.udfs.schedules import monthly
from udfs.charging_accounts import PricingRules, charge_account
from udfs.charging_rows import charge_rows, detailed_spans

PRICES = (MeterPrice("landing", "flights", "landing", PerUnit(D(2))),)
FIRST = replace(CARD, effective_from_us=JANUARY, prices=PRICES)
SECOND = replace(FIRST, version=2, effective_from_us=JANUARY + 15 * DAY_US)
AGREED = replace(CONTRACT, account_id="A", effective_from_us=JANUARY)


def _rules(*cards: Any) -> PricingRules:
    return PricingRules({("standard", "USD"): cards or (FIRST,)}, FEBRUARY + 9 * DAY_US, 0, "run")


def _rows(**rows: Any) -> AccountRows:
    return AccountRows("A", **{"terms": (monthly(JANUARY),), "contracts": (AGREED,), **rows})


def test_rows_are_charged_as_their_totals_are() -> None:
    """Each once, whatever their order, and with what was agreed in its order."""
    later = replace(AGREED, version=2, effective_from_us=JANUARY + 40 * DAY_US)
    rows = _rows(
        closed=(closed("3"), closed("3")),
        corrections=(corrected(1, "5", "2"),),
        brought_back=(back("4", 4),),
        contracts=(later, AGREED, later),
    )
    charges = charge_rows(_rules(), rows)
    assert isinstance(charges, tuple)
    (landing,) = (each for each in charges if each.line_id == "landing")
    assert (landing.quantity, landing.amount_minor) == (9, 1800)
    assert landing.usage_row_ids == '["b-e1","c0","c1"]'
    assert charge_rows(_rules(), replace(rows, before=(*charges, charges[0]))) == ()


def test_an_account_without_usage_owes_its_fees() -> None:
    """As an account of totals does that has none."""
    known = AccountPricing("A", (monthly(JANUARY),), (AGREED,))
    charges = charge_rows(_rules(), _rows())
    assert charges == charge_account(_rules(), known)
    assert charges


def test_a_frozen_account_adds_nothing() -> None:
    """On every engine, as the step is one; its windows are not asked for."""
    frozen = replace(_rules(FIRST, SECOND), freezes=(FreezeScope(("A",)),))
    rows = _rows(closed=(closed("3"),))
    assert charge_rows(frozen, rows) == ()
    assert detailed_spans(frozen, rows) == ()
    other = replace(frozen, freezes=(FreezeScope(("B",)),))
    assert detailed_spans(other, rows) == ((JANUARY, FEBRUARY),)


def test_nobody_looks_at_an_account_of_which_nothing_is_known() -> None:
    """Terms alone are nothing, nor is usage that does not count yet."""
    late = closed(cut_us=FEBRUARY + 30 * DAY_US)
    assert charge_rows(_rules(), _rows(contracts=(), closed=(late,))) is None


def test_windows_cut_a_period_in_which_a_price_changes() -> None:
    """The period is named before its windows are there; of another there is none."""
    rows = _rows(closed=(closed("3"),))
    assert detailed_spans(_rules(), rows) == ()
    assert detailed_spans(_rules(FIRST, SECOND), rows) == ((JANUARY, FEBRUARY),)
    windows = (
        window(JANUARY + DAY_US),
        window(JANUARY + 20 * DAY_US, "2", event_count=2),
        window(JANUARY + DAY_US, is_rolled_up=True),
    )
    charges = charge_rows(_rules(FIRST, SECOND), replace(rows, windows=windows))
    assert isinstance(charges, tuple)
    landings = [each for each in charges if each.line_id == "landing"]
    assert [(each.card_version, each.quantity) for each in landings] == [(1, 1), (2, 2)]


@pytest.mark.parametrize(
    ("rows", "step", "error", "line"),
    [
        ({"closed": (closed("3"), closed("4"))}, 0, "BrokenUsageError", "closed_usage: rows of"),
        (
            {"corrections": (corrected(1, "5", "2"), corrected(1, "5", "3"))},
            1,
            "BrokenUsageError",
            "usage_corrections: rows of",
        ),
        ({"brought_back": (back("1"), back("2"))}, 2, "BrokenUsageError", "brought_back_usage: "),
        ({"corrections": (corrected(2, "5", "2"),)}, 3, "BrokenUsageError", "usage_totals: rev"),
        (
            {"closed": (closed(),), "brought_back": (back("1", unit="mile"),)},
            4,
            "BrokenUsageError",
            "usage_totals: usage brought back",
        ),
        (
            {"windows": (window(JANUARY), window(JANUARY, "2"))},
            5,
            "BrokenUsageError",
            "metering_windows: rows of one identity differ: ('A', 'flights', '{}', '2013-01-01T",
        ),
        ({"closed": (closed(),), "contracts": ()}, 7, "UnknownTermsError", "contract, account A"),
        ({"closed": (closed(meter_id="miles"),)}, 7, "MissingPriceError", "meter miles: expected"),
    ],
)
def test_what_refuses_an_account_is_a_value(
    rows: dict[str, Any], step: int, error: str, line: str
) -> None:
    """With the step at which a run by tables would have found it."""
    refused = charge_rows(_rules(), _rows(**rows))
    assert isinstance(refused, RefusedAccount)
    assert (refused.step, refused.account_id, refused.error) == (step, "A", error)
    assert refused.line.startswith(line)
    assert detailed_spans(_rules(FIRST, SECOND), _rows(**rows)) in ((), ((JANUARY, FEBRUARY),))


def test_charges_that_contradict_each_other_refuse_an_account() -> None:
    """They stand before the charging itself; missing windows come after."""
    rows = _rows(closed=(closed(),))
    charges = charge_rows(_rules(), rows)
    assert isinstance(charges, tuple)
    broken = charge_rows(
        _rules(), replace(rows, before=(charges[0], replace(charges[0], unit="x")))
    )
    assert isinstance(broken, RefusedAccount)
    assert broken.step == 6
    missing = charge_rows(_rules(FIRST, SECOND), rows)
    assert isinstance(missing, RefusedAccount)
    assert (missing.step, missing.error) == (7, "MissingDetailError")
