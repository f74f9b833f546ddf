"""Levels of reconciliations, independent prices and the ledger, each by hand."""

from __future__ import annotations

from schemas.instant import DAY_US
from schemas.service_facts import Reconciled
from schemas.service_level import Unmeasured, Verdict
from tests.udfs.serving import NOTHING, NOW_US, facts, measured


def test_pricing_errors_are_lines() -> None:
    """One of a thousand is too much, of 1001 not; of no lines there is no rate."""
    now = Reconciled(NOW_US, 1)
    for lines, verdict in ((1000, Verdict.MISSED), (1001, Verdict.MET)):
        given = facts("proofs", charges=now, priced_lines=lines, differing_lines=1)
        assert measured(given, "pricing_error").verdict is verdict
    given = facts("proofs", charges=now)
    assert measured(given, "pricing_error").reason is Unmeasured.NO_CHARGES
    assert measured(NOTHING, "pricing_error").reason is Unmeasured.NEVER_RECONCILED


def test_a_day_is_too_old() -> None:
    """A microsecond less is not; usage and charges are apart."""
    for age_us, verdict in ((DAY_US, Verdict.MISSED), (DAY_US - 1, Verdict.MET)):
        for section, prefix in (("usage", ""), ("charges", "ledger_")):
            given = facts("proofs", **{section: Reconciled(NOW_US - age_us, 0)})
            assert measured(given, f"{prefix}reconciliation_age").verdict is verdict
    level = measured(given, "reconciliation_age")
    assert (level.verdict, level.reason) == (Verdict.NOT_MEASURED, Unmeasured.NEVER_RECONCILED)


def test_one_difference_is_a_miss() -> None:
    """What was never looked at is not without differences."""
    given = facts("proofs", usage=Reconciled(NOW_US, 0), charges=Reconciled(NOW_US, 1))
    assert measured(given, "reconciliation_differences").verdict is Verdict.MET
    assert measured(given, "ledger_reconciliation_differences").verdict is Verdict.MISSED
    never = measured(NOTHING, "reconciliation_differences")
    assert never.reason is Unmeasured.NEVER_RECONCILED


def test_faults_of_the_ledger_are_told() -> None:
    """Each kind by its number; a ledger without entries but with charges is measured."""
    whole = measured(facts("ledger", entries=3, charges=3), "ledger_faults")
    assert (whole.value, whole.verdict, whole.detail) == (0, Verdict.MET, None)
    broken = measured(
        facts("ledger", charges=2, chain_breaks=1, unbooked_charges=2), "ledger_faults"
    )
    assert (broken.value, broken.verdict) == (3, Verdict.MISSED)
    assert broken.detail == "breaks of the hash chain: 1; charges without an entry: 2"
