"""The meters file: the demo's meters, the defaults, and the one line for each mistake."""

from pathlib import Path

import pytest

from jobs.settings import SettingsError, load_meters
from schemas.aggregation import NO_OPTIONS, Aggregation
from schemas.meter import Meter

CONFIG = Path(__file__).parents[3] / "config"
HOUR_US = 3_600_000_000
LEAST = "meters: [{meter: gb, event_type: used, aggregation: sum, unit: GB}]"


def test_the_demos_meters() -> None:
    """The demo measures the five meters of the flights, each with 24 h of grace."""
    meters = load_meters(CONFIG / "meters.yaml")
    rest = (24 * HOUR_US, 90 * 24 * HOUR_US, NO_OPTIONS, 10_000)
    count, total, largest = Aggregation.COUNT, Aggregation.SUM, Aggregation.MAX
    departed = "flight.departed"
    assert meters == (
        Meter("flights", departed, count, None, "flight", ("origin",), *rest),
        Meter("miles", departed, total, "miles", "mile", ("origin",), *rest),
        Meter("air-minutes", departed, total, "air_minutes", "minute", (), *rest),
        Meter("longest-flight", departed, largest, "miles", "mile", (), *rest),
        Meter("cancellations", "flight.cancelled", count, None, "flight", (), *rest),
    )


def test_defaults(tmp_path: Path) -> None:
    """A meter reads `units`, has one hour of grace and 90 days for corrections."""
    (tmp_path / "meters.yaml").write_text(LEAST)
    (meter,) = load_meters(tmp_path / "meters.yaml")
    assert (meter.property, meter.dimensions) == ("units", ())
    assert (meter.grace_us, meter.correction_horizon_us) == (HOUR_US, 90 * 24 * HOUR_US)


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("meters:", "meter:", ("`meters:` with a list", "the keys meter")),
        (LEAST, "meters: []", ("`meters:` with a list",)),
        (LEAST, "meters: 5", ("found the keys meters, meters a whole number",)),
        ("[", "[5, ", ("meters[0]", "a mapping", "a whole number")),
        ("unit:", "units:", ("unknown key", "meters[0]", "unit", "'units'")),
        (", unit: GB", "", ("meters[0].unit", "expected text, found nothing")),
        ("sum", "mean", ("aggregation", "count or sum or max or min", "'mean'")),
        ("sum", "[sum]", ("aggregation", "['sum']")),
        ("meter: gb", "meter: a b", ("meters[0].meter", "'a b'")),
        ("used", '"it\'s"', ("meters[0].event_type", "it's")),
        ("used", "meterclose.heartbeat", ("reserved type", "meterclose.heartbeat")),
        ("unit:", "property: a.b, unit:", ("meters[0].property", "'a.b'")),
        ("sum,", "count, property: a,", ("none with count",)),
        ("sum,", "sum, bounds: [1],", ("bounds", "none with sum")),
        ("sum,", "sum, percentile: 5,", ("percentile", "none with sum")),
        ("sum,", "histogram,", ("bounds", "given")),
        ("sum,", "histogram, bounds: 5,", ("bounds", "a list of 1 to 100")),
        ("sum,", "histogram, bounds: [],", ("bounds", "a list of 1 to 100")),
        ("sum,", "histogram, bounds: [2, 1],", ("bounds", "ascending numbers", "2, 1")),
        ("sum,", "histogram, bounds: [0.5],", ("bounds[0]", "a whole number, or text", "0.5")),
        ("sum,", "percentile,", ("percentile", "given")),
        ("sum,", "time_weighted_sum, per: hour,", ("readings", "given")),
        ("sum,", "time_weighted_sum, readings: delta,", ("per", "given")),
        ("sum,", "time_weighted_sum, readings: x, per: hour,", ("absolute or delta", "'x'")),
        ("sum,", "time_weighted_sum, readings: delta, per: 5,", ("second or minute", "found 5")),
        ("sum,", "sum, per: hour,", ("per", "none with sum")),
        ("sum,", "sum, max_dimensions: 0,", ("max_dimensions", "at least 1")),
        (
            "sum,",
            "time_weighted_sum, readings: delta, per: day, max_dimensions: 5,",
            ("max_dimensions", "none with time_weighted_sum"),
        ),
        ("unit:", "retractable: 1, unit:", ("retractable", "true or false", "a whole number")),
        (
            "sum,",
            "time_weighted_sum, readings: absolute, per: day, retractable: true,",
            ("retractable", "false with absolute readings"),
        ),
        (
            "GB}]",
            "GB}, {meter: b, event_type: used, aggregation: sum, unit: GB, retractable: true}]",
            ("meters[1].retractable", "as in meter gb: they share used", "found true"),
        ),
        ("used", "meterclose.retraction", ("reserved type", "meterclose.retraction")),
        ("sum,", "percentile, percentile: 101,", ("at most 100", "101")),
        ("sum,", "percentile, percentile: p99,", ("a whole number, or text", "p99")),
        ("unit:", "grace_hours: -1, unit:", ("grace_hours", "at least 0", "found -1")),
        ("unit:", "grace_hours: 0.5, unit:", ("grace_hours", "a decimal number")),
        # A number that the job's clock or a column could not hold would stop it, not this reader.
        ("unit:", "grace_hours: 876601, unit:", ("grace_hours", "at most 876600")),
        (
            "unit:",
            "correction_horizon_days: 36526, unit:",
            ("correction_horizon_days", "at most 36525"),
        ),
        ("sum,", "sum, max_dimensions: 2147483648,", ("max_dimensions", "at most 2147483647")),
        ("unit:", "correction_horizon_days: x, unit:", ("correction_horizon_days", "found text")),
        ("unit:", "dimensions: a, unit:", ("dimensions", "a list", "found text")),
        ("unit:", "dimensions: [a, 5], unit:", ("dimensions[1]", "a whole number")),
        ("unit:", "dimensions: [a, b, a], unit:", ("dimensions", "each name once", "a, b, a")),
        ("GB}]", "GB}, " + LEAST.removeprefix("meters: ["), ("meters[1].meter", "'gb'")),
    ],
)
def test_each_mistake_is_one_clear_line(
    tmp_path: Path, old: str, new: str, parts: tuple[str, ...]
) -> None:
    """Each wrong meter ends in one line that says what, where, expected and found."""
    assert old in LEAST
    (tmp_path / "meters.yaml").write_text(LEAST.replace(old, new, 1))
    with pytest.raises(SettingsError) as caught:
        load_meters(tmp_path / "meters.yaml")
    assert "\n" not in str(caught.value)
    for part in (*parts, "meters.yaml", ": expected ", ", found "):
        assert part in str(caught.value)
