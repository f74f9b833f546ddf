"""Draws the panels of a dashboard as one picture (SVG), in Grafana's order and places."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from tests.dashboards.panels import Panel, Series
from tests.dashboards.recording import Recording
from tests.dashboards.units import text_of, ticks

_CELL_W, _CELL_H, _ROW_H, _EDGE = 54, 33, 40, 14
_LEFT, _TOP, _RIGHT, _LEGEND_H, _LINE_H = 84, 34, 16, 86, 15
_LISTED = 6
_COLOURS = ("#3274d9", "#e0752d", "#37872d", "#a352cc", "#b5527a", "#8a6d00", "#0a8ca0", "#6b7280")
_FONT = 'font-family="Helvetica, Arial, sans-serif"'
Shown = Sequence[tuple[Panel, Sequence[Series], str]]


def draw(model: Mapping[str, Any], shown: Shown, recording: Recording) -> str:
    """Return the picture.

    Args:
        model: The dashboard, as Grafana reads it.
        shown: Each panel, what it shows, and why that is nothing.
        recording: Of what time it is.
    """
    tops = _tops(model)
    width = 24 * _CELL_W + _EDGE
    height = max(tops.values()) + 60
    parts = [_text(_EDGE, 30, str(model["title"]), 20, "bold")]
    span = f"{_clock(recording.begin_s, '%Y-%m-%d %H:%M')} to {_clock(recording.end_s)} UTC"
    parts.append(_text(width - _EDGE, 30, f"a recording, {span}", 13, anchor="end"))
    for each in model["panels"]:
        if each["type"] == "row":
            parts.append(_text(_EDGE, tops[each["gridPos"]["y"]] + 27, each["title"], 15, "bold"))
    for panel, series, reason in shown:
        place = panel.model["gridPos"]
        x, y = _EDGE + place["x"] * _CELL_W, tops[place["y"]]
        size = (place["w"] * _CELL_W - _EDGE, place["h"] * _CELL_H - _EDGE)
        inner = _panel(panel, series, reason, recording, size)
        parts.append(f'<g transform="translate({x},{y})">{inner}</g>')
    size_of = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    body = "\n".join([f'<rect width="{width}" height="{height}" fill="#f4f5f5"/>', *parts])
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size_of}>\n{body}\n</svg>\n'


def _tops(model: Mapping[str, Any]) -> dict[int, int]:
    """Return where each row of the grid begins; those with titles are lower than others."""
    places = sorted({(each["gridPos"]["y"], each["gridPos"]["h"]) for each in model["panels"]})
    tops, top = {}, 44
    for y, height in places:
        tops[y] = top
        top += _ROW_H if height == 1 else height * _CELL_H
    tops[10**6] = top - 40
    return tops


def _panel(
    panel: Panel,
    series: Sequence[Series],
    reason: str,
    recording: Recording,
    size: tuple[int, int],
) -> str:
    width, height = size
    parts = [f'<rect width="{width}" height="{height}" rx="3" fill="#fff" stroke="#d8d9da"/>']
    parts.append(_text(12, 21, panel.title, 14, "bold"))
    if not series:
        parts.append(_text(width / 2, height / 2, f"no data: {reason}", 13, anchor="middle"))
    elif panel.model["type"] == "stat":
        parts += _stat(panel, series, size)
    else:
        parts += _lines(panel, series, recording, size)
    return "".join(parts)


def _stat(panel: Panel, series: Sequence[Series], size: tuple[int, int]) -> list[str]:
    width, height = size
    parts = []
    most = min(len(series), 2 * _LISTED)
    down = min(len(series), 4)
    columns = -(-most // down)
    for place, each in enumerate(series[:most]):
        value = each.points[-1][1]
        limit = limit_of(panel)
        is_bad = limit is not None and ((value >= limit[0]) == limit[1])
        x = width * (place // down + 0.5) / columns
        step = (height - 40) / down
        y = 40 + step * (place % down + 0.5)
        big = 40 if down == 1 else 22
        colour = "#c4162a" if is_bad else "#37872d" if limit else "#1f2937"
        parts.append(
            _text(x, y, text_of(panel.unit, value), big, "bold", anchor="middle", colour=colour)
        )
        parts.append(_text(x, y + 17, each.legend, 12, anchor="middle"))
    if len(series) > most:
        parts.append(_text(width - 12, 21, f"and {len(series) - most} more", 12, anchor="end"))
    return parts


def _lines(
    panel: Panel, series: Sequence[Series], recording: Recording, size: tuple[int, int]
) -> list[str]:
    width, height = size
    bottom = height - _LEGEND_H
    values = [value for each in series for _, value in each.points]
    limit = limit_of(panel)
    # A limit far from all that there was would make a line of it at the bottom.
    if limit and min(values) / 2 <= limit[0] <= 2 * max(values):
        values.append(limit[0])
    least, most = min(values), max(values)
    # From zero on where that is not far; what is not known yet is -1.
    if -most / 20 <= least < most / 2:
        least = 0.0
    marks = ticks(panel.unit, least, most if most > least else least + max(abs(least), 1.0))

    def across(time: float) -> float:
        span = recording.end_s - recording.begin_s
        return _LEFT + (time - recording.begin_s) / span * (width - _LEFT - _RIGHT)

    def down(value: float) -> float:
        return bottom - (max(value, marks[0]) - marks[0]) / (marks[-1] - marks[0]) * (bottom - _TOP)

    parts = []
    for mark in marks:
        y = down(mark)
        parts.append(_line(_LEFT, y, width - _RIGHT, y, "#e5e7eb"))
        parts.append(_text(_LEFT - 8, y + 4, text_of(panel.unit, mark), 11, anchor="end"))
    for minute in range(-(-recording.begin_s // 120) * 120, recording.end_s, 120):
        parts.append(_line(across(minute), bottom, across(minute), bottom + 4, "#9ca3af"))
        parts.append(_text(across(minute), bottom + 16, _clock(minute), 11, anchor="middle"))
    if limit is not None and marks[0] <= limit[0] <= marks[-1]:
        y = down(limit[0])
        parts.append(_line(_LEFT, y, width - _RIGHT, y, "#c4162a", 'stroke-dasharray="6 4"'))
    for place, each in enumerate(series):
        points = " ".join(f"{across(time):.1f},{down(value):.1f}" for time, value in each.points)
        colour = _COLOURS[place % len(_COLOURS)]
        style = 'fill="none" stroke-width="1.6" stroke-linejoin="round"'
        parts.append(f'<polyline points="{points}" stroke="{colour}" {style}/>')
    return parts + _legend(panel, series, limit, bottom + 27, width)


def _legend(
    panel: Panel,
    series: Sequence[Series],
    limit: tuple[float, bool] | None,
    top: float,
    width: int,
) -> list[str]:
    # What is greatest at the end comes first.
    order = sorted(range(len(series)), key=lambda each: -series[each].points[-1][1])
    entries = [
        (
            _COLOURS[place % len(_COLOURS)],
            f"{series[place].legend}: {text_of(panel.unit, series[place].points[-1][1])}",
        )
        for place in order[:_LISTED]
    ]
    if len(series) > _LISTED:
        entries[-1] = ("#ffffff", f"and {len(series) - _LISTED + 1} more")
    if limit is not None:
        word = "at least" if limit[1] is False else "limit"
        entries.append(("#c4162a", f"{word} {text_of(panel.unit, limit[0])}"))
    across = 2
    column = (width - 24) / across
    parts = []
    for place, (colour, told) in enumerate(entries):
        x, y = 12 + place % across * column, top + place // across * _LINE_H
        parts.append(f'<rect x="{x:.0f}" y="{y:.0f}" width="12" height="4" fill="{colour}"/>')
        parts.append(_text(x + 18, y + 6, _short(told, 44), 11))
    return parts


def limit_of(panel: Panel) -> tuple[float, bool] | None:
    """Return from which value on a panel is red, or (False) below which one; None: never."""
    steps = panel.model["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", ())
    if not steps:
        return None
    return float(steps[1]["value"]), steps[1]["color"] == "red"


def _short(told: str, most: int) -> str:
    return told if len(told) <= most else f"{told[: most // 2]}…{told[-(most // 2 - 1) :]}"


def _clock(time_s: int, form: str = "%H:%M") -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime(form)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, more: str = "") -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" {more}/>'


def _text(
    x: float,
    y: float,
    told: str,
    size: int,
    weight: str = "normal",
    *,
    anchor: str = "start",
    colour: str = "#1f2937",
) -> str:
    style = f'font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" fill="{colour}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {_FONT} {style}>{escape(told)}</text>'
