"""Numbers of invoices: a series has no gap, and no number stands twice."""

from __future__ import annotations

import re
from collections.abc import Iterable

from schemas.invoice_terms import Series


class BrokenSeriesError(Exception):
    """Numbers of a series have a gap, stand twice or are of another form; one line."""


def next_numbers(
    series: Series, issued: Iterable[str], year: int, how_many: int
) -> tuple[str, ...]:
    """Return the numbers that follow those issued until now.

    Args:
        series: The series.
        issued: All its numbers until now, of every year, those of void invoices too.
        year: Of issue, in the seller's zone.
        how_many: How many numbers.

    Raises:
        BrokenSeriesError: They are not 1, 2, 3, ... of each year, each once.
    """
    counts: dict[str, list[int]] = {}
    for text in issued:
        prefix, count = _read(series, text)
        counts.setdefault(prefix, []).append(count)
    for prefix in sorted(counts):
        for expected, found in enumerate(sorted(counts[prefix]), start=1):
            if found != expected:
                there = _write(series, prefix, expected)
                raise BrokenSeriesError(
                    f"series {series.series_id}: expected {there} once, found"
                    f" {_write(series, prefix, found)} in its place"
                )
    prefix = f"{series.series_id}-{year:04d}" if series.by_year else series.series_id
    last = len(counts.get(prefix, ()))
    return tuple(_write(series, prefix, last + n) for n in range(1, how_many + 1))


def _write(series: Series, prefix: str, count: int) -> str:
    return f"{prefix}-{count:0{series.digits}d}"


def _read(series: Series, text: str) -> tuple[str, int]:
    year = r"-[0-9]{4}" if series.by_year else ""
    match = re.fullmatch(rf"({re.escape(series.series_id)}{year})-([0-9]+)", text)
    if match is None or _write(series, match[1], int(match[2])) != text:
        expected = _write(series, f"{series.series_id}-2013" if year else series.series_id, 1)
        raise BrokenSeriesError(
            f"series {series.series_id}: expected a number like {expected}, found {text!r}"
        )
    return match[1], int(match[2])
