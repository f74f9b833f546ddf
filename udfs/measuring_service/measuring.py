"""The rules of all service levels, and how what they find is judged."""

from __future__ import annotations

import json
from fractions import Fraction

from schemas.service_facts import ServiceFacts
from schemas.service_level import Comparison, MeasuredWindow, ServiceLevel, Verdict
from schemas.service_levels import LEVELS
from udfs.identifying import digest
from udfs.measuring_service.measured import Measured, Rule
from udfs.measuring_service.measuring_charges import (
    measure_adjustments,
    measure_invoices,
    measure_pricing_age,
)
from udfs.measuring_service.measuring_proofs import (
    measure_ledger,
    measure_pricing_error,
    measure_reconciliations,
)
from udfs.measuring_service.measuring_received import (
    measure_completeness,
    measure_ingestion_delay,
    measure_offset_gaps,
    measure_rejects,
    measure_repeats,
)
from udfs.measuring_service.measuring_usage import (
    measure_close_delay,
    measure_commit_age,
    measure_late_usage,
)

LEVEL_RULES: tuple[Rule, ...] = (
    measure_ingestion_delay,
    measure_completeness,
    measure_offset_gaps,
    measure_repeats,
    measure_rejects,
    measure_late_usage,
    measure_close_delay,
    measure_commit_age,
    measure_adjustments,
    measure_pricing_age,
    measure_invoices,
    measure_pricing_error,
    measure_reconciliations,
    measure_ledger,
)
"""Each level is measured by one of them."""


def measure_service(facts: ServiceFacts, window: MeasuredWindow) -> tuple[ServiceLevel, ...]:
    """Return all levels, in the order of the closed list, the whole before its parts.

    Each level has at least one row.
    """
    at_us = window.measured_at_us
    run_id = run_id_of(window)
    levels = [_level(each, window, run_id) for rule in LEVEL_RULES for each in rule(facts, at_us)]
    places = {each.name: place for place, each in enumerate(LEVELS)}
    return tuple(sorted(levels, key=lambda each: places[each.level]))


def run_id_of(window: MeasuredWindow) -> str:
    """Return the id of a measurement: the same window at the same instant is the same run."""
    start = "" if window.start_us is None else str(window.start_us)
    return digest("service_run", start, str(window.end_us), str(window.measured_at_us))


def judge(value: Fraction, comparison: Comparison, target: Fraction) -> Verdict:
    """Return whether a value meets its target."""
    is_met = {
        Comparison.BELOW: value < target,
        Comparison.AT_MOST: value <= target,
        Comparison.AT_LEAST: value >= target,
    }[comparison]
    return Verdict.MET if is_met else Verdict.MISSED


def _level(each: Measured, window: MeasuredWindow, run_id: str) -> ServiceLevel:
    definition = each.definition
    part = json.dumps(dict([each.part] if each.part else []), separators=(",", ":"))
    is_measured = each.denominator > 0
    comparison = definition.comparison if each.has_target else None
    target = definition.target if each.has_target else None
    if not is_measured:
        verdict = Verdict.NOT_MEASURED
    elif comparison is None or target is None:
        verdict = Verdict.NO_TARGET
    else:
        value = Fraction(each.numerator, each.denominator)
        verdict = judge(value, comparison, Fraction(target))
    assert is_measured or each.reason is not None, definition.name
    return ServiceLevel(
        row_id=digest("service_level", run_id, definition.name, part),
        run_id=run_id,
        measured_at_us=window.measured_at_us,
        level=definition.name,
        part=part,
        window_start_us=window.start_us,
        window_end_us=window.end_us,
        unit=definition.unit,
        numerator=each.numerator if is_measured else None,
        denominator=each.denominator if is_measured else None,
        comparison=comparison,
        target=target,
        verdict=verdict,
        reason=None if is_measured else each.reason,
        detail=each.detail,
    )
