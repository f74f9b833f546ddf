"""Each panel shows something, asked of a real Prometheus with a recorded scrape in it."""

import gzip
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest

from tests.dashboards.draw_panels import EMPTY, PICTURES, recorded_server
from tests.dashboards.drawing import draw, limit_of
from tests.dashboards.panels import Panel, Series, ask, dashboards, panels_of
from tests.dashboards.prometheus import Prometheus
from tests.dashboards.recording import RECORDED, Recording, lines_of
from tests.dashboards.units import UNITS, text_of, ticks

pytestmark = pytest.mark.integration
MODELS = dashboards()
ALL = [(uid, panel) for uid, model in MODELS.items() for panel in panels_of(model)]
Asked = tuple[Prometheus, Recording]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A server with the recording."""
    with recorded_server(tmp_path_factory.mktemp("prometheus")) as found:
        yield found


@pytest.mark.parametrize(("uid", "panel"), ALL, ids=[f"{uid}-{panel.title}" for uid, panel in ALL])
def test_the_panel_shows_something(asked: Asked, uid: str, panel: Panel) -> None:
    """Its queries are answered, with data unless it is known to have none; the unit is known."""
    series = ask(*asked, panel)
    assert bool(series) == (panel.title not in EMPTY), uid
    legends = [each.legend for each in series]
    assert len(set(legends)) == len(legends)
    assert all(legends)
    assert panel.unit in UNITS


def test_what_is_known_to_be_empty_is_there() -> None:
    """The list names panels that there are, each with its reason."""
    assert set(EMPTY) <= {panel.title for _, panel in ALL}
    assert all(EMPTY.values())


def test_pictures_are_of_these_panels() -> None:
    """After a change of a panel: `make dashboards`."""
    assert {path.stem for path in PICTURES.glob("*.svg")} == set(MODELS)
    for uid, model in MODELS.items():
        drawn = ET.fromstring((PICTURES / f"{uid}.svg").read_text())  # noqa: S314 - our own file
        said = {each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text")}
        assert {each["title"] for each in model["panels"]} | {model["title"]} <= said


def test_the_recording_is_small_and_names_no_machine() -> None:
    """It is part of the repository."""
    assert RECORDED.stat().st_size < 300_000
    assert "/home/" not in gzip.decompress(RECORDED.read_bytes()).decode()


def test_limits_are_drawn() -> None:
    """A value on the wrong side of a panel's limit is red, and the limit stands in the legend."""
    by_title = {panel.title: panel for _, panel in ALL}
    assert limit_of(by_title["Behind"]) == (300, True)
    assert limit_of(by_title["Complete"]) == (0.999, False)
    recording = Recording(RECORDED, 0, 600)
    for title, bad, good in (("Repeated commits", 1.0, 0.0), ("TaskManagers", 0.0, 1.0)):
        (uid,) = [uid for uid, panel in ALL if panel.title == title]
        for value, colour in ((bad, "#c4162a"), (good, "#37872d")):
            series = [Series("x", ((0.0, value),))]
            drawn = draw(MODELS[uid], [(by_title[title], series, "")], recording)
            assert f'fill="{colour}"' in drawn
    shown = [(by_title["Complete"], [Series("complete", ((0.0, 1.0), (60.0, 0.998)))], "")]
    assert "at least 99.9 %" in draw(MODELS["meterclose-on-call"], shown, recording)


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("none", 1234.0, "1,234"),
        ("none", 0.25, "0.25"),
        ("s", 90.0, "1.5 min"),
        ("ms", 90.0, "90 ms"),
        ("percentunit", 0.9995, "99.95 %"),
        ("bytes", 1_500_000.0, "1.5 MB"),
        ("cps", 50.0, "50 /s"),
        ("s", 0.0, "0 s"),
    ],
)
def test_numbers_are_readable(unit: str, value: float, text: str) -> None:
    """With their unit, and no more digits than one reads."""
    assert text_of(unit, value) == text


@pytest.mark.parametrize(("least", "most"), [(0, 1), (0, 0.0003), (-3, 100), (5e8, 9e8)])
def test_ticks_reach_over_all(least: float, most: float) -> None:
    """Every value lies between the first and the last of a few."""
    found = ticks("none", least, most)
    assert found[0] <= least
    assert found[-1] >= most
    assert 3 <= len(found) <= 7


def test_ticks_of_long_times_are_whole_minutes() -> None:
    """Nobody reads 1.67 minutes."""
    assert ticks("s", 0, 290) == [0, 120, 240, 360]
    assert ticks("ms", 0, 100) == [0, 25, 50, 75, 100]


def test_the_recorder_keeps_what_prometheus_reads() -> None:
    """One metric after the other, labels quoted, what only the recorder knows left out."""
    series = [
        {"metric": {"__name__": "b", "instance": "i", "k": 'a"\\'}, "values": [[15.5, "1"]]},
        {"metric": {"__name__": "a", "job": "j"}, "values": [[15, "2"], [30, "3"]]},
    ]
    assert list(lines_of(series)) == [
        "a{} 2 15",
        "a{} 3 30",
        r'b{k="a\"\\"} 1 15.5',
        "# EOF",
    ]
