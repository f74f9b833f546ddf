"""Plots as inline SVG: bars and sparklines. Coordinates are whole numbers, colours the page's."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from html import escape

_WIDTH, _HEIGHT = 720, 220
_TOP, _BOTTOM, _LEFT, _RIGHT = 26, 34, 8, 8
_SPARK_WIDTH, _SPARK_HEIGHT, _SPARK_EDGE = 120, 28, 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a plot.

    Attributes:
        label: Under it; may be empty, where there is no room for each.
        name: What it is, in full.
        count: Its height.
        is_marked: Whether it stands out.
    """

    label: str
    name: str
    count: int
    is_marked: bool = False


def bar_plot(title: str, bars: Sequence[Bar]) -> str:
    """Return a plot of at least one bar; the numbers stand on the bars where there is room."""
    most = max(1, *(each.count for each in bars))
    step = (_WIDTH - _LEFT - _RIGHT) // len(bars)
    width = max(1, step * 4 // 5)
    base = _HEIGHT - _BOTTOM
    shapes = []
    for n, each in enumerate(bars):
        left = _LEFT + n * step + (step - width) // 2
        height = (base - _TOP) * each.count // most
        if each.count:
            height = max(height, 1)
        middle = left + width // 2
        kind = "bar marked" if each.is_marked else "bar"
        shapes.append(
            f'<rect class="{kind}" x="{left}" y="{base - height}" width="{width}"'
            f' height="{height}"><title>{escape(each.name)}: {each.count:,}</title></rect>'
        )
        if each.label:
            shapes.append(_text(middle, base + 18, each.label))
        if each.count and step >= 7 * len(f"{each.count:,}"):
            shapes.append(_text(middle, base - height - 6, f"{each.count:,}", "number"))
    axis = f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{base}" y2="{base}"/>'
    return (
        f'<svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
        f' aria-label="{escape(title)}">{axis}{"".join(shapes)}</svg>\n'
    )


def sparkline(title: str, values: Sequence[Fraction], missed: Sequence[bool]) -> str:
    """Return a small line of values, the oldest at the left; a dot for the last, one for each miss.

    Args:
        title: What it shows, for those who cannot see it.
        values: At least one.
        missed: Of each value whether it missed its target.
    """
    least, most = min(values), max(values)
    span = most - least
    inner_width = _SPARK_WIDTH - 2 * _SPARK_EDGE
    inner_height = _SPARK_HEIGHT - 2 * _SPARK_EDGE
    last = len(values) - 1
    points = [
        (
            _SPARK_EDGE + (inner_width * n // last if last else inner_width),
            _SPARK_EDGE
            + (
                inner_height - int(inner_height * (value - least) / span)
                if span
                else inner_height // 2
            ),
        )
        for n, value in enumerate(values)
    ]
    line = " ".join(f"{x},{y}" for x, y in points)
    dots = "".join(
        f'<circle class="{"missed" if is_missed else "last"}" cx="{x}" cy="{y}" r="3"/>'
        for n, ((x, y), is_missed) in enumerate(zip(points, missed, strict=True))
        if is_missed or n == last
    )
    return (
        f'<svg class="spark" viewBox="0 0 {_SPARK_WIDTH} {_SPARK_HEIGHT}" role="img"'
        f' aria-label="{escape(title)}"><title>{escape(title)}</title>'
        f'<polyline points="{line}"/>{dots}</svg>'
    )


def _text(x: int, y: int, text: str, kind: str = "label") -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{escape(text)}</text>'
