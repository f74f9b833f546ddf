"""Writes numbers with Grafana's units as a person reads them."""

from collections.abc import Callable, Sequence

_BYTES = ("B", "kB", "MB", "GB", "TB")
_SECONDS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (0.001, "ms"))


def text_of(unit: str, value: float) -> str:
    """Return a value in a unit.

    Args:
        unit: Grafana's name of it: none, cps, s, ms, percentunit, bytes.
        value: In that unit.
    """
    return _FORMS[unit](value)


def _plain(value: float) -> str:
    if value == round(value):
        return f"{value:,.0f}"
    return f"{value:,.{2 if abs(value) >= 0.1 else 4}f}"


def _seconds(value: float) -> str:
    for size, name in _SECONDS:
        if abs(value) >= size:
            return f"{value / size:.3g} {name}"
    return "0 s"


def _bytes(value: float) -> str:
    for name in _BYTES:
        if abs(value) < 1000:
            return f"{value:.3g} {name}"
        value /= 1000
    return f"{value:.3g} PB"


_FORMS: dict[str, Callable[[float], str]] = {
    "none": _plain,
    "cps": lambda value: f"{value:.3g} /s",
    "s": _seconds,
    "ms": lambda value: _seconds(value / 1000),
    "percentunit": lambda value: f"{value * 100:.4g} %",
    "bytes": _bytes,
}
UNITS: Sequence[str] = tuple(_FORMS)


def ticks(unit: str, least: float, most: float) -> list[float]:
    """Return some four round numbers that reach over a range: of minutes where it is long."""
    minute = {"s": 60.0, "ms": 60_000.0}.get(unit, most)
    if most > 1.3 * minute:
        return [each * minute for each in ticks("none", least / minute, most / minute)]
    span = most - least
    power = 10.0 ** _exponent(span / 4)
    step = next(each * power for each in (1, 2, 2.5, 5, 10) if each * power * 4 >= span)
    first = int(least // step)
    found = [round(first * step, 12)]
    while found[-1] < most:
        found.append(round((first + len(found)) * step, 12))
    return found


def _exponent(value: float) -> int:
    return int(f"{value:e}".partition("e")[2])
