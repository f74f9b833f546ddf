"""Service levels as one HTML page without scripts or parts elsewhere: to read, mail and keep.

All text that comes from the tables is escaped: names of accounts and meters are strangers' words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby, pairwise

from jobs.service_levels.collecting import Measurement
from jobs.service_levels.page_style import STYLE
from jobs.service_levels.plotting import Bar, bar_plot, sparkline
from jobs.service_levels.reading_received import DELAY_BOUNDS_US
from jobs.service_levels.reading_usage import ClosedDay
from jobs.service_levels.wording import (
    VERDICT_WORDS,
    duration_text,
    main_levels,
    name_text,
    reason_text,
    share_text,
    target_text,
    value_text,
)
from schemas.instant import EPOCH, MICROSECOND, MINUTE_US, to_text
from schemas.service_level import MeasuredWindow, ServiceLevel, Verdict
from schemas.service_levels import LEVEL_BY_NAME, LEVELS

_SHOWN_RUNS = 30
_SHOWN_BARS = 40
_LABELLED_BARS = 14
_SIGNS = {
    Verdict.MET: "✓ ",
    Verdict.MISSED: "✕ ",
    Verdict.NOT_MEASURED: "? ",
    Verdict.NO_TARGET: "",
}


def render_page(measurement: Measurement, history: Sequence[ServiceLevel]) -> str:
    """Return the page of one measurement; the same one and history give the same text.

    Args:
        measurement: What is shown.
        history: All measurements until now, the oldest first, for sparklines.
    """
    levels = measurement.levels
    until_now = [each for each in history if each.measured_at_us <= levels[0].measured_at_us]
    body = "".join(
        (
            _head(levels, measurement.window),
            _main_table(levels, _by_level(until_now)),
            _delays(measurement.delay_bins),
            _closes(measurement),
            _parts(levels),
            _definitions(),
        )
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Service levels</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )


def _head(levels: Sequence[ServiceLevel], window: MeasuredWindow) -> str:
    since = "the beginning" if window.start_us is None else to_text(window.start_us)
    judged = [each for each in main_levels(levels) if each.target is not None]
    missed = [each for each in judged if each.verdict is Verdict.MISSED]
    tiles = "".join(
        f'<li class="{kind}"><strong>{number}</strong>{what}</li>\n'
        for kind, number, what in (
            ("met", sum(each.verdict is Verdict.MET for each in judged), "targets met"),
            ("missed" if missed else "none", len(missed), "targets missed"),
            (
                "none",
                sum(each.verdict is Verdict.NOT_MEASURED for each in judged),
                "targets not measured",
            ),
        )
    )
    return (
        "<h1>Service levels</h1>\n"
        f'<p class="soft">What was received, closed and charged from {escape(since)} to'
        f" {escape(to_text(window.end_us))}. Measured at"
        f" {escape(to_text(window.measured_at_us))}.</p>\n"
        f'<ul class="tiles">\n{tiles}</ul>\n{_missed(missed)}'
    )


def _missed(levels: Sequence[ServiceLevel]) -> str:
    if not levels:
        return ""
    lines = "".join(
        f"<li>{escape(name_text(each))}: {escape(value_text(each))}"
        f" (target {escape(_target(each))})</li>\n"
        for each in levels
    )
    return f'<section class="missing">\n<h2>Missed</h2>\n<ul>\n{lines}</ul>\n</section>\n'


def _target(level: ServiceLevel) -> str:
    return target_text(level).replace("<=", "≤").replace(">=", "≥")


def _main_table(levels: Sequence[ServiceLevel], history: dict[str, list[ServiceLevel]]) -> str:
    whole = main_levels(levels)
    bodies = []
    for area, of_area in groupby(whole, key=lambda each: LEVEL_BY_NAME[each.level].area):
        rows = "".join(_row(each, history) for each in of_area)
        bodies.append(
            f'<tbody class="area"><tr><th colspan="6" scope="rowgroup">{escape(area)}</th></tr>\n'
            f"{rows}</tbody>\n"
        )
    return (
        '<div class="wide">\n<table>\n<caption>Levels and their targets. The line at the right'
        f" shows up to {_SHOWN_RUNS} measurements, the newest last; red dots missed the"
        " target.</caption>\n<thead><tr>"
        '<th scope="col">Level</th><th scope="col" class="n">Value</th>'
        '<th scope="col" class="n">Target</th><th scope="col">Verdict</th>'
        '<th scope="col" class="n">Of</th><th scope="col">History</th></tr></thead>\n'
        f"{''.join(bodies)}</table>\n</div>\n"
    )


def _row(level: ServiceLevel, history: dict[str, list[ServiceLevel]]) -> str:
    name, note = name_text(level), reason_text(level)
    noted = f"<small>{escape(note)}</small>" if note else ""
    cells = "".join(
        f'<td class="n">{escape(text)}</td>' for text in (value_text(level), _target(level))
    )
    before = history.get(_key(level), [])[-_SHOWN_RUNS:]
    return (
        f'<tr><th scope="row">{escape(name)}{noted}</th>{cells}<td>{_verdict(level)}</td>'
        f'<td class="n">{escape(share_text(level))}</td><td>{_spark(name, before)}</td></tr>\n'
    )


def _verdict(level: ServiceLevel) -> str:
    word = f"{_SIGNS[level.verdict]}{VERDICT_WORDS[level.verdict]}"
    return f'<span class="verdict {level.verdict}">{escape(word)}</span>'


def _spark(name: str, levels: Sequence[ServiceLevel]) -> str:
    values = [value for each in levels if (value := each.value) is not None]
    measured = [each for each in levels if each.value is not None]
    if not values:
        return ""
    title = (
        f"{name}: {len(values)} measurements, from {value_text(measured[0])}"
        f" to {value_text(measured[-1])}"
    )
    return sparkline(title, values, [each.verdict is Verdict.MISSED for each in measured])


def _by_level(history: Iterable[ServiceLevel]) -> dict[str, list[ServiceLevel]]:
    by_level: dict[str, list[ServiceLevel]] = {}
    for each in history:
        by_level.setdefault(_key(each), []).append(each)
    return by_level


def _key(level: ServiceLevel) -> str:
    return f"{level.level} {level.part}"


def _delays(bins: Sequence[int]) -> str:
    if not any(bins):
        return ""
    texts = [duration_text(each) for each in DELAY_BOUNDS_US]
    names = [f"less than {texts[0]}"]
    names += [f"{lower} to {upper}" for lower, upper in pairwise(texts)]
    names.append(f"{texts[-1]} or more")
    labels = [*(f"< {text}" for text in texts), f">= {texts[-1]}"]
    lates = [False, *(bound >= MINUTE_US for bound in DELAY_BOUNDS_US)]
    plotted = zip(labels, names, bins, lates, strict=True)
    bars = [Bar(label, name, count, is_late) for label, name, count, is_late in plotted]
    rows = [(name, f"{count:,}") for name, count in zip(names, bins, strict=True)]
    title = "Ingestion delay of the events that counted"
    return (
        f"<h2>{title}</h2>\n"
        '<p class="soft">From event time to log time; a minute or more in red.</p>\n'
        f"{bar_plot(title, bars)}{_numbers(title, ('delay', 'events'), rows)}"
    )


def _closes(measurement: Measurement) -> str:
    days = measurement.closed_days
    if not days:
        return ""
    width = len("2026-11-01") if len(days) <= _SHOWN_BARS else len("2026-11")
    grouped = _grouped(days, width)[-_SHOWN_BARS:]
    each_nth = -(-len(grouped) // _LABELLED_BARS)
    bars = [
        Bar("" if n % each_nth else _short(name), f"periods that ended in {name}", rows)
        for n, (name, rows, _) in enumerate(grouped)
    ]
    cells = [
        (name, f"{rows:,}", "-" if longest is None else duration_text(longest))
        for name, rows, longest in grouped
    ]
    until = "commit" if measurement.is_live else "cut"
    title = "Closed rows by the end of their periods"
    heads = ("periods that ended in", "rows", f"longest to the {until}")
    return f"<h2>{title}</h2>\n{bar_plot(title, bars)}{_numbers(title, heads, cells)}"


def _short(name: str) -> str:
    """Return month and day of a day, but all of a month."""
    return name[5:] if len(name) == len("2026-11-01") else name


def _grouped(days: Sequence[ClosedDay], width: int) -> list[tuple[str, int, int | None]]:
    """Return days, or months, by their first letters: rows, and the longest time to close."""
    found = []
    for name, of_name in groupby(days, key=lambda each: _day(each)[:width]):
        members = list(of_name)
        known = [each.longest_us for each in members if each.longest_us is not None]
        found.append((name, sum(each.rows for each in members), max(known, default=None)))
    return found


def _day(day: ClosedDay) -> str:
    return (EPOCH + day.day_us * MICROSECOND).date().isoformat()


def _numbers(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    table = _table(caption, heads, rows)
    return f"<details><summary>The same in numbers</summary>\n{table}</details>\n"


def _table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    kinds = ["", *[' class="n"'] * (len(heads) - 1)]
    head = "".join(
        f'<th scope="col"{kind}>{escape(text)}</th>'
        for kind, text in zip(kinds, heads, strict=True)
    )
    lines = "".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f'<td class="n">{escape(text)}</td>' for text in others)
        + "</tr>\n"
        for first, *others in rows
    )
    return (
        f'<div class="wide">\n<table>\n<caption>{escape(caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{lines}</tbody>\n</table>\n</div>\n"
    )


def _parts(levels: Sequence[ServiceLevel]) -> str:
    rows = [
        (
            name_text(each),
            value_text(each),
            _target(each),
            VERDICT_WORDS[each.verdict],
            share_text(each),
        )
        for each in levels
        if each.part != "{}"
    ]
    heads = ("part", "value", "target", "verdict", "of")
    return f"<h2>In parts</h2>\n{_table('Levels by what they are split by', heads, rows)}"


def _definitions() -> str:
    texts = "".join(
        f"<dt>{escape(each.title)} <code>{escape(each.name)}</code></dt>"
        f"<dd>{escape(each.doc)}</dd>\n"
        for each in LEVELS
    )
    return f"<h2>How each level is measured</h2>\n<dl>\n{texts}</dl>\n"
