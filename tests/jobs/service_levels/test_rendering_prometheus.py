"""The text for Prometheus: strictly in its format, exact, and without what was not measured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.service_levels.rendering_prometheus import render_prometheus
from schemas.service_facts import Ranks
from tests.jobs.service_levels.exposed import read_exposed
from tests.udfs.serving import NOTHING, WINDOW, facts
from udfs.measuring_service import measure_service

_P95 = "meterclose_service_ingestion_delay_p95"


def test_levels_are_gauges_with_their_unit_last() -> None:
    """The whole and the parts are families of their own: a sum counts nothing twice."""
    slow, fast = Ranks(2, {50: 1, 95: 60_000_001, 99: 7}), Ranks(1, {50: 1, 95: -5, 99: 7})
    given_facts = facts("received", delay=slow, delay_by_partition={0: fast, 1: slow})
    families = read_exposed(render_prometheus(measure_service(given_facts, WINDOW)))
    assert families[f"{_P95}_seconds"].samples == {(): "60.000001"}
    assert families[f"{_P95}_by_partition_seconds"].samples == {
        (("partition", "0"),): "-0.000005",
        (("partition", "1"),): "60.000001",
    }
    assert {each.type for each in families.values()} == {"gauge"}
    verdicts = families["meterclose_service_verdict"].samples
    of_level = {
        labels[2][1]: value
        for labels, value in verdicts.items()
        if labels[:2] == (("level", "ingestion_delay_p95"), ("part", "partition=0"))
    }
    assert of_level == {"met": "1", "missed": "0", "not_measured": "0", "no_target": "0"}
    targets = families["meterclose_service_target"].samples
    assert targets[(("level", "ingestion_delay_p95"), ("comparison", "<"))] == "60"


def test_both_terms_of_a_value_are_there() -> None:
    """Whole numbers, of which a rate over any time is made."""
    given_facts = facts("received", counted=2_999_999, duplicates=1)
    families = read_exposed(render_prometheus(measure_service(given_facts, WINDOW)))
    of_level = (("level", "duplicate_rate"), ("part", ""))
    assert families["meterclose_service_numerator"].samples[of_level] == "1"
    assert families["meterclose_service_denominator"].samples[of_level] == "3000000"
    unmeasured = (("level", "pricing_age"), ("part", ""))
    assert unmeasured not in families["meterclose_service_numerator"].samples


def test_what_was_not_measured_has_no_number() -> None:
    """But a verdict, and the moment is there."""
    families = read_exposed(render_prometheus(measure_service(NOTHING, WINDOW)))
    assert "meterclose_service_completeness_ratio" not in families
    verdicts = families["meterclose_service_verdict"].samples
    unmeasured = (("level", "completeness"), ("part", ""), ("verdict", "not_measured"))
    assert verdicts[unmeasured] == "1"
    moment = families["meterclose_service_measured_timestamp_seconds"].samples
    assert moment == {(): "1000000"}


def test_a_ratio_has_all_digits_of_a_float() -> None:
    """17 of them, and no exponent."""
    given_facts = facts("received", counted=2_999_999, duplicates=1)
    families = read_exposed(render_prometheus(measure_service(given_facts, WINDOW)))
    (value,) = families["meterclose_service_duplicate_rate_ratio"].samples.values()
    assert value == "0.00000033333333333333333"


@given(reason=st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_labels_are_escaped(reason: str) -> None:
    """Whatever stands in a table: quotation marks, backslashes, line feeds."""
    given_facts = facts("received", counted=1, rejected={reason: 1})
    families = read_exposed(render_prometheus(measure_service(given_facts, WINDOW)))
    parts = families["meterclose_service_reject_rate_by_reason_ratio"].samples
    assert parts == {(("reason", reason),): "0.5"}


@pytest.mark.parametrize(
    "text",
    [
        "# HELP a b\n# TYPE a gauge\na 1",
        "# HELP a b\n# TYPE a gauge\na{} 1\n",
        '# HELP a b\n# TYPE a gauge\na{l="\\x"} 1\n',
        '# HELP a b\n# TYPE a gauge\na{l="1",l="2"} 1\n',
        "# HELP a b\n# TYPE a gauge\na 1\na 2\n",
        "# HELP a b\n# TYPE a gauge\nb 1\n",
        "# HELP a b\n# TYPE a gauge\na 1e5\n",
        "a 1\n",
    ],
)
def test_the_reader_is_strict(text: str) -> None:
    """Planted mistakes are found."""
    with pytest.raises(AssertionError):
        read_exposed(text)
