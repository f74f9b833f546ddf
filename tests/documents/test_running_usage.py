"""The query of running usage that the documents show: it runs, whatever has been rolled up."""

from contextlib import closing
from pathlib import Path

from pyiceberg.catalog import Catalog

from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from iceberg.reading import open_rows
from iceberg.tables import METERING_WINDOWS
from tests.documents.reading import blocks
from tests.iceberg.filling import LocalCatalog, append
from tests.iceberg.windows import at, detail, roll_up

# Units and parts of three events in the first hour of a day, and of one in the next.
UNITS, PARTS = (4, 9, 2, 7), ("1:5", "1:7", "0:3", "0:4")

# By aggregation: what each of the hours comes to, and their day.
EXPECTED = {
    "average": (15, 7, 22),
    "count": (15, 7, 22),
    "histogram": (3, 1, 4),
    "latest": (2, 7, 7),
    "max": (9, 7, 9),
    "min": (2, 7, 2),
    "unique_count": (3, 1, 4),
}


def _ask(catalog: Catalog) -> dict[str, list[tuple[object, ...]]]:
    """Return what the query says of each meter of account A in the first 31 days."""
    (query,) = blocks("docs/how-it-works.md", "sql")
    asked = {"account_id": "A", "period_start": at(), "period_end": at(31)}
    with closing(open_rows(catalog, "billing")) as rows:
        return {
            name: rows.execute(query.text, asked | {"meter_id": name}).fetchall()
            for name in EXPECTED
        }


def _rows(aggregation: str) -> list[dict[str, object]]:
    more = {"aggregation": aggregation, "meter_id": aggregation}
    return [
        *(
            detail(at(minutes=minute), at(minutes=70), units, part=part, **more)
            for minute, units, part in zip((1, 2, 3, 61), UNITS, PARTS, strict=True)
        ),
        # Another period and another account.
        detail(at(31), at(31, minutes=1), 99, part="9:9", **more),
        detail(at(), at(minutes=70), 99, part="9:9", account_id="B", **more),
    ]


def test_running_usage_by_hours(tmp_path: Path) -> None:
    """The same of detail and of hours, then by the day, for every aggregation that SQL forms."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    make_tables(catalog, "billing")
    append(catalog, METERING_WINDOWS, [row for name in EXPECTED for row in _rows(name)])
    hours = {
        name: [("{}", at(), 3600, first, 3), ("{}", at(hours=1), 3600, second, 1)]
        for name, (first, second, _) in EXPECTED.items()
    }
    assert _ask(catalog) == hours
    roll_up(catalog, at(3))
    assert _ask(catalog) == hours
    roll_up(catalog, at(6))
    days = {name: [("{}", at(), 86_400, day, 4)] for name, (_, _, day) in EXPECTED.items()}
    # The latest event needs each by itself, and stays.
    assert _ask(catalog) == {**days, "latest": hours["latest"]}


def test_running_usage_without_what_was_taken_back(tmp_path: Path) -> None:
    """The second event, the greatest, is left out of the first hour, rolled up or not."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    make_tables(catalog, "billing")
    left = {"average": 6, "count": 6, "max": 4, "min": 2, "latest": 2, "unique_count": 2}
    for name in left:
        # Of meters that give events back, values are parts.
        parts = [str(units) for units in UNITS] if name in ("max", "min") else PARTS
        more = {"aggregation": name, "meter_id": name}
        events = [
            detail(at(minutes=minute), at(minutes=70), units, part=part, **more)
            for minute, units, part in zip((1, 2, 3, 61), UNITS, parts, strict=True)
        ]
        back = {"event_count": -1, "is_retraction": True, "part": parts[1]}
        events.append(detail(at(minutes=2), at(minutes=75), -UNITS[1], **(more | back)))
        append(catalog, METERING_WINDOWS, events)
    for _ in range(2):
        found = {name: rows[0] for name, rows in _ask(catalog).items() if name in left}
        assert found == {name: ("{}", at(), 3600, units, 2) for name, units in left.items()}
        roll_up(catalog, at(3))
