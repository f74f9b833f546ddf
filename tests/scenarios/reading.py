"""Reads a scenario: a text file that tells what is received when, and every row that follows.

    A title
    =======
    What it shows, in a sentence or two.

    meters:                                # as in the meters file; what is left out is usual here
      - {meter: calls, aggregation: sum, unit: call}
    accounts:                              # as in the accounts file, the same
      - {account_id: A, cadence: month, anchor: "2026-01-01"}

    TIMELINE
    2026-01-10 09:00  EVENT  e1  A  3
    ...
    EXPECT closed_usage
    account_id  period                    quantity
    A           2026-01-01 to 2026-02-01  3

Each line of the timeline begins with the log time at which it is received. Lines stand in the order
in which the job reads them. All times are UTC. Columns of tables stand two spaces apart. A table
that is not named has no rows.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from schemas.instant import to_us

_TIME = r"\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?"
_STEP = re.compile(rf"({_TIME})\s+(?:p(\d+)\s+)?([A-Z]+)(?:\s+(.*))?")
_GAP = re.compile(r"  +")
_COMMENT = re.compile(r"(?:^|  +)#.*$")
_METER = {"event_type": "used"}
_TERMS = {"effective_from": "2026-01-01T00:00:00Z", "timezone": "UTC", "plan": "standard"}
MUST_SHOW = {
    "closed_usage": {"account_id", "period", "quantity", "event_count"},
    "usage_corrections": {"account_id", "period", "revision", "quantity_delta", "quantity"},
    "expired_usage": {"account_id", "period", "quantity"},
    "unassigned_usage": {"account_id", "reason", "quantity"},
    "rejected_events": {"log_time", "reason"},
    "rejected_accounts": {"account_id", "reason"},
    "dimension_overflows": {"account_id", "period", "max_dimensions"},
}
"""The tables, with the columns that a scenario must write out."""


class ScenarioError(Exception):
    """A scenario cannot be read, or a line of it does not hold; the message says where."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the timeline: at a log time, perhaps in a partition, a verb and its words."""

    line: int
    at_us: int
    partition: int | None
    verb: str
    words: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class ExpectedTable:
    """The rows of one table, each a cell for each column."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One file.

    Attributes:
        title: Its first line.
        meters: As in the meters file.
        accounts: The terms of each account, by its name.
        partitions: How many there are at the start.
        steps: The timeline.
        tables: The rows, by table.
    """

    title: str
    meters: tuple[dict[str, Any], ...]
    accounts: Mapping[str, list[dict[str, Any]]]
    partitions: int
    steps: tuple[Step, ...]
    tables: tuple[ExpectedTable, ...]


def read_scenario(path: Path) -> Scenario:
    """Read a file.

    Raises:
        ScenarioError: It is no scenario.
    """
    text = path.read_text()
    head, _, rest = text.partition("\nTIMELINE\n")
    title, rule, *others = head.splitlines()
    told, _, settings = "\n".join(others).partition("\n\n")
    if not told.strip() or set(rule) != {"="} or not rest:
        raise ScenarioError(f"{path.name}: expected a title, a sentence and a TIMELINE")
    if len(set(named := re.findall(r"^EXPECT (\w+)", rest, re.MULTILINE))) < len(named):
        raise ScenarioError(f"{path.name}: expected each table once, found {', '.join(named)}")
    found = yaml.safe_load(settings)
    lines = list(enumerate(rest.splitlines(), start=head.count("\n") + 3))
    first_table = next((at for at, (_, line) in enumerate(lines) if line[:7] == "EXPECT "), None)
    return Scenario(
        title,
        tuple({**_METER, **meter} for meter in found["meters"]),
        {each["account_id"]: terms_of(each) for each in found.get("accounts", ())},
        found.get("partitions", 1),
        tuple(_steps(lines[:first_table])),
        tuple(_tables(lines[first_table:])) if first_table is not None else (),
    )


def terms_of(account: dict[str, Any]) -> list[dict[str, Any]]:
    """Return an account's terms: listed, or its own members."""
    own = {name: value for name, value in account.items() if name not in ("account_id", "terms")}
    listed = account.get("terms", [own])
    return [{"version": n, **_TERMS, **each} for n, each in enumerate(listed, start=1)]


def read_time(text: str, line: int) -> int:
    """Read a time of UTC as microseconds.

    Raises:
        ScenarioError: It is none.
    """
    try:
        if not re.fullmatch(_TIME, text):
            raise ValueError
        return to_us(datetime.fromisoformat(text).replace(tzinfo=UTC))
    except ValueError:
        expected = "expected a time such as 2026-01-31 23:59"
        raise ScenarioError(f"line {line}: {expected}, found {text}") from None


def _steps(lines: list[tuple[int, str]]) -> Iterator[Step]:
    for number, line in lines:
        told = _COMMENT.sub("", line).strip()
        if not told:
            continue
        match = _STEP.fullmatch(told)
        if match is None:
            raise ScenarioError(f"line {number}: expected a time and a VERB, found {told}")
        time, partition, verb, text = match.groups()
        at = None if partition is None else int(partition)
        words = tuple((text or "").split())
        yield Step(number, read_time(time, number), at, verb, words, text or "")


def _tables(lines: list[tuple[int, str]]) -> Iterator[ExpectedTable]:
    name, began = "", 0
    columns: tuple[str, ...] = ()
    rows: list[tuple[str, ...]] = []
    for number, line in [*lines, (0, "EXPECT ")]:
        told = _COMMENT.sub("", line).strip()
        if line.startswith("EXPECT "):
            if name:
                yield ExpectedTable(name, columns, tuple(rows))
            name, columns, rows, began = told.removeprefix("EXPECT").strip(), (), [], number
            if name and name not in MUST_SHOW:
                raise ScenarioError(f"line {number}: expected a table, found {name}")
        elif told and not columns:
            columns = tuple(_GAP.split(told))
            if missing := MUST_SHOW[name] - set(columns):
                raise ScenarioError(f"line {began}: {name} must show {', '.join(sorted(missing))}")
        elif told:
            cells = tuple(_GAP.split(told))
            if len(cells) != len(columns):
                found = f"expected {len(columns)} cells, found {len(cells)}"
                raise ScenarioError(f"line {number}: {found}")
            rows.append(cells)
