"""Prints service levels for people."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as TextTable

from jobs.service_levels.wording import (
    VERDICT_WORDS,
    main_levels,
    name_text,
    part_of,
    part_text,
    reason_text,
    share_text,
    target_text,
    value_text,
)
from schemas.instant import to_text
from schemas.service_level import MeasuredWindow, ServiceLevel, Verdict
from schemas.service_levels import LEVEL_BY_NAME

_STYLES = {Verdict.MET: "green", Verdict.MISSED: "bold red"}


def print_levels(console: Console, levels: Sequence[ServiceLevel], window: MeasuredWindow) -> None:
    """Print a table of all levels with their targets, and what there is to know of them.

    Args:
        console: Where to.
        levels: Of one measurement.
        window: What it looked at.
    """
    since = "the beginning" if window.start_us is None else to_text(window.start_us)
    title = f"Service levels, from {since} to {to_text(window.end_us)}"
    table = TextTable(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE, padding=(0, 1, 0, 0)
    )
    table.add_column("level", overflow="fold")
    for name in ("value", "target"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("of", justify="right", overflow="fold")
    notes: dict[str, list[str]] = {}
    main = main_levels(levels)
    for each in levels:
        part = part_text(each)
        if each not in main and LEVEL_BY_NAME[each.level].split_by == "partition":
            continue
        name = name_text(each) if each in main else f"  {part}"
        texts = (value_text(each), target_text(each), VERDICT_WORDS[each.verdict], share_text(each))
        style = _STYLES.get(each.verdict, "")
        table.add_row(*map(escape, (name, *texts)), style=style)
        if not part and (note := reason_text(each)):
            notes.setdefault(note, []).append(each.level)
    console.print(table)
    for note, names in notes.items():
        console.print(f"{', '.join(names)}: {note}", markup=False, highlight=False)
    console.print(f"\n{summary(levels)}", markup=False, highlight=False)


def summary(levels: Sequence[ServiceLevel]) -> str:
    """Return how many targets are met, missed and not measured; parts only if missed."""
    whole = main_levels(levels)
    numbers = {
        verdict: sum(each.verdict is verdict for each in whole)
        for verdict in (Verdict.MET, Verdict.MISSED)
    }
    unknown = sum(
        each.verdict is Verdict.NOT_MEASURED and each.target is not None for each in whole
    )
    return (
        f"Targets: {numbers[Verdict.MET]} met, {numbers[Verdict.MISSED]} missed,"
        f" {unknown} not measured."
    )


def level_members(levels: Sequence[ServiceLevel], window: MeasuredWindow) -> dict[str, object]:
    """Return the levels of one measurement for JSON: exact numbers, no floats."""
    return {
        "measured_at": to_text(window.measured_at_us),
        "window_start": None if window.start_us is None else to_text(window.start_us),
        "window_end": to_text(window.end_us),
        "levels": [_members(each) for each in levels],
    }


def _members(level: ServiceLevel) -> dict[str, object]:
    names = ("level", "unit", "numerator", "denominator", "comparison", "target", "verdict")
    return {
        **{name: getattr(level, name) for name in names},
        "part": dict(part_of(level)),
        "value": value_text(level),
        "reason": level.reason,
        "detail": level.detail,
    }
