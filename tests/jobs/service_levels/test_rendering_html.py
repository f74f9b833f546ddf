"""The page: well formed, self-contained, with words for each plot, and nothing smuggled in."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from jobs.service_levels.collecting import Measurement
from jobs.service_levels.plotting import Bar, bar_plot
from jobs.service_levels.reading_usage import ClosedDay
from jobs.service_levels.rendering_html import render_page
from schemas.instant import DAY_US, HOUR_US
from schemas.service_facts import MeterCount, ServiceFacts, SettledFacts
from schemas.service_level import MeasuredWindow, ServiceLevel
from tests.udfs.serving import NOTHING, NOW_US, WINDOW, facts
from udfs.measuring_service import measure_service

_VOID = {"meta", "br"}
HOSTILE = "<script>alert('&\"')</script>"
BINS = (3, 1, *[0] * 10, 2)


class _Page(HTMLParser):
    """Checks that elements are closed in their order, and keeps them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute twice: {attrs}"
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"{tag} was not open"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of all elements of a name."""
        return [attributes for name, attributes in self.elements if name == tag]


def _measurement(
    given: ServiceFacts, window: MeasuredWindow = WINDOW, days: int = 3
) -> Measurement:
    closed = [ClosedDay(n * DAY_US, n + 1, n * HOUR_US or None) for n in range(days)]
    return Measurement(window, True, measure_service(given, window), BINS, closed, ())


def _history(values: list[int]) -> list[ServiceLevel]:
    """Return runs, an hour apart, with so many repeats of 10,000; the last is that of now."""
    return [
        level
        for n, duplicates in enumerate(values)
        for level in measure_service(
            facts("received", counted=10_000 - duplicates, duplicates=duplicates),
            replace(WINDOW, measured_at_us=NOW_US - (len(values) - 1 - n) * HOUR_US),
        )
    ]


def test_it_is_well_formed_and_self_contained() -> None:
    """No script, no address, each table with headers, each plot with words."""
    text = render_page(_measurement(NOTHING), [])
    page = _Page(text)
    assert page.elements[0] == ("html", {"lang": "en"})
    assert not {"script", "link", "img", "iframe", "object"} & {name for name, _ in page.elements}
    assert "http" not in text
    assert "url(" not in text
    assert all(each["scope"] in ("col", "row", "rowgroup") for each in page.of("th"))
    assert len(page.of("table")) == len(page.of("caption")) == 4
    assert all(each["role"] == "img" and each["aria-label"] for each in page.of("svg"))
    assert "prefers-color-scheme: dark" in text


def test_hostile_names_are_text() -> None:
    """A meter's name and a reason from a table stand on the page as they are, and do nothing."""
    settled = SettledFacts(NOW_US, 10, 0, 0, (MeterCount(HOSTILE, 9, 8),))
    given = facts("received", counted=9, settled=settled, rejected={HOSTILE: 1})
    page = _Page(render_page(_measurement(given), []))
    assert page.of("script") == []
    assert sum(HOSTILE in each for each in page.texts) == 2
    marked = _Page(f"<svg>{bar_plot(HOSTILE, [Bar(HOSTILE, HOSTILE, 1)])}</svg>")
    assert marked.of("script") == []
    assert HOSTILE in str(marked.of("svg")[1]["aria-label"])


def test_misses_stand_first_and_red_in_history() -> None:
    """One of three runs had 2 repeats of 10,000, the newest has 1: not less than 0.01 %."""
    history = _history([0, 2, 0, 1])
    measurement = _measurement(facts("received", counted=9_999, duplicates=1))
    text = render_page(measurement, history)
    page = _Page(text)
    assert "Duplicates: 0.01 % (target < 0.01 %)" in page.texts
    (label,) = (
        str(each["aria-label"])
        for each in page.of("svg")
        if str(each["aria-label"]).startswith("Duplicates")
    )
    assert label == "Duplicates: 4 measurements, from 0 % to 0.01 %"
    assert text.count('<circle class="missed"') == 2
    assert text.index("Missed") < text.index("<table>")


def test_history_ends_with_the_run_that_is_shown() -> None:
    """What others measured later is not before it."""
    later = _history([5])
    earlier = replace(WINDOW, measured_at_us=NOW_US - HOUR_US)
    text = render_page(_measurement(NOTHING, earlier), later)
    assert '<svg class="spark"' not in text


def test_the_same_gives_the_same() -> None:
    """Text for text; nothing of it depends on the clock."""
    measurement, history = _measurement(NOTHING), _history([1, 2])
    assert render_page(measurement, history) == render_page(measurement, history)


def test_many_days_become_months() -> None:
    """40 days are shown as days, each third with its label, 41 as months."""
    days = _Page(render_page(_measurement(NOTHING, days=40), [])).texts
    assert {"01-01", "01-04", "1970-02-09"} <= set(days)
    months = _Page(render_page(_measurement(NOTHING, days=41), [])).texts
    assert {"1970-01", "1970-02"} <= set(months)
    assert not {"01-01", "1970-01-01"} & set(months)


def test_without_plots_there_is_a_page() -> None:
    """Nothing received, nothing closed."""
    measurement = replace(_measurement(NOTHING), delay_bins=(0,) * 13, closed_days=())
    page = _Page(render_page(measurement, []))
    assert page.of("svg") == []


def test_the_checker_is_strict() -> None:
    """Planted mistakes are found."""
    for text in ("<p><b></p></b>", "<p>", "</p>", '<p id="a" id="b"></p>'):
        with pytest.raises(AssertionError):
            _Page(text)
