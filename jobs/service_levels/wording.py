"""Service levels in words and short numbers, as people read them on a terminal or a page.

What is rounded is rounded against the level: a value never looks better than it is.
"""

import json
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction

from schemas.instant import SECOND_US
from schemas.service_level import (
    UNMEASURED_TEXTS,
    Comparison,
    LevelUnit,
    ServiceLevel,
    Verdict,
)
from schemas.service_levels import LEVEL_BY_NAME
from udfs.aggregating import plain_text

_PERCENT_DECIMALS = 4
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
_PRECISE = Context(prec=60)

VERDICT_WORDS = {
    Verdict.MET: "met",
    Verdict.MISSED: "missed",
    Verdict.NOT_MEASURED: "not measured",
    Verdict.NO_TARGET: "no target",
}
"""Verdicts as people read them."""


def value_text(level: ServiceLevel) -> str:
    """Return the value, such as `99.9987 %`, `4.207 s` or `12`; `-` where there is none."""
    value = level.value
    if value is None:
        return "-"
    if level.unit is LevelUnit.RATIO:
        return _percent(value, level.comparison)
    if level.unit is LevelUnit.SECONDS:
        return duration_text(int(value * SECOND_US))
    return f"{int(value):,}"


def target_text(level: ServiceLevel) -> str:
    """Return the target, such as `>= 99.9 %` or `< 1 m`; empty where there is none."""
    if level.comparison is None or level.target is None:
        return ""
    target = Decimal(level.target)
    if level.unit is LevelUnit.RATIO:
        return f"{level.comparison} {plain_text(target * 100)} %"
    if level.unit is LevelUnit.SECONDS:
        return f"{level.comparison} {duration_text(int(target) * SECOND_US)}"
    return f"{level.comparison} {plain_text(target)}"


def share_text(level: ServiceLevel) -> str:
    """Return what a rate is made of, such as `71 / 343,412`; empty of all else."""
    if level.unit is not LevelUnit.RATIO or level.numerator is None or level.denominator is None:
        return ""
    return f"{level.numerator:,} / {level.denominator:,}"


def reason_text(level: ServiceLevel) -> str:
    """Return why there is no value, or what else there is to know; may be empty."""
    if level.reason is not None:
        return UNMEASURED_TEXTS[level.reason]
    return level.detail or ""


def part_of(level: ServiceLevel) -> tuple[tuple[str, str], ...]:
    """Return the labels of a level's part and their values; of the whole none."""
    return tuple(json.loads(level.part).items())


def part_text(level: ServiceLevel) -> str:
    """Return a level's part, such as `partition 0` or `EUR`; empty of the whole."""
    return ", ".join(
        f"{name} {value}" if name == "partition" else value for name, value in part_of(level)
    )


def name_text(level: ServiceLevel) -> str:
    """Return the level's title and part, such as `Rejected, bad_time`."""
    title, part = LEVEL_BY_NAME[level.level].title, part_text(level)
    return f"{title}, {part}" if part else title


def main_levels(levels: Sequence[ServiceLevel]) -> list[ServiceLevel]:
    """Return the levels that nobody should overlook: the whole, where there is one, and misses."""
    whole = {each.level for each in levels if each.part == "{}"}
    return [
        each
        for each in levels
        if each.part == "{}" or each.level not in whole or each.verdict is Verdict.MISSED
    ]


def duration_text(duration_us: int) -> str:
    """Return a duration, such as `4.207 s`, `1 m 12 s` or `-2 d 4 h`: its two greatest units."""
    sign, us = ("-" if duration_us < 0 else ""), abs(duration_us)
    seconds, rest_us = divmod(us, SECOND_US)
    if seconds < _MINUTE_S:
        return f"{sign}{plain_text(Decimal(seconds) + Decimal(rest_us // 1000) / 1000)} s"
    for width_s, unit, lower_s, lower in (
        (_DAY_S, "d", _HOUR_S, "h"),
        (_HOUR_S, "h", _MINUTE_S, "m"),
        (_MINUTE_S, "m", 1, "s"),
    ):
        if seconds >= width_s:
            whole, rest = divmod(seconds, width_s)
            tail = f" {rest // lower_s} {lower}" if rest // lower_s else ""
            return f"{sign}{whole} {unit}{tail}"
    raise AssertionError(duration_us)


def _percent(value: Fraction, comparison: Comparison | None) -> str:
    rounding = ROUND_FLOOR if comparison is Comparison.AT_LEAST else ROUND_CEILING
    exact = _PRECISE.divide(Decimal(value.numerator * 100), Decimal(value.denominator))
    shown = exact.quantize(Decimal(1).scaleb(-_PERCENT_DECIMALS), rounding)
    return f"{plain_text(shown)} %"
