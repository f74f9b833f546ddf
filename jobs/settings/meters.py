"""Reads the meters: what is counted, by which dimensions, with how much grace."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from jobs.settings.shapes import SettingsError
from jobs.settings.yaml_file import read_yaml, text_keys, type_name
from schemas.aggregation import (
    KEEPS_ALL,
    NO_OPTIONS,
    Aggregation,
    AggregationOptions,
    Readings,
    must_keep_all,
)
from schemas.heartbeat import HEARTBEAT_TYPE
from schemas.instant import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from schemas.meter import Meter
from schemas.retraction import RETRACTION_TYPE
from udfs.numbering import units_text

_MAX_BOUNDS = 100
_MAX_DIMENSIONS = 10_000
_GREATEST_LIMIT = 2**31 - 1  # the column max_dimensions is an int
_CENTURY_DAYS = 36_525
_KEYS = (
    "meter",
    "event_type",
    "aggregation",
    "property",
    "unit",
    "dimensions",
    "bounds",
    "percentile",
    "readings",
    "per",
    "max_dimensions",
    "retractable",
    "grace_hours",
    "correction_horizon_days",
)
_OWNERS = {
    "bounds": Aggregation.HISTOGRAM,
    "percentile": Aggregation.PERCENTILE,
    "readings": Aggregation.TIME_WEIGHTED_SUM,
    "per": Aggregation.TIME_WEIGHTED_SUM,
}
_PER_US = {"second": SECOND_US, "minute": MINUTE_US, "hour": HOUR_US, "day": DAY_US}
# Names become part of JSON paths and SQL text, so they are plain words.
_METER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_EVENT_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,255}")
_PROPERTY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_UNIT = re.compile(r"[^\x00-\x1f\x7f]{1,64}")


def load_meters(path: Path | str) -> tuple[Meter, ...]:
    """Read the meters file, in the file's order.

    A meter that adds up a property reads `data.units` unless it names another one. Grace is in
    whole hours (default 1), the correction horizon in whole days (default 90).

    Raises:
        SettingsError: one line with the file, the meter's place, expected and found.
    """
    content = read_yaml(Path(path))
    listed = content.get("meters")
    if list(content) != ["meters"] or not isinstance(listed, list) or not listed:
        found = f"the keys {', '.join(content) or 'none'}, meters {type_name(listed)}"
        raise SettingsError("bad meters", str(path), "`meters:` with a list, alone", found)
    meters: dict[str, Meter] = {}
    for index, found in enumerate(listed):
        where = f"{path} meters[{index}]"
        meter = _read_meter(text_keys(found, where), where)
        if meter.meter_id in meters:
            raise SettingsError("bad value", f"{where}.meter", "a new name", repr(meter.meter_id))
        for other in meters.values():
            is_alike = other.is_retractable == meter.is_retractable
            if other.event_type == meter.event_type and not is_alike:
                expected = f"as in meter {other.meter_id}: they share {meter.event_type}"
                value = str(meter.is_retractable).lower()
                raise SettingsError("bad value", f"{where}.retractable", expected, value)
        meters[meter.meter_id] = meter
    return tuple(meters.values())


def _read_meter(found: Mapping[str, object], where: str) -> Meter:
    for key in found:
        if key not in _KEYS:
            raise SettingsError("unknown key", where, f"one of {', '.join(_KEYS)}", repr(key))
    aggregation = _aggregation(found.get("aggregation"), f"{where}.aggregation")
    event_type = _word(found.get("event_type"), _EVENT_TYPE, f"{where}.event_type")
    if event_type in (HEARTBEAT_TYPE, RETRACTION_TYPE):
        raise SettingsError("reserved type", f"{where}.event_type", "another type", event_type)
    property_name = None
    if aggregation is not Aggregation.COUNT:
        property_name = _word(found.get("property", "units"), _PROPERTY, f"{where}.property")
    elif "property" in found:
        raise SettingsError("bad value", f"{where}.property", "none with count", "one")
    return Meter(
        meter_id=_word(found.get("meter"), _METER_ID, f"{where}.meter"),
        event_type=event_type,
        aggregation=aggregation,
        property=property_name,
        unit=_word(found.get("unit"), _UNIT, f"{where}.unit"),
        dimensions=_dimensions(found.get("dimensions", []), f"{where}.dimensions"),
        grace_us=HOUR_US * _whole(found, "grace_hours", 1, where, 24 * _CENTURY_DAYS),
        correction_horizon_us=DAY_US
        * _whole(found, "correction_horizon_days", 90, where, _CENTURY_DAYS),
        options=_options(found, aggregation, where),
        max_dimensions=_limit(found, aggregation, where),
        is_retractable=_is_retractable(found, where),
    )


def _aggregation(value: object, where: str) -> Aggregation:
    return Aggregation(_one_of([*Aggregation], value, where))


def _is_retractable(found: Mapping[str, object], where: str) -> bool:
    value, place = found.get("retractable", False), f"{where}.retractable"
    if not isinstance(value, bool):
        raise SettingsError("bad value", place, "true or false", type_name(value))
    if value and found.get("readings") == Readings.ABSOLUTE:
        expected = "false with absolute readings: a later reading of the same time replaces one"
        raise SettingsError("bad value", place, expected, "true")
    return value


def _limit(found: Mapping[str, object], aggregation: Aggregation, where: str) -> int | None:
    given, place = "max_dimensions" in found, f"{where}.max_dimensions"
    if aggregation is Aggregation.TIME_WEIGHTED_SUM:
        # A level belongs to its dimensions over all periods; it cannot move to others.
        if given:
            raise SettingsError("bad value", place, f"none with {aggregation}", "one")
        return None
    limit = _whole(found, "max_dimensions", _MAX_DIMENSIONS, where, _GREATEST_LIMIT)
    if limit == 0:
        raise SettingsError("bad value", place, "a whole number of at least 1", "0")
    return limit


def _options(
    found: Mapping[str, object], aggregation: Aggregation, where: str
) -> AggregationOptions:
    for key, owner in _OWNERS.items():
        if (key in found) != (owner is aggregation):
            expected = "given" if owner is aggregation else f"none with {aggregation}"
            there = "one" if key in found else "none"
            raise SettingsError("bad value", f"{where}.{key}", expected, there)
    if aggregation is Aggregation.HISTOGRAM:
        return AggregationOptions(bounds=_bounds(found["bounds"], f"{where}.bounds"))
    if aggregation is Aggregation.PERCENTILE:
        percentile = _number(found["percentile"], f"{where}.percentile")
        if not 0 < percentile <= 100:
            expected = "a number above 0, at most 100"
            raise SettingsError("bad value", f"{where}.percentile", expected, str(percentile))
        return AggregationOptions(percentile=percentile)
    if aggregation is Aggregation.TIME_WEIGHTED_SUM:
        readings = _one_of([*Readings], found["readings"], f"{where}.readings")
        per_us = _PER_US[_one_of([*_PER_US], found["per"], f"{where}.per")]
        return AggregationOptions(readings=Readings(readings), per_us=per_us)
    keeps_all = _is_retractable(found, where) and must_keep_all(aggregation)
    return KEEPS_ALL if keeps_all else NO_OPTIONS


def _one_of(choices: Sequence[str], value: object, where: str) -> str:
    if value not in choices:
        raise SettingsError("bad value", where, " or ".join(choices), repr(value))
    return str(value)


def _bounds(value: object, where: str) -> tuple[Decimal, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= _MAX_BOUNDS:
        raise SettingsError("bad value", where, f"a list of 1 to {_MAX_BOUNDS}", type_name(value))
    bounds = tuple(_number(each, f"{where}[{index}]") for index, each in enumerate(value))
    if any(a >= b for a, b in pairwise(bounds)):
        raise SettingsError("bad value", where, "ascending numbers", ", ".join(map(str, bounds)))
    return bounds


def _number(value: object, where: str) -> Decimal:
    """Read an exact number: an integer, or text where it has decimals."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    plain = units_text(text)
    if plain is None:
        expected = "a whole number, or text such as '99.9'"
        raise SettingsError("bad value", where, expected, repr(value))
    return Decimal(plain)


def _word(value: object, form: re.Pattern[str], where: str) -> str:
    if not isinstance(value, str):
        raise SettingsError("bad value", where, "text", type_name(value))
    if not form.fullmatch(value):
        raise SettingsError("bad value", where, f"text like {form.pattern}", repr(value))
    return value


def _whole(found: Mapping[str, object], name: str, default: int, where: str, greatest: int) -> int:
    value, place = found.get(name, default), f"{where}.{name}"
    expected = f"a whole number of at least 0, at most {greatest}"
    if not isinstance(value, int) or isinstance(value, bool):
        raise SettingsError("bad value", place, expected, type_name(value))
    if not 0 <= value <= greatest:
        raise SettingsError("bad value", place, expected, str(value))
    return value


def _dimensions(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise SettingsError("bad value", where, "a list", type_name(value))
    names = [_word(name, _PROPERTY, f"{where}[{index}]") for index, name in enumerate(value)]
    if len(set(names)) != len(names):
        raise SettingsError("bad value", where, "each name once", ", ".join(names))
    return tuple(names)
